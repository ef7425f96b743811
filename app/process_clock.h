#pragma once

namespace fiberscope::app {

/// Seconds since this process was started, exec and dynamic linking included; as fine as the kernel's clock tick (10
/// ms). Negative where /proc does not say.
double process_age();
/// Seconds of processor time of all threads of this process.
double processor_seconds();

}  // namespace fiberscope::app
