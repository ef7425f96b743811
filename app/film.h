#pragma once
#include <optional>
#include <variant>
#include <vector>

#include "core/snapshot.h"

namespace fiberscope::app {

struct RegisterPlace {
  emu::Register reg = emu::Register::rax;
  friend bool operator==(const RegisterPlace&, const RegisterPlace&) = default;
};
struct CellPlace {
  core::ThreadId thread;
  emu::Address address;
  friend bool operator==(const CellPlace&, const CellPlace&) = default;
};
/// The saved rsp in a thread's control block.
struct BlockPlace {
  core::ThreadId thread;
  friend bool operator==(const BlockPlace&, const BlockPlace&) = default;
};
using Place = std::variant<RegisterPlace, CellPlace, BlockPlace>;

/// A value on its way.
struct Flight {
  Place from;
  Place to;
  std::uint64_t value = 0;
};

/// Where a tag (rsp or rbp) stood before the step and stands after it; nothing where that is on no thread's stack.
struct TagMove {
  std::optional<CellPlace> from;
  std::optional<CellPlace> to;

  [[nodiscard]] bool moves() const { return from != to; }
};

/// One step as a little film, seen at one phase. A pure function of (before, now, phase), so that pausing, scrubbing
/// and pictures are exact.
struct Film {
  double phase = 1;     ///< 0: as before the step, 1: as after it
  double progress = 1;  ///< the phase, eased
  std::vector<Flight> flights;
  TagMove rsp;
  TagMove rbp;
  std::vector<core::ThreadId> lit;           ///< on the other processors, where there are several
  std::optional<core::ThreadId> light_from;  ///< the thread on the CPU before, where the step is a switch
  std::optional<core::ThreadId> light_to;

  [[nodiscard]] bool running() const { return phase < 1; }
  /// How brightly the thread's column is lit, 0 … 1: the columns swap light during a switch.
  [[nodiscard]] double light(core::ThreadId thread, std::optional<core::ThreadId> on_cpu) const;
  /// True while a value is still on its way to the place.
  [[nodiscard]] bool awaits(const Place& place) const;
};

/// `before` is the snapshot one step earlier; without it nothing moves.
Film make_film(const core::Snapshot* before, const core::Snapshot& now, double phase);

/// What the register shows during the film: its old value until the new one has arrived.
std::uint64_t shown_value(const Film& film, const core::Snapshot* before, const core::Snapshot& now, emu::Register reg);
/// Likewise the cell.
std::uint64_t shown_value(const Film& film, const core::Snapshot* before, const core::Cell& cell,
                          core::ThreadId thread);

}  // namespace fiberscope::app
