#pragma once
#include <cstdint>

namespace fiberscope::emu {

/// How the bytes of a scalar are to be read.
enum class ScalarKind : std::uint8_t {
  signed_number,
  unsigned_number,  ///< bool, too
  pointer,          ///< an address: unsigned
  floating          ///< float, double, long double, decimal and complex ones
};

}  // namespace fiberscope::emu
