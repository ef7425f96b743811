#pragma once
#include <elfutils/libdw.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "emu/registers.h"

namespace fiberscope::emu {

/// What a DWARF expression says of a variable, a frame base or a caller's register, for the shapes that compilers use
/// and that need no running process: [dereferenced] base + offset.
struct Location {
  enum class Base : std::uint8_t { constant, cfa, frame_base, register_value };
  Base base = Base::constant;
  Register reg = Register::rax;  ///< of register_value and is_register
  std::int64_t offset = 0;
  bool dereferenced = false;  ///< the address is memory[base + offset]
  bool is_value = false;      ///< the thing itself, not the address where it lies (DW_OP_stack_value)
  bool is_register = false;   ///< it lies in `reg`; nothing else counts then
};

/// Evaluates an expression symbolically; nothing for any other shape.
std::optional<Location> location_of(const Dwarf_Op* operations, std::size_t count);

/// a + b and a - b as the guest computes addresses: they wrap around.
std::int64_t wrapped_sum(std::int64_t a, std::int64_t b);
std::int64_t wrapped_difference(std::int64_t a, std::int64_t b);

}  // namespace fiberscope::emu
