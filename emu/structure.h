#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "emu/address.h"

namespace fiberscope::emu {

/// One value inside a structure, with the name that leads to it: "rbx", "uc_stack.ss_sp", "slots[2]". Elements of an
/// array that the headers number by an enumeration have the enumerator's name ("REG_RSP" of glibc's sys/ucontext.h).
struct StructureMember {
  std::string name;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  ///< bytes; more than 8: an array or a large structure, which stays one member
  bool is_text = false;    ///< an array of char
};

/// A structure type as debug information lays it out.
struct Structure {
  std::string name;        ///< "tcb"
  std::uint64_t size = 0;  ///< bytes
  std::uint64_t alignment =
      1;  ///< what the type promises: that of its strictest member, or more where it is declared so
  std::vector<StructureMember> members;  ///< in the order of declaration; bit-fields are left out
};

/// An object of some structure type that lies at one place for the whole run, or a word there that may point at one.
struct ObjectPlace {
  std::string name;  ///< "threads[1].context"; an array of one element has no index
  Address address;
  std::uint64_t alignment = 1;  ///< promised by type, member or variable
  /// The type of the object, or of what the word points at; nullptr where the word is a number.
  const Structure* structure = nullptr;
  bool is_pointer = false;  ///< the place holds 8 bytes: the address of the object
};

}  // namespace fiberscope::emu
