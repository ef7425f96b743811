// What a process asks about itself and the machine.
#include <asm/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "emu/linux_calls.h"
#include "emu/linux_kernel.h"

namespace fiberscope::emu {
namespace {

constexpr std::int64_t kUser = 1000;
constexpr std::uint64_t kLowestKernelAddress = std::uint64_t{1} << 47;

std::int64_t done(LinuxKernel&, LinuxCall&) {
  return 0;
}
std::int64_t not_permitted(LinuxKernel&, LinuxCall&) {
  return -EPERM;
}
std::int64_t user_id(LinuxKernel&, LinuxCall&) {
  return kUser;
}
std::int64_t do_getpid(LinuxKernel& kernel, LinuxCall&) {
  return kernel.current().process;
}
std::int64_t do_gettid(LinuxKernel& kernel, LinuxCall&) {
  return kernel.current().id;
}
std::int64_t do_getppid(LinuxKernel& kernel, LinuxCall&) {
  return kernel.current().group->parent;
}

std::int64_t do_arch_prctl(LinuxKernel& kernel, LinuxCall& call) {
  switch (call.integer(0)) {
    case ARCH_SET_FS:
    case ARCH_SET_GS:
      if (call[1] >= kLowestKernelAddress) return -EPERM;
      kernel.cpu().write(call.integer(0) == ARCH_SET_FS ? Register::fs_base : Register::gs_base, call[1]);
      return 0;
    case ARCH_GET_FS:
      return kernel.memory().write_value(call.address(1), kernel.cpu().read(Register::fs_base)) ? 0 : -EFAULT;
    case ARCH_GET_GS:
      return kernel.memory().write_value(call.address(1), kernel.cpu().read(Register::gs_base)) ? 0 : -EFAULT;
    default:
      return -EINVAL;
  }
}

std::int64_t do_prlimit(LinuxKernel& kernel, LinuxCall& call) {
  if (call[3] == 0) return 0;
  rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
  if (call[1] == RLIMIT_STACK) limit.rlim_cur = kernel.program().stack.size();
  if (call[1] == RLIMIT_NOFILE) limit = {1024, 1024};
  return kernel.memory().write_value(call.address(3), limit) ? 0 : -EFAULT;
}
std::int64_t do_getrlimit(LinuxKernel& kernel, LinuxCall& call) {
  LinuxCall same = call;
  same.arguments = {0, call[0], 0, call[1], 0, 0};
  return do_prlimit(kernel, same);
}

std::int64_t do_getrandom(LinuxKernel& kernel, LinuxCall& call) {
  std::vector<std::uint8_t> bytes(std::min<std::uint64_t>(call[1], 256 * 1024));
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    const std::uint64_t value = kernel.random();
    std::memcpy(bytes.data() + i, &value, std::min<std::size_t>(8, bytes.size() - i));
  }
  call.note = "the same in each run";
  return kernel.memory().write(call.address(0), bytes) ? static_cast<std::int64_t>(bytes.size()) : -EFAULT;
}

std::int64_t do_uname(LinuxKernel& kernel, LinuxCall& call) {
  utsname names;
  std::memset(&names, 0, sizeof names);
  std::strcpy(names.sysname, "Linux");
  std::strcpy(names.nodename, "fiberscope");
  std::strcpy(names.release, "6.1.0");
  std::strcpy(names.version, "#1 SMP");
  std::strcpy(names.machine, "x86_64");
  return kernel.memory().write_value(call.address(0), names) ? 0 : -EFAULT;
}

std::int64_t do_sysinfo(LinuxKernel& kernel, LinuxCall& call) {
  struct sysinfo info;
  std::memset(&info, 0, sizeof info);
  info.uptime = static_cast<long>(kernel.clock().now() / 1'000'000'000);
  info.totalram = kernel.program().heap.size() + kernel.program().mappings.size();
  info.freeram = info.totalram;
  info.procs = static_cast<unsigned short>(kernel.tasks().living());
  info.mem_unit = 1;
  return kernel.memory().write_value(call.address(0), info) ? 0 : -EFAULT;
}

/// One processor.
std::int64_t do_sched_getaffinity(LinuxKernel& kernel, LinuxCall& call) {
  if (call[1] < 8 || call[1] % 8 != 0) return -EINVAL;
  return kernel.memory().write_value(call.address(2), std::uint64_t{1}) ? 8 : -EFAULT;
}
std::int64_t do_getcpu(LinuxKernel& kernel, LinuxCall& call) {
  for (const std::size_t index : {0U, 1U})
    if (call[index] != 0 && !kernel.memory().write_value(call.address(index), std::uint32_t{0})) return -EFAULT;
  return 0;
}

std::int64_t do_rseq(LinuxKernel&, LinuxCall& call) {
  call.note = "C libraries do without";
  return -ENOSYS;
}

constexpr LinuxCallEntry kCalls[] = {{SYS_getpid, "", do_getpid},
                                     {SYS_gettid, "", do_gettid},
                                     {SYS_getppid, "", do_getppid},
                                     {SYS_getuid, "", user_id},
                                     {SYS_geteuid, "", user_id},
                                     {SYS_getgid, "", user_id},
                                     {SYS_getegid, "", user_id},
                                     {SYS_arch_prctl, "xp", do_arch_prctl},
                                     {SYS_prctl, "dx", done},
                                     {SYS_prlimit64, "ddpp", do_prlimit},
                                     {SYS_getrlimit, "dp", do_getrlimit},
                                     {SYS_getrandom, "pux", do_getrandom},
                                     {SYS_uname, "p", do_uname},
                                     {SYS_sysinfo, "p", do_sysinfo},
                                     {SYS_sched_getaffinity, "dup", do_sched_getaffinity},
                                     {SYS_sched_setaffinity, "dup", done},
                                     {SYS_sched_getscheduler, "d", done},
                                     {SYS_sched_setscheduler, "ddp", not_permitted},
                                     {SYS_getcpu, "pp", do_getcpu},
                                     {SYS_rseq, "puxx", do_rseq}};

}  // namespace

std::span<const LinuxCallEntry> linux_process_calls() {
  return kCalls;
}

}  // namespace fiberscope::emu
