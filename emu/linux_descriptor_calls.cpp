// Descriptors, and the filesystem context: the current directory and the umask.
#include <fcntl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "emu/linux_calls.h"
#include "emu/linux_kernel.h"

namespace fiberscope::emu {
namespace {

/// All that there are; nothing lies in them.
constexpr const char* kDirectories[] = {"/", "/dev", "/etc", "/home", "/proc", "/tmp", "/usr", "/var"};

LinuxFiles& files_of(LinuxKernel& kernel) {
  return *kernel.current().files;
}

std::int64_t make_pipe(LinuxKernel& kernel, LinuxCall& call, int flags) {
  if ((flags & ~(O_CLOEXEC | O_NONBLOCK)) != 0) return -EINVAL;
  const auto pipe = std::make_shared<LinuxPipe>();
  const bool blocks = (flags & O_NONBLOCK) == 0;
  LinuxFiles& files = files_of(kernel);
  std::array<std::int32_t, 2> ends{};
  constexpr LinuxOpenFile::Kind kKinds[] = {LinuxOpenFile::Kind::pipe_read, LinuxOpenFile::Kind::pipe_write};
  for (std::size_t i = 0; i < ends.size(); ++i) {
    auto file = std::make_shared<LinuxOpenFile>(kKinds[i], kernel.next_open_file(), pipe, blocks);
    const auto descriptor = files.add({std::move(file), (flags & O_CLOEXEC) != 0});
    if (!descriptor) {
      if (i == 1) files.close(ends[0]);
      return -EMFILE;
    }
    ends[i] = *descriptor;
  }
  if (kernel.memory().write_value(call.address(0), ends)) {
    call.note = "reads from " + std::to_string(ends[0]) + ", writes to " + std::to_string(ends[1]);
    return 0;
  }
  for (const std::int32_t descriptor : ends) files.close(descriptor);
  return -EFAULT;
}

std::int64_t do_pipe(LinuxKernel& kernel, LinuxCall& call) {
  return make_pipe(kernel, call, 0);
}
std::int64_t do_pipe2(LinuxKernel& kernel, LinuxCall& call) {
  return make_pipe(kernel, call, call.integer(1));
}

std::int64_t do_dup(LinuxKernel& kernel, LinuxCall& call) {
  const LinuxFiles::Descriptor* from = files_of(kernel).at(call.integer(0));
  if (from == nullptr) return -EBADF;
  return files_of(kernel).add({from->file, false}).value_or(-EMFILE);
}
std::int64_t copy_to(LinuxKernel& kernel, LinuxCall& call, bool closes_on_exec) {
  const LinuxFiles::Descriptor* from = files_of(kernel).at(call.integer(0));
  if (from == nullptr || call.integer(1) < 0 || call.integer(1) >= LinuxFiles::kMost) return -EBADF;
  files_of(kernel).put(call.integer(1), {from->file, closes_on_exec});
  return call.integer(1);
}
std::int64_t do_dup2(LinuxKernel& kernel, LinuxCall& call) {
  if (call.integer(0) == call.integer(1))
    return files_of(kernel).file(call.integer(0)) != nullptr ? call.integer(0) : -EBADF;
  return copy_to(kernel, call, false);
}
std::int64_t do_dup3(LinuxKernel& kernel, LinuxCall& call) {
  if ((call.integer(2) & ~O_CLOEXEC) != 0 || call.integer(0) == call.integer(1)) return -EINVAL;
  return copy_to(kernel, call, call.integer(2) != 0);
}

std::int64_t do_close(LinuxKernel& kernel, LinuxCall& call) {
  return files_of(kernel).close(call.integer(0)) ? 0 : -EBADF;
}
std::int64_t do_lseek(LinuxKernel& kernel, LinuxCall& call) {
  return files_of(kernel).file(call.integer(0)) != nullptr ? -ESPIPE : -EBADF;
}

std::int64_t do_fcntl(LinuxKernel& kernel, LinuxCall& call) {
  LinuxFiles::Descriptor* descriptor = files_of(kernel).at(call.integer(0));
  if (descriptor == nullptr) return -EBADF;
  LinuxOpenFile& file = *descriptor->file;
  switch (call.integer(1)) {
    case F_GETFL:
      return (file.is_readable() ? O_RDONLY : O_WRONLY) | (file.blocks() ? 0 : O_NONBLOCK);
    case F_SETFL:
      file.set_blocks((call.integer(2) & O_NONBLOCK) == 0);
      return 0;
    case F_GETFD:
      return descriptor->closes_on_exec ? FD_CLOEXEC : 0;
    case F_SETFD:
      descriptor->closes_on_exec = (call.integer(2) & FD_CLOEXEC) != 0;
      return 0;
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      if (call.integer(2) < 0 || call.integer(2) >= LinuxFiles::kMost) return -EINVAL;
      return files_of(kernel)
          .add({descriptor->file, call.integer(1) == F_DUPFD_CLOEXEC}, call.integer(2))
          .value_or(-EMFILE);
    default:
      return -EINVAL;
  }
}

std::int64_t do_chdir(LinuxKernel& kernel, LinuxCall& call) {
  const auto path = kernel.memory().read_text(call.address(0), 4096);
  if (!path) return -EFAULT;
  const auto found = std::find(std::begin(kDirectories), std::end(kDirectories), *path);
  if (found == std::end(kDirectories)) {
    call.note = "the machine has a few empty directories only";
    return -ENOENT;
  }
  kernel.current().filesystem->directory = *found;
  return 0;
}

std::int64_t do_getcwd(LinuxKernel& kernel, LinuxCall& call) {
  const std::string& path = kernel.current().filesystem->directory;
  const std::size_t size = path.size() + 1;
  if (call[1] < size) return -ERANGE;
  const bool written =
      kernel.memory().write(call.address(0), {reinterpret_cast<const std::uint8_t*>(path.c_str()), size});
  return written ? static_cast<std::int64_t>(size) : -EFAULT;
}

std::int64_t do_umask(LinuxKernel& kernel, LinuxCall& call) {
  return std::exchange(kernel.current().filesystem->umask, static_cast<std::uint32_t>(call[0]) & 0777);
}

constexpr LinuxCallEntry kCalls[] = {
    {SYS_pipe, "p", do_pipe},      {SYS_pipe2, "px", do_pipe2},  {SYS_dup, "d", do_dup},
    {SYS_dup2, "dd", do_dup2},     {SYS_dup3, "ddx", do_dup3},   {SYS_close, "d", do_close},
    {SYS_lseek, "ddd", do_lseek},  {SYS_fcntl, "ddx", do_fcntl}, {SYS_chdir, "s", do_chdir},
    {SYS_getcwd, "pu", do_getcwd}, {SYS_umask, "o", do_umask}};

}  // namespace

std::span<const LinuxCallEntry> linux_descriptor_calls() {
  return kCalls;
}

}  // namespace fiberscope::emu
