#include "core/explore/schedule.h"

#include <fmt/format.h>

#include "core/schedule_notation.h"

namespace fiberscope::core::explore {

std::string schedule_text(std::span<const std::uint8_t> actions, std::size_t threads, std::string_view none) {
  if (actions.empty()) return std::string(none);
  std::vector<ScheduleTurns> schedule;
  for (const std::size_t action : actions) add_turn(schedule, action % threads + 1, action >= threads);
  return to_text(schedule);
}

emu::Result<std::vector<std::uint8_t>> parse_schedule(std::string_view text, std::size_t threads) {
  const auto schedule = parse_turns(text);
  if (!schedule) return schedule.error();
  std::vector<std::uint8_t> actions;
  for (std::size_t i = 0; i < schedule->size(); ++i) {
    const ScheduleTurns& turns = (*schedule)[i];
    if (turns.thread < 1 || turns.thread > threads)
      return emu::Error{
          fmt::format("schedule, item {}: '{}': there are threads 1 to {}", i + 1, to_text({turns}), threads)};
    const std::size_t action = turns.thread - 1 + (turns.drains ? threads : 0);
    actions.insert(actions.end(), turns.count, static_cast<std::uint8_t>(action));
  }
  return actions;
}

}  // namespace fiberscope::core::explore
