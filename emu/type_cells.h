#pragma once
#include <elfutils/libdw.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emu/scalar_kind.h"

namespace fiberscope::emu {

inline constexpr std::size_t kMostCells = 256;          ///< of a local variable
inline constexpr std::size_t kMostGlobalCells = 65536;  ///< of a global one

/// A scalar inside a variable of some type.
struct TypeCell {
  std::string suffix;  ///< to be put after the variable's name: "", "[2]", ".next", "[1].key"
  std::uint64_t offset = 0;
  std::uint32_t size = 0;  ///< 1 … 8 bytes
  ScalarKind kind = ScalarKind::signed_number;
};

/// The type of a variable without its typedefs and qualifiers; nothing where it has none.
std::optional<Dwarf_Die> type_of(Dwarf_Die& variable);

/// A variable of this type as scalars, in the order of declaration, at most `most` of them: arrays by element,
/// structures and base classes by member, a union's members one over the other, a scalar of 16 bytes as ".low" and
/// ".high". Bit-fields and what has no fixed size are left out.
std::vector<TypeCell> cells_of(Dwarf_Die type, std::size_t most = kMostCells);

/// How a scalar of that type is read; signed where its type is none that is known (DWARF 5, 5.1 and 7.8).
ScalarKind kind_of(Dwarf_Die type);

/// The size of the type in bytes, 0 where it is not known.
std::uint64_t size_of(Dwarf_Die type);

}  // namespace fiberscope::emu
