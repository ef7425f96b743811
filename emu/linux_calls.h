#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "emu/linux_memory.h"

namespace fiberscope::emu {

class LinuxKernel;

/// A system call under way.
struct LinuxCall {
  enum class Effect : std::uint8_t {
    answered,  ///< rax is set
    waits,     ///< LinuxKernel::wait was called
    gone       ///< the task is not there any more, or its registers are all new
  };

  std::uint64_t number = 0;
  std::array<std::uint64_t, 6> arguments{};
  std::string text;  ///< "write(1, 0x4c92f0, 14)"
  std::string note;  ///< what people should know of the answer
  Effect effect = Effect::answered;

  [[nodiscard]] std::uint64_t operator[](std::size_t index) const { return arguments[index]; }
  [[nodiscard]] Address address(std::size_t index) const { return Address{arguments[index]}; }
  [[nodiscard]] int integer(std::size_t index) const { return static_cast<int>(arguments[index]); }
};

/// One that is answered.
struct LinuxCallEntry {
  std::uint64_t number = 0;
  /// A letter for each argument: d int, u number, x flags, p address, s text, a directory, g signal, f futex operation,
  /// w timer, c flags of clone, o octal.
  const char* arguments = "";
  /// What the kernel gives back, a negative errno for a failure.
  std::int64_t (*answer)(LinuxKernel& kernel, LinuxCall& call) = nullptr;
  bool is_address = false;  ///< the answer is
};

/// Each in the file of the same name.
std::span<const LinuxCallEntry> linux_clone_calls();
std::span<const LinuxCallEntry> linux_descriptor_calls();
std::span<const LinuxCallEntry> linux_file_calls();
std::span<const LinuxCallEntry> linux_memory_calls();
std::span<const LinuxCallEntry> linux_process_calls();
std::span<const LinuxCallEntry> linux_signal_calls();
std::span<const LinuxCallEntry> linux_task_calls();
std::span<const LinuxCallEntry> linux_time_calls();

/// Null for one that is not emulated.
const LinuxCallEntry* find_call(std::uint64_t number);
/// The call with its arguments, as strace writes it; of an unknown one the first three.
std::string call_text(const LinuxCallEntry* entry, const LinuxCall& call, const LinuxMemory& memory);
/// "CLONE_VFORK | CLONE_VM | SIGCHLD"
std::string clone_flags_text(std::uint64_t flags);
/// "0", "-ENOENT", "0x4c92f0".
std::string answer_text(std::int64_t answer, bool is_address);
/// "write"; "system call 999" for a number that x86-64 does not have.
std::string call_name(std::uint64_t number);

}  // namespace fiberscope::emu
