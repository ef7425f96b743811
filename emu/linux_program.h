#pragma once
#include <cstdint>
#include <string>
#include <vector>

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
  AddressRange frames;    ///< of physical memory, for pages that cannot lie at their own address (LinuxFrames)
  AddressRange kernel;    ///< the kernel's books (linux_books.h)
  Address headers;        ///< the program headers; 0: not loaded
  std::uint64_t header_count = 0;
  std::string name;  ///< the last part of the image's name: argv[0], and what /proc/self/exe leads to
};

/// The first task's stack, as a region's name.
inline constexpr const char* kMainStackName = "main";

/// What execve is given.
struct ProgramStart {
  std::string file_name;
  std::vector<std::string> arguments;  ///< argv[0] first
  std::vector<std::string> environment;
};

/// What execve leaves at the top of the first stack.
struct FirstStack {
  bool fits = false;
  Address pointer;                  ///< rsp
  std::vector<std::uint8_t> bytes;  ///< from there to the stack's end
};
FirstStack make_first_stack(const LinuxProgram& program, const ProgramStart& start);

/// Adds the program's regions to an empty memory. The heap and the room for mappings are regions none of whose pages
/// can be touched yet. Fails with a message for people where the image is not for this profile or does not fit.
Result<LinuxProgram> load_program(Memory& memory, const Image& image, const MachineOptions& options);

}  // namespace fiberscope::emu
