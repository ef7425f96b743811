#pragma once
#include "emu/image.h"
#include "emu/machine.h"
#include "emu/memory.h"
#include "emu/result.h"

namespace fiberscope::emu {

/// A static program as execve leaves it: mapped, with its first stack filled.
struct LinuxProgram {
  Address entry;
  Address stack_pointer;  ///< argc, arguments, environment, auxiliary vector (System V ABI for x86-64, 3.4.1)
  AddressRange stack;     ///< of the first task
  AddressRange heap;      ///< where brk may go, from the end of .bss
  AddressRange mappings;  ///< where mmap finds room
  std::string name;       ///< the last part of the image's name: argv[0], and what /proc/self/exe leads to
};

/// The first task's stack, as a region's name.
inline constexpr const char* kMainStackName = "main";

/// Adds the program's regions to an empty memory. The heap and the room for mappings are regions none of whose pages
/// can be touched yet. Fails with a message for people where the image is not for this profile or does not fit.
Result<LinuxProgram> load_program(Memory& memory, const Image& image, const MachineOptions& options);

}  // namespace fiberscope::emu
