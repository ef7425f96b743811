#include <linux/futex.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <limits>

#include "emu/linux_calls.h"
#include "emu/linux_kernel.h"

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

std::int64_t do_exit(LinuxKernel& kernel, LinuxCall& call) {
  call.effect = LinuxCall::Effect::gone;
  kernel.end_task(call.integer(0));
  return 0;
}
std::int64_t do_exit_group(LinuxKernel& kernel, LinuxCall& call) {
  call.effect = LinuxCall::Effect::gone;
  kernel.end_process(call.integer(0));
  return 0;
}

std::int64_t do_set_tid_address(LinuxKernel& kernel, LinuxCall& call) {
  kernel.current().clear_at_exit = call.address(0);
  return kernel.current().id;
}
std::int64_t do_set_robust_list(LinuxKernel&, LinuxCall&) {
  return 0;
}
std::int64_t do_sched_yield(LinuxKernel& kernel, LinuxCall&) {
  kernel.yield();
  return 0;
}

/// The moment at which a wait gives up; nothing for a null pointer.
std::int64_t deadline_of(LinuxKernel& kernel, const LinuxCall& call, bool absolute,
                         std::optional<std::uint64_t>& deadline) {
  if (call[3] == 0) return 0;
  const auto time = kernel.memory().read_value<timespec>(call.address(3));
  if (!time) return -EFAULT;
  if (time->tv_sec < 0 || time->tv_nsec < 0 || time->tv_nsec >= static_cast<long>(kSecond)) return -EINVAL;
  constexpr std::uint64_t kLongest = std::numeric_limits<std::int64_t>::max() / 4;
  const std::uint64_t seconds = std::min<std::uint64_t>(static_cast<std::uint64_t>(time->tv_sec), kLongest / kSecond);
  std::uint64_t moment = seconds * kSecond + static_cast<std::uint64_t>(time->tv_nsec);
  if (absolute && (call[1] & FUTEX_CLOCK_REALTIME) != 0) {
    const std::uint64_t epoch = static_cast<std::uint64_t>(kLinuxEpoch) * kSecond;
    moment = moment > epoch ? moment - epoch : 0;
  }
  deadline = absolute ? moment : kernel.clock().now() + moment;
  return 0;
}

std::int64_t wait_for_futex(LinuxKernel& kernel, LinuxCall& call, bool absolute, std::uint32_t bits) {
  if (bits == 0) return -EINVAL;
  const auto value = kernel.memory().read_value<std::uint32_t>(call.address(0));
  if (!value) return -EFAULT;
  LinuxWait wait;
  wait.kind = LinuxWait::Kind::futex;
  wait.futex = kernel.memory().key_of(call.address(0));
  wait.bits = bits;
  if (const std::int64_t failed = deadline_of(kernel, call, absolute, wait.deadline); failed != 0) return failed;
  // The kernel compares and goes to sleep in one, as seen by the program.
  if (*value != static_cast<std::uint32_t>(call[2])) return -EAGAIN;
  if (wait.deadline && *wait.deadline <= kernel.clock().now()) return -ETIMEDOUT;
  wait.restarts = !wait.deadline || absolute;
  kernel.wait(call, std::move(wait));
  return 0;
}

std::int64_t do_futex(LinuxKernel& kernel, LinuxCall& call) {
  if (call[0] % 4 != 0) return -EINVAL;
  const LinuxMemory::Key futex = kernel.memory().key_of(call.address(0));
  const int count = call.integer(2);
  const auto bits = static_cast<std::uint32_t>(call[5]);
  LinuxTasks& tasks = kernel.tasks();
  switch (call[1] & static_cast<std::uint64_t>(FUTEX_CMD_MASK)) {
    case FUTEX_WAIT:
      return wait_for_futex(kernel, call, false, FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAIT_BITSET:
      return wait_for_futex(kernel, call, true, bits);
    case FUTEX_WAKE:
      return tasks.wake(futex, std::max(count, 1), FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAKE_BITSET:
      return bits == 0 ? -EINVAL : tasks.wake(futex, std::max(count, 1), bits);
    case FUTEX_CMP_REQUEUE:
      if (kernel.memory().read_value<std::uint32_t>(call.address(0)) != bits) return -EAGAIN;
      [[fallthrough]];
    case FUTEX_REQUEUE: {
      const int woken = tasks.wake(futex, count, FUTEX_BITSET_MATCH_ANY);
      return woken + tasks.requeue(futex, kernel.memory().key_of(call.address(4)), call.integer(3));
    }
    default:
      call.note = "not emulated";
      return -ENOSYS;
  }
}

constexpr LinuxCallEntry kCalls[] = {{SYS_exit, "d", do_exit},
                                     {SYS_exit_group, "d", do_exit_group},
                                     {SYS_set_tid_address, "p", do_set_tid_address},
                                     {SYS_set_robust_list, "pu", do_set_robust_list},
                                     {SYS_sched_yield, "", do_sched_yield},
                                     {SYS_futex, "pfdp", do_futex}};

}  // namespace

std::span<const LinuxCallEntry> linux_task_calls() {
  return kCalls;
}

}  // namespace fiberscope::emu
