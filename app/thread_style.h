#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "core/thread.h"

namespace fiberscope::app {

inline constexpr std::size_t kThreadColours = 8;

enum class BadgeShape : std::uint8_t { circle, square, hexagon, diamond, pentagon, octagon, tab, ticket };

/// How one thread is marked wherever it appears: a letter, a shape and a colour, so that none of the three is needed
/// alone.
struct ThreadStyle {
  char letter = '?';
  BadgeShape shape = BadgeShape::circle;
  std::uint8_t colour = 0;  ///< index in Theme::threads

  friend bool operator==(const ThreadStyle&, const ThreadStyle&) = default;
};

/// The marks of all threads of a trace. Main is M in a hexagon of the third colour, the others are A, B, C … in the
/// order of their ids; after eight threads shapes and colours start again, letters go on.
class ThreadStyles {
 public:
  ThreadStyles() = default;
  explicit ThreadStyles(const std::vector<core::Thread>& threads);

  /// The style of a thread; one with the letter '?' for a thread that the trace does not name.
  [[nodiscard]] ThreadStyle of(core::ThreadId thread) const;
  /// The place of the thread in the order of display (main last), or nothing.
  [[nodiscard]] std::optional<std::size_t> position(core::ThreadId thread) const;
  /// All threads in the order of display: A, B, C …, then main.
  [[nodiscard]] const std::vector<core::ThreadId>& order() const { return order_; }

 private:
  std::vector<core::ThreadId> order_;
  std::vector<ThreadStyle> styles_;
};

}  // namespace fiberscope::app
