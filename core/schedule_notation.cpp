#include "core/schedule_notation.h"

#include <fmt/format.h>

#include "core/whole_number.h"

namespace fiberscope::core {
namespace {

constexpr std::uint64_t kMostTurns = 10'000'000;
constexpr std::string_view kBlanks = " \t\n";

bool read_item(std::string_view item, ScheduleTurns& turns) {
  turns.drains = item.front() == 'D';
  if (turns.drains) return read_whole_number(item.substr(1), turns.thread);
  const std::size_t times = item.find('x');
  return item.front() == 'T' && times != std::string_view::npos &&
         read_whole_number(item.substr(1, times - 1), turns.thread) &&
         read_whole_number(item.substr(times + 1), turns.count) && turns.count > 0;
}

}  // namespace

void add_turn(std::vector<ScheduleTurns>& schedule, std::uint64_t thread, bool drains) {
  const bool same = !schedule.empty() && !drains && !schedule.back().drains && schedule.back().thread == thread;
  if (same) {
    ++schedule.back().count;
  } else {
    schedule.push_back({thread, 1, drains});
  }
}

std::string to_text(const std::vector<ScheduleTurns>& schedule) {
  std::string text;
  for (const ScheduleTurns& turns : schedule) {
    if (!text.empty()) text += ' ';
    text += turns.drains ? fmt::format("D{}", turns.thread) : fmt::format("T{}x{}", turns.thread, turns.count);
  }
  return text;
}

emu::Result<std::vector<ScheduleTurns>> parse_turns(std::string_view text) {
  std::vector<ScheduleTurns> schedule;
  std::uint64_t most = kMostTurns;
  for (std::size_t at = text.find_first_not_of(kBlanks); at != std::string_view::npos;
       at = text.find_first_not_of(kBlanks, at)) {
    const std::string_view item = text.substr(at, text.find_first_of(kBlanks, at) - at);
    at += item.size();
    ScheduleTurns turns;
    if (!read_item(item, turns) || turns.count > most)
      return emu::Error{fmt::format(
          "'{}' is no item of a schedule; expected items like T1x2 (thread 1, two turns), separated by blanks, and no "
          "more than {} turns",
          item, kMostTurns)};
    most -= turns.count;
    schedule.push_back(turns);
    if (at >= text.size()) break;
  }
  return schedule;
}

}  // namespace fiberscope::core
