#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "emu/result.h"

namespace fiberscope::core {

// How a schedule is written, everywhere: "T1x2 T2x4 D1" is two turns of thread 1, four of thread 2, then thread 1's
// oldest buffered store goes to memory. What a turn is depends on who reads it: a body step, or an answer to the
// scheduler port (docs/machine.md, docs/interleavings.md).

struct ScheduleTurns {
  std::uint64_t thread = 0;
  std::uint64_t count = 1;
  bool drains = false;  ///< D: a store buffer's turn

  friend bool operator==(const ScheduleTurns&, const ScheduleTurns&) = default;
};

/// Adds a turn: to the last item where that is of the same thread. Drains stand one by one.
void add_turn(std::vector<ScheduleTurns>& schedule, std::uint64_t thread, bool drains = false);
std::string to_text(const std::vector<ScheduleTurns>& schedule);
/// One entry an item, as it stands there; blanks separate items. No more than ten million turns in all. Fails with a
/// message that begins with the item in quotes.
emu::Result<std::vector<ScheduleTurns>> parse_turns(std::string_view text);

}  // namespace fiberscope::core
