#pragma once
#include <memory>
#include <stdexcept>
#include <string>

#include "core/memory_sink.h"
#include "core/recorder.h"
#include "core/trace.h"
#include "tests/emu/machine_guest.h"

namespace fiberscope::core {

/// A trace in memory of one of the programs of a machine guest.
inline std::unique_ptr<Trace> record_at(const emu::Image& image, const std::string& label,
                                        std::uint64_t max_steps = 1'000'000) {
  const auto machine = emu::boot_at(image, label);
  auto trace = Trace::create(make_header(*machine, image, {}));
  if (!trace) throw std::runtime_error(trace.error().message);
  MemorySink sink(**trace);
  const auto ring = std::make_unique<StepRing>();
  Recorder recorder(*machine, image, *ring, sink);
  recorder.run(max_steps);
  return std::move(trace).value();
}

}  // namespace fiberscope::core
