#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "emu/result.h"

namespace fiberscope::core::explore {

/// "T1x2 T2x4 D1": actions 0 … threads-1 are body steps, threads … 2*threads-1 drains. `none` stands for no action.
std::string schedule_text(std::span<const std::uint8_t> actions, std::size_t threads, std::string_view none = "");
/// The other way round. Fails with the item that is wrong.
emu::Result<std::vector<std::uint8_t>> parse_schedule(std::string_view text, std::size_t threads);

}  // namespace fiberscope::core::explore
