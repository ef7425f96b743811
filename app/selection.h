#pragma once
#include <optional>

#include "core/thread.h"
#include "emu/address.h"
#include "emu/registers.h"

namespace fiberscope::app {

/// What is under the mouse, so that the other panels can point at the same thing.
struct Hover {
  std::optional<emu::Address> address;
  std::optional<emu::Register> reg;

  friend bool operator==(const Hover&, const Hover&) = default;
};

/// What all panels agree on. The cursor itself is the Playhead's (player.h).
struct Selection {
  std::optional<core::ThreadId> thread;         ///< its stack is kept in view
  std::optional<core::ThreadId> control_block;  ///< whose control block is shown
  std::optional<emu::Address> code;             ///< code shown instead of the code at rip
  std::optional<emu::Address> address;          ///< the cell that was clicked last
  std::optional<emu::Register> reg;             ///< the register that was clicked last
  Hover hover;
};

}  // namespace fiberscope::app
