#pragma once
#include <sys/wait.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "emu/image.h"
#include "emu/machine.h"

namespace fiberscope::emu {

/// One of the programs made from tests/guests/linux.
inline Image linux_guest(const std::string& name) {
  auto image = Image::load(FIBERSCOPE_LINUX_GUESTS "/" + name);
  if (!image) throw std::runtime_error(image.error().message);
  return std::move(image).value();
}

inline std::unique_ptr<Machine> boot_linux(const Image& image, const std::vector<std::string>& arguments = {},
                                           std::uint64_t quantum = 10'000) {
  MachineOptions options;
  options.profile = MachineProfile::linux_user;
  options.arguments = arguments;
  options.quantum = quantum;
  auto machine = Machine::boot(image, options);
  if (!machine) throw std::runtime_error(machine.error().message);
  return std::move(machine).value();
}

/// What the same file does as a process of the host.
struct NativeProgram {
  int code = -1;  ///< 128 + n where signal n ended it, as a shell says it
  std::string output;
};
inline NativeProgram run_program(const std::string& name, const std::string& argument = {}) {
  const std::string path = FIBERSCOPE_LINUX_GUESTS "/" + name;
  const std::string command = "timeout 20 '" + path + "' " + argument + " 2>&1 < /dev/null";
  NativeProgram result;
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return result;
  char piece[4096];
  for (std::size_t size = 0; (size = std::fread(piece, 1, sizeof piece, pipe)) > 0;) result.output.append(piece, size);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) result.code = WEXITSTATUS(status);
  return result;
}

}  // namespace fiberscope::emu
