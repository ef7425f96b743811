#include "app/thread_style.h"

#include <algorithm>

namespace fiberscope::app {
namespace {

constexpr std::uint8_t kMainColour = 2;

char next_letter(char letter) {
  letter = letter == 'Z' ? 'a' : static_cast<char>(letter + 1);
  return letter == 'M' ? 'N' : letter;
}

}  // namespace

ThreadStyles::ThreadStyles(const std::vector<core::Thread>& threads) {
  std::vector<core::Thread> sorted = threads;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const core::Thread& a, const core::Thread& b) { return a.id < b.id; });
  const auto is_main = [](const core::Thread& thread) { return thread.kind == core::ThreadKind::main; };
  const auto main = std::find_if(sorted.begin(), sorted.end(), is_main);

  char letter = 'A';
  std::uint8_t colour = 0;
  for (auto it = sorted.begin(); it != sorted.end(); ++it) {
    if (it == main) continue;
    if (main != sorted.end() && colour == kMainColour) ++colour;
    order_.push_back(it->id);
    styles_.push_back({letter, static_cast<BadgeShape>(colour), colour});
    letter = next_letter(letter);
    colour = static_cast<std::uint8_t>((colour + 1) % kThreadColours);
  }
  if (main != sorted.end()) {
    order_.push_back(main->id);
    styles_.push_back({'M', BadgeShape::hexagon, kMainColour});
  }
}

std::optional<std::size_t> ThreadStyles::position(core::ThreadId thread) const {
  const auto it = std::find(order_.begin(), order_.end(), thread);
  if (it == order_.end()) return std::nullopt;
  return static_cast<std::size_t>(it - order_.begin());
}

ThreadStyle ThreadStyles::of(core::ThreadId thread) const {
  const auto index = position(thread);
  return index ? styles_[*index] : ThreadStyle{'?', BadgeShape::circle, kThreadColours - 1};
}

}  // namespace fiberscope::app
