// Files: there are the three standard ones and pipes.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "emu/linux_calls.h"
#include "emu/linux_kernel.h"

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kMostVectors = 1024;                  // IOV_MAX
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 20;  // of one call; the program asks again for the rest
constexpr const char* kNoFiles = "the machine has no file system";

LinuxOpenFile* file_of(LinuxKernel& kernel, int descriptor) {
  return kernel.current().files->file(descriptor);
}

/// The call is made again when the pipe is ready.
void wait_for(LinuxKernel& kernel, LinuxCall& call, std::function<bool()> ready) {
  LinuxWait wait;
  wait.kind = LinuxWait::Kind::event;
  wait.restarts = true;
  wait.ready = std::move(ready);
  kernel.wait(call, std::move(wait));
}

std::int64_t write_pipe(LinuxKernel& kernel, LinuxCall& call, LinuxOpenFile& file,
                        std::span<const std::uint8_t> bytes) {
  LinuxPipe& pipe = file.pipe();
  if (pipe.readers == 0) {
    siginfo_t info;
    std::memset(&info, 0, sizeof info);
    info.si_signo = SIGPIPE;
    info.si_code = SI_USER;
    info.si_pid = kernel.current().process;
    info.si_uid = 1000;
    kernel.send(info, kernel.current());
    return -EPIPE;
  }
  // Up to PIPE_BUF bytes go in one piece or not at all (pipe(7)).
  const std::size_t room = LinuxPipe::kCapacity - pipe.bytes.size();
  const std::size_t least = bytes.size() <= LinuxPipe::kAtomic ? bytes.size() : 1;
  if (room < least) {
    if (!file.blocks()) return -EAGAIN;
    const auto held = kernel.current().files->at(call.integer(0))->file;  // for as long as it waits
    wait_for(kernel, call, [held, least] {
      return held->pipe().readers == 0 || LinuxPipe::kCapacity - held->pipe().bytes.size() >= least;
    });
    return 0;
  }
  const std::size_t count = std::min(room, bytes.size());
  pipe.bytes.insert(pipe.bytes.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
  if (count < bytes.size()) call.note = "the pipe is full";
  return static_cast<std::int64_t>(count);
}

std::int64_t write_bytes(LinuxKernel& kernel, LinuxCall& call, Address address, std::uint64_t size) {
  LinuxOpenFile* file = file_of(kernel, call.integer(0));
  if (file == nullptr || file->is_readable()) return -EBADF;
  size = std::min(size, kMostBytes);
  const auto bytes = kernel.memory().read(address, size);
  if (!bytes) return -EFAULT;
  if (!file->is_console()) return bytes->empty() ? 0 : write_pipe(kernel, call, *file, *bytes);
  kernel.print({bytes->begin(), bytes->end()});
  return static_cast<std::int64_t>(size);
}

std::int64_t read_bytes(LinuxKernel& kernel, LinuxCall& call, Address address, std::uint64_t size) {
  LinuxOpenFile* file = file_of(kernel, call.integer(0));
  if (file == nullptr || !file->is_readable()) return -EBADF;
  size = std::min(size, kMostBytes);
  if (file->is_console()) {
    const std::string input = kernel.take_input(size);
    if (!kernel.memory().write(address, {reinterpret_cast<const std::uint8_t*>(input.data()), input.size()}))
      return -EFAULT;
    return static_cast<std::int64_t>(input.size());
  }
  LinuxPipe& pipe = file->pipe();
  if (size == 0 || (pipe.bytes.empty() && pipe.writers == 0)) return 0;
  if (pipe.bytes.empty()) {
    if (!file->blocks()) return -EAGAIN;
    const auto held = kernel.current().files->at(call.integer(0))->file;
    wait_for(kernel, call, [held] { return held->pipe().writers == 0 || !held->pipe().bytes.empty(); });
    return 0;
  }
  const auto end = pipe.bytes.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(size, pipe.bytes.size()));
  const std::vector<std::uint8_t> bytes(pipe.bytes.begin(), end);
  if (!kernel.memory().write(address, bytes)) return -EFAULT;
  pipe.bytes.erase(pipe.bytes.begin(), end);
  return static_cast<std::int64_t>(bytes.size());
}

/// Whether more bytes would make the call wait, which it does only before the first one.
bool would_wait(LinuxKernel& kernel, int descriptor) {
  LinuxOpenFile* file = file_of(kernel, descriptor);
  if (file == nullptr || file->is_console()) return false;
  return file->is_readable() ? file->pipe().bytes.empty()
                             : file->pipe().bytes.size() + LinuxPipe::kAtomic > LinuxPipe::kCapacity;
}

