#include "core/explore/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace fiberscope::core::explore {
namespace {
constexpr std::uint64_t kLongestSchedule = 10'000'000;  // body steps
}

std::string schedule_text(std::span<const std::uint8_t> actions, std::size_t threads, std::string_view none) {
  if (actions.empty()) return std::string(none);
  std::string text;
  for (std::size_t i = 0; i < actions.size();) {
    if (!text.empty()) text += ' ';
    if (actions[i] >= threads) {
      text += fmt::format("D{}", actions[i] - threads + 1);
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < actions.size() && actions[end] == actions[i]) ++end;
    text += fmt::format("T{}x{}", actions[i] + 1, end - i);
    i = end;
  }
  return text;
}

emu::Result<std::vector<std::uint8_t>> parse_schedule(std::string_view text, std::size_t threads) {
  std::vector<std::uint8_t> actions;
  std::size_t at = 0;
  for (int item = 1;; ++item) {
    at = text.find_first_not_of(" \t\n", at);
    if (at == std::string_view::npos) return actions;
    const std::size_t end = std::min(text.find_first_of(" \t\n", at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end;
    const char kind = word.front();
    std::uint64_t thread = 0;
    std::uint64_t count = 1;
    const char* stop = word.data() + word.size();
    auto read = std::from_chars(word.data() + 1, stop, thread);
    bool good = (kind == 'T' || kind == 'D') && read.ec == std::errc{};
    if (good && read.ptr != stop) {
      good = *read.ptr == 'x';
      if (good) read = std::from_chars(read.ptr + 1, stop, count);
      good = good && read.ec == std::errc{} && read.ptr == stop && count > 0;
    }
    if (!good)
      return emu::Error{fmt::format(
          "schedule, item {}: '{}' is none; write T1x2 (two steps of thread 1) or D1 (a drain)", item, word)};
    if (thread < 1 || thread > threads)
      return emu::Error{fmt::format("schedule, item {}: '{}': there are threads 1 to {}", item, word, threads)};
    if (actions.size() + count > kLongestSchedule)
      return emu::Error{fmt::format("schedule, item {}: more than {} steps", item, kLongestSchedule)};
    actions.insert(actions.end(), count, static_cast<std::uint8_t>(thread - 1 + (kind == 'D' ? threads : 0)));
  }
}

}  // namespace fiberscope::core::explore
