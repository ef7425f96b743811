#pragma once
#include <string>

#include "core/explore/explore_request.h"
#include "emu/result.h"

namespace fiberscope::core::explore {

/// Writes a scenario that runs the request's program under a schedule into a folder: the image and a scenario file
/// (core/scenario.h), whose path is returned. Many processors are number 0 for main and one of its own number for each
/// thread, with store buffers under tso (emu/store_buffer.h). Fails for a schedule that is none. `expected` is what the
/// run will print, or empty.
emu::Result<std::string> write_replay(const ExploreRequest& request, const PreparedExploration& prepared,
                                      const std::string& schedule, const std::string& expected,
                                      const std::string& folder);

}  // namespace fiberscope::core::explore
