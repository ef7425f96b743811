// Files: there are only the three standard ones.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "emu/linux_calls.h"
#include "emu/linux_kernel.h"

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kMostVectors = 1024;                  // IOV_MAX
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 20;  // of one call; the program asks again for the rest
constexpr const char* kNoFiles = "the machine has no file system";

bool is_open(int descriptor) {
  return descriptor >= 0 && descriptor <= 2;
}

std::int64_t write_bytes(LinuxKernel& kernel, int descriptor, Address address, std::uint64_t size) {
  if (!is_open(descriptor)) return -EBADF;
  size = std::min(size, kMostBytes);
  const auto bytes = kernel.memory().read(address, size);
  if (!bytes) return -EFAULT;
  kernel.print({bytes->begin(), bytes->end()});
  return static_cast<std::int64_t>(size);
}

std::int64_t read_bytes(LinuxKernel& kernel, int descriptor, Address address, std::uint64_t size) {
  if (descriptor != 0) return -EBADF;
  const std::string input = kernel.take_input(std::min(size, kMostBytes));
  if (!kernel.memory().write(address, {reinterpret_cast<const std::uint8_t*>(input.data()), input.size()}))
    return -EFAULT;
  return static_cast<std::int64_t>(input.size());
}

/// readv and writev: one after the other until one is not done whole.
template <typename Transfer>
std::int64_t for_each_vector(LinuxKernel& kernel, const LinuxCall& call, Transfer transfer) {
  if (call[2] > kMostVectors) return -EINVAL;
  std::int64_t total = 0;
  for (std::uint64_t i = 0; i < call[2]; ++i) {
    const auto vector = kernel.memory().read_value<iovec>(call.address(1) + i * sizeof(iovec));
    if (!vector) return total > 0 ? total : -EFAULT;
    const Address base{reinterpret_cast<std::uint64_t>(vector->iov_base)};
    const std::int64_t done = transfer(kernel, call.integer(0), base, vector->iov_len);
    if (done < 0) return total > 0 ? total : done;
    total += done;
    if (static_cast<std::uint64_t>(done) < vector->iov_len) break;
  }
  return total;
}

std::int64_t do_write(LinuxKernel& kernel, LinuxCall& call) {
  return write_bytes(kernel, call.integer(0), call.address(1), call[2]);
}
std::int64_t do_writev(LinuxKernel& kernel, LinuxCall& call) {
  return for_each_vector(kernel, call, write_bytes);
}
std::int64_t do_read(LinuxKernel& kernel, LinuxCall& call) {
  return read_bytes(kernel, call.integer(0), call.address(1), call[2]);
}
std::int64_t do_readv(LinuxKernel& kernel, LinuxCall& call) {
  return for_each_vector(kernel, call, read_bytes);
}

std::int64_t do_close(LinuxKernel&, LinuxCall& call) {
  return is_open(call.integer(0)) ? 0 : -EBADF;
}
std::int64_t do_lseek(LinuxKernel&, LinuxCall& call) {
  return is_open(call.integer(0)) ? -ESPIPE : -EBADF;
}

/// The standard files are pipes, so that a C library buffers its output as it does in a pipeline.
std::int64_t tell_of_pipe(LinuxKernel& kernel, int descriptor, Address address) {
  if (!is_open(descriptor)) return -EBADF;
  struct stat status;
  std::memset(&status, 0, sizeof status);
  status.st_dev = 14;
  status.st_ino = static_cast<ino_t>(100 + descriptor);
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

std::int64_t do_ioctl(LinuxKernel&, LinuxCall& call) {
  return is_open(call.integer(0)) ? -ENOTTY : -EBADF;
}

std::int64_t do_fcntl(LinuxKernel&, LinuxCall& call) {
  if (!is_open(call.integer(0))) return -EBADF;
  switch (call.integer(1)) {
    case F_GETFL:
      return call.integer(0) == 0 ? O_RDONLY : O_WRONLY;
    case F_GETFD:
    case F_SETFD:
    case F_SETFL:
      return 0;
    default:
      return -EINVAL;
  }
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

std::int64_t do_getcwd(LinuxKernel& kernel, LinuxCall& call) {
  constexpr std::uint8_t kRoot[] = {'/', 0};
  if (call[1] < sizeof kRoot) return -ERANGE;
  return kernel.memory().write(call.address(0), kRoot) ? static_cast<std::int64_t>(sizeof kRoot) : -EFAULT;
}

constexpr LinuxCallEntry kCalls[] = {{SYS_read, "dpu", do_read},
                                     {SYS_write, "dpu", do_write},
                                     {SYS_readv, "dpu", do_readv},
                                     {SYS_writev, "dpu", do_writev},
                                     {SYS_close, "d", do_close},
                                     {SYS_lseek, "ddd", do_lseek},
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
                                     {SYS_fcntl, "ddx", do_fcntl},
                                     {SYS_readlink, "spu", do_readlink},
                                     {SYS_readlinkat, "aspu", do_readlinkat},
                                     {SYS_getcwd, "pu", do_getcwd}};

}  // namespace

std::span<const LinuxCallEntry> linux_file_calls() {
  return kCalls;
}

}  // namespace fiberscope::emu