/// readv and writev: one after the other until one is not done whole.
template <typename Transfer>
std::int64_t for_each_vector(LinuxKernel& kernel, LinuxCall& call, Transfer transfer) {
  if (call[2] > kMostVectors) return -EINVAL;
  std::int64_t total = 0;
  for (std::uint64_t i = 0; i < call[2]; ++i) {
    const auto vector = kernel.memory().read_value<iovec>(call.address(1) + i * sizeof(iovec));
    if (!vector) return total > 0 ? total : -EFAULT;
    const Address base{reinterpret_cast<std::uint64_t>(vector->iov_base)};
    if (total > 0 && would_wait(kernel, call.integer(0))) break;
    const std::int64_t done = transfer(kernel, call, base, vector->iov_len);
    if (call.effect == LinuxCall::Effect::waits) return 0;
    if (done < 0) return total > 0 ? total : done;
    total += done;
    if (static_cast<std::uint64_t>(done) < vector->iov_len) break;
  }
  return total;
}

std::int64_t do_write(LinuxKernel& kernel, LinuxCall& call) {
  return write_bytes(kernel, call, call.address(1), call[2]);
}
std::int64_t do_writev(LinuxKernel& kernel, LinuxCall& call) {
  return for_each_vector(kernel, call, write_bytes);
}
std::int64_t do_read(LinuxKernel& kernel, LinuxCall& call) {
  return read_bytes(kernel, call, call.address(1), call[2]);
}
std::int64_t do_readv(LinuxKernel& kernel, LinuxCall& call) {
  return for_each_vector(kernel, call, read_bytes);
}

/// The standard files are pipes, so that a C library buffers its output as it does in a pipeline.
std::int64_t tell_of_pipe(LinuxKernel& kernel, int descriptor, Address address) {
  const LinuxOpenFile* file = file_of(kernel, descriptor);
  if (file == nullptr) return -EBADF;
  struct stat status;
  std::memset(&status, 0, sizeof status);
  status.st_dev = 14;
  status.st_ino = ino_t{100} + file->number();
  status.st_mode = S_IFIFO | 0600;
  status.st_nlink = 1;
  status.st_uid = 1000;
  status.st_gid = 1000;
  status.st_blksize = 4096;
  return kernel.memory().write_value(address, status) ? 0 : -EFAULT;
}

std::int64_t do_fstat(LinuxKernel& kernel, LinuxCall& call) {
  return tell_of_pipe(kernel, call.integer(0), call.address(1));
}
std::int64_t no_such_file(LinuxKernel&, LinuxCall& call) {
  call.note = kNoFiles;
  return -ENOENT;
}
std::int64_t do_newfstatat(LinuxKernel& kernel, LinuxCall& call) {
  const auto path = kernel.memory().read_text(call.address(1), 4096);
  if (!path) return -EFAULT;
  if (path->empty() && (call[3] & AT_EMPTY_PATH) != 0) return tell_of_pipe(kernel, call.integer(0), call.address(2));
  return no_such_file(kernel, call);
}

std::int64_t do_ioctl(LinuxKernel& kernel, LinuxCall& call) {
  return file_of(kernel, call.integer(0)) != nullptr ? -ENOTTY : -EBADF;
}

std::int64_t read_link(LinuxKernel& kernel, LinuxCall& call, std::size_t first) {
  const auto path = kernel.memory().read_text(call.address(first), 4096);
  if (!path) return -EFAULT;
  if (*path != "/proc/self/exe") return no_such_file(kernel, call);
  const std::string target = "/" + kernel.program().name;
  const std::size_t size = std::min<std::uint64_t>(target.size(), call[first + 2]);
  const bool written =
      kernel.memory().write(call.address(first + 1), {reinterpret_cast<const std::uint8_t*>(target.data()), size});
  return written ? static_cast<std::int64_t>(size) : -EFAULT;
}
std::int64_t do_readlink(LinuxKernel& kernel, LinuxCall& call) {
  return read_link(kernel, call, 0);
}
std::int64_t do_readlinkat(LinuxKernel& kernel, LinuxCall& call) {
  return read_link(kernel, call, 1);
}

constexpr LinuxCallEntry kCalls[] = {{SYS_read, "dpu", do_read},
                                     {SYS_write, "dpu", do_write},
                                     {SYS_readv, "dpu", do_readv},
                                     {SYS_writev, "dpu", do_writev},
                                     {SYS_fstat, "dp", do_fstat},
                                     {SYS_newfstatat, "aspx", do_newfstatat},
                                     {SYS_stat, "sp", no_such_file},
                                     {SYS_lstat, "sp", no_such_file},
                                     {SYS_open, "sx", no_such_file},
                                     {SYS_openat, "asx", no_such_file},
                                     {SYS_access, "sx", no_such_file},
                                     {SYS_faccessat, "asx", no_such_file},
                                     {SYS_faccessat2, "asxx", no_such_file},
                                     {SYS_ioctl, "dxp", do_ioctl},
                                     {SYS_readlink, "spu", do_readlink},
                                     {SYS_readlinkat, "aspu", do_readlinkat}};

}  // namespace

std::span<const LinuxCallEntry> linux_file_calls() {
  return kCalls;
}

}  // namespace fiberscope::emu
