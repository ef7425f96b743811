#include <sys/syscall.h>

#include <cerrno>
#include <cstring>

#include "emu/linux_calls.h"
#include "emu/linux_kernel.h"

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kSmallestStack = 2048;  // MINSIGSTKSZ
constexpr std::int64_t kUser = 1000;
constexpr SignalSet kNeverBlocked = signal_bit(SIGKILL) | signal_bit(SIGSTOP);

bool is_signal(int number) {
  return number >= 1 && number <= kSignals;
}

std::int64_t do_rt_sigaction(LinuxKernel& kernel, LinuxCall& call) {
  const int number = call.integer(0);
  if (call[3] != sizeof(SignalSet) || !is_signal(number)) return -EINVAL;
  const SignalAction before = kernel.action(number);
  if (call[1] != 0) {
    if (number == SIGKILL || number == SIGSTOP) return -EINVAL;
    const auto wanted = kernel.memory().read_value<SignalAction>(call.address(1));
    if (!wanted) return -EFAULT;
    kernel.action(number) = *wanted;
    if (wanted->ignores(number)) {
      kernel.pending().drop(number);
      for (const auto& task : kernel.tasks().all())
        if (task->group == kernel.current().group) task->pending.drop(number);
    }
  }
  if (call[2] != 0 && !kernel.memory().write_value(call.address(2), before)) return -EFAULT;
  return 0;
}

std::int64_t do_rt_sigprocmask(LinuxKernel& kernel, LinuxCall& call) {
  if (call[3] != sizeof(SignalSet)) return -EINVAL;
  SignalSet& blocked = kernel.current().blocked;
  const SignalSet before = blocked;
  if (call[1] != 0) {
    const auto set = kernel.memory().read_value<SignalSet>(call.address(1));
    if (!set) return -EFAULT;
    switch (call.integer(0)) {
      case SIG_BLOCK:
        blocked |= *set;
        break;
      case SIG_UNBLOCK:
        blocked &= ~*set;
        break;
      case SIG_SETMASK:
        blocked = *set;
        break;
      default:
        return -EINVAL;
    }
    blocked &= ~kNeverBlocked;
  }
  if (call[2] != 0 && !kernel.memory().write_value(call.address(2), before)) return -EFAULT;
  return 0;
}

std::int64_t do_rt_sigpending(LinuxKernel& kernel, LinuxCall& call) {
  const SignalSet set = (kernel.pending().set() | kernel.current().pending.set()) & kernel.current().blocked;
  return kernel.memory().write_value(call.address(0), set) ? 0 : -EFAULT;
}

std::int64_t do_rt_sigreturn(LinuxKernel& kernel, LinuxCall& call) {
  call.effect = LinuxCall::Effect::gone;
  if (kernel.return_from_signal()) {
    call.note = "the interrupted registers are back";
    return 0;
  }
  call.note = "there is no signal frame at rsp - 8";
  return 0;
}

std::int64_t do_sigaltstack(LinuxKernel& kernel, LinuxCall& call) {
  SignalStack& stack = kernel.current().signal_stack;
  const bool inside = stack.holds(kernel.cpu().read(Register::rsp));
  SignalStack before = stack;
  if (inside) before.flags |= SS_ONSTACK;
  if (call[0] != 0) {
    auto wanted = kernel.memory().read_value<SignalStack>(call.address(0));
    if (!wanted) return -EFAULT;
    if (inside) return -EPERM;
    if (wanted->flags != 0 && wanted->flags != SS_DISABLE && wanted->flags != SS_ONSTACK) return -EINVAL;
    if (wanted->flags == SS_DISABLE) {
      wanted->base = 0;
      wanted->size = 0;
    } else if (wanted->size < kSmallestStack) {
      return -ENOMEM;
    }
    wanted->flags &= SS_DISABLE;
    wanted->padding = 0;
    stack = *wanted;
  }
  if (call[1] != 0 && !kernel.memory().write_value(call.address(1), before)) return -EFAULT;
  return 0;
}

siginfo_t info_from(const LinuxKernel&, int number, int code, int process) {
  siginfo_t info;
  std::memset(&info, 0, sizeof info);
  info.si_signo = number;
  info.si_code = code;
  info.si_pid = process;
  info.si_uid = kUser;
  return info;
}

std::int64_t do_kill(LinuxKernel& kernel, LinuxCall& call) {
  const int process = kernel.current().process;
  const int target = call.integer(0);
  const int number = call.integer(1);
  if (number != 0 && !is_signal(number)) return -EINVAL;
  const siginfo_t info = info_from(kernel, number, SI_USER, process);
  if (target > 0) {
    LinuxProcess* to = kernel.find_process(target);
    if (to == nullptr) return -ESRCH;
    if (number != 0) kernel.send(info, *to);
    return 0;
  }
  // All processes are of the first one's group; -1 means all but oneself.
  if (target != 0 && target != -1 && target != -kernel.processes().front()->id) return -ESRCH;
  bool any = false;
  for (const auto& to : kernel.processes()) {
    if (to->state == LinuxProcess::State::reaped || (target == -1 && to->id == process)) continue;
    any = true;
    if (number != 0) kernel.send(info, *to);
  }
  return any ? 0 : -ESRCH;
}

std::int64_t send_to_task(LinuxKernel& kernel, int id, int number) {
  if (number != 0 && !is_signal(number)) return -EINVAL;
  LinuxTask* task = kernel.tasks().find(id);
  if (task == nullptr) return -ESRCH;
  if (number != 0) kernel.send(info_from(kernel, number, SI_TKILL, kernel.current().process), *task);
  return 0;
}
std::int64_t do_tkill(LinuxKernel& kernel, LinuxCall& call) {
  return send_to_task(kernel, call.integer(0), call.integer(1));
}
std::int64_t do_tgkill(LinuxKernel& kernel, LinuxCall& call) {
  const LinuxTask* task = kernel.tasks().find(call.integer(1));
  if (task == nullptr || task->process != call.integer(0)) return -ESRCH;
  return send_to_task(kernel, call.integer(1), call.integer(2));
}

std::int64_t do_pause(LinuxKernel& kernel, LinuxCall& call) {
  kernel.wait(call, {});
  return 0;
}

std::int64_t do_rt_sigsuspend(LinuxKernel& kernel, LinuxCall& call) {
  if (call[1] != sizeof(SignalSet)) return -EINVAL;
  const auto set = kernel.memory().read_value<SignalSet>(call.address(0));
  if (!set) return -EFAULT;
  LinuxTask& task = kernel.current();
  task.blocked_before = task.blocked;
  task.blocked = *set & ~kNeverBlocked;
  kernel.wait(call, {});
  return 0;
}

constexpr LinuxCallEntry kCalls[] = {{SYS_rt_sigaction, "gppu", do_rt_sigaction},
                                     {SYS_rt_sigprocmask, "dppu", do_rt_sigprocmask},
                                     {SYS_rt_sigpending, "pu", do_rt_sigpending},
                                     {SYS_rt_sigreturn, "", do_rt_sigreturn},
                                     {SYS_rt_sigsuspend, "pu", do_rt_sigsuspend},
                                     {SYS_sigaltstack, "pp", do_sigaltstack},
                                     {SYS_kill, "dg", do_kill},
                                     {SYS_tkill, "dg", do_tkill},
                                     {SYS_tgkill, "ddg", do_tgkill},
                                     {SYS_pause, "", do_pause}};

}  // namespace

std::span<const LinuxCallEntry> linux_signal_calls() {
  return kCalls;
}

}  // namespace fiberscope::emu
