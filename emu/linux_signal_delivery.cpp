// The part of the kernel that brings signals to tasks.
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "emu/linux_calls.h"
#include "emu/linux_kernel.h"
#include "emu/user_mode.h"

namespace fiberscope::emu {
namespace {

constexpr std::uint8_t kBreakpoint = 3;
constexpr std::uint8_t kDebug = 1;
constexpr std::uint8_t kPageFault = 14;
constexpr std::uint8_t kOldSystemCall = 0x80;
constexpr std::uint8_t kGeneralProtection = 13;
constexpr std::uint64_t kHandlerClearsFlags = 0x10500;  // RF, DF, TF
constexpr std::uint64_t kUserAccess = 4;                // bit of the error code of #PF
constexpr std::uint64_t kNearStack = 64 << 10;
constexpr std::uint64_t kSystemCallSize = 2;  // 0f 05

/// Where a signal came from, for people.
std::string origin(const siginfo_t& info) {
  if (info.si_code == SI_TKILL || info.si_code == SI_USER) return fmt::format("sent by process {}", info.si_pid);
  if (info.si_signo == SIGALRM || info.si_signo == SIGVTALRM || info.si_signo == SIGPROF) return "its timer ran out";
  return {};
}

}  // namespace

void LinuxKernel::send(const siginfo_t& info, LinuxProcess& to) {
  for (const auto& task : tasks_.all())
    if (task->group.get() == &to && task->state != LinuxTask::State::finished &&
        (task->blocked & signal_bit(info.si_signo)) == 0)
      return send(info, *task);
  if (to.state == LinuxProcess::State::living) to.pending.add(info);
}

void LinuxKernel::send(const siginfo_t& info, LinuxTask& to) {
  const int number = info.si_signo;
  if (to.state == LinuxTask::State::finished) return;
  const bool takes = (to.blocked & signal_bit(number)) == 0;
  if (takes && action_of(to, number).ignores(number)) return;
  to.pending.add(info);
  const bool waits = to.state == LinuxTask::State::waiting && to.wait.kind != LinuxWait::Kind::vfork;
  if (takes && waits) interrupt(to);
}

void LinuxKernel::interrupt(LinuxTask& task) {
  LinuxWait wait = std::move(task.wait);
  wait.ready = nullptr;
  tasks_.end_wait(task, -EINTR);
  task.answer.reset();
  if (wait.kind == LinuxWait::Kind::sleep && wait.remaining != Address{} && wait.deadline) {
    const std::uint64_t now = clock().now();
    const std::uint64_t left = *wait.deadline > now ? *wait.deadline - now : 0;
    task.memory->write_value(
        wait.remaining, timespec{static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)});
  }
  task.interrupted = std::move(wait);
}

bool LinuxKernel::deliver_signal() {
  LinuxTask& task = *current_;
  auto info = task.pending.take(task.blocked);
  if (!info) info = pending().take(task.blocked);
  if (info) {
    handle(*info);
    return true;
  }
  // Another task took the signal: the call goes on as if nothing had been.
  if (task.interrupted) answer_interrupted(true);
  if (task.blocked_before) task.blocked = *std::exchange(task.blocked_before, std::nullopt);
  return false;
}

void LinuxKernel::answer_interrupted(bool restart) {
  const LinuxWait wait = std::move(*std::exchange(current_->interrupted, std::nullopt));
  const Address rip{cpu_.read(Register::rip)};
  if (restart) {
    cpu_.write(Register::rip, rip.value - kSystemCallSize);
    cpu_.write(Register::rax, wait.number);
  } else {
    cpu_.write(Register::rax, static_cast<std::uint64_t>(-EINTR));
  }
  log(EventKind::system_call, static_cast<std::uint32_t>(wait.number), rip,
      wait.call + (restart ? " begins anew" : " = " + answer_text(-EINTR, false)));
}

void LinuxKernel::handle(const siginfo_t& info) {
  LinuxTask& task = *current_;
  const int number = info.si_signo;
  const SignalAction action_now = action(number);
  if (action_now.ignores(number)) return;
  if (action_now.is_default()) return end_by(info);
  if (task.interrupted) answer_interrupted(task.interrupted->restarts && (action_now.flags & SA_RESTART) != 0);

  const RegisterFile before = cpu_.read_all();
  const SignalSet mask = task.blocked_before.value_or(task.blocked);
  const auto frame = make_signal_frame(before, action_now, info, cause_, mask, task.signal_stack);
  constexpr std::uint64_t kHasRestorer = 0x04000000;  // SA_RESTORER of the kernel
  const bool stored = frame && (action_now.flags & kHasRestorer) != 0 &&
                      memory().write(frame->fpu_address, frame->fpu_bytes) &&
                      memory().write(frame->address, frame->bytes);
  if (!stored) {
    fault_ = fmt::format("the frame of {} has no room on the stack", signal_name(number));
    if (number == SIGSEGV) action(SIGSEGV) = {};
    siginfo_t failure{};
    failure.si_signo = SIGSEGV;
    failure.si_code = SI_KERNEL;
    return force(failure);
  }
  task.blocked_before.reset();
  task.blocked |= action_now.mask;
  if ((action_now.flags & SA_NODEFER) == 0) task.blocked |= signal_bit(number);
  task.blocked &= ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP));
  if ((action_now.flags & SA_RESETHAND) != 0) action(number).handler = 0;

  RegisterFile after = before;
  reset_fpu_state(after);
  after[Register::rip] = action_now.handler;
  after[Register::rsp] = frame->address.value;
  after[Register::rdi] = static_cast<std::uint64_t>(number);
  after[Register::rsi] = frame->address.value + signal_frame::kInfo;
  after[Register::rdx] = frame->address.value + signal_frame::kContext;
  after[Register::rax] = 0;
  after[Register::rflags] &= ~kHandlerClearsFlags;
  cpu_.write_all(after);
  const std::string why = fault_.empty() ? origin(info) : std::exchange(fault_, {});
  log(EventKind::signal, static_cast<std::uint32_t>(number), Address{before[Register::rip]},
      signal_name(number) + (why.empty() ? "" : ", " + why + ","));
}

bool LinuxKernel::return_from_signal() {
  if (take_frame()) return true;
  fault_ = "rt_sigreturn found no signal frame";
  siginfo_t info{};
  info.si_signo = SIGSEGV;
  info.si_code = SI_KERNEL;
  force(info);
  return false;
}

bool LinuxKernel::take_frame() {
  LinuxTask& task = *current_;
  const RegisterFile now = cpu_.read_all();
  const auto bytes = memory().read(Address{now[Register::rsp] - 8}, signal_frame::kSize);
  if (!bytes) return false;
  RestoredFrame frame = read_signal_frame(*bytes, now);
  if (frame.fpu_address == Address{}) {
    reset_fpu_state(frame.registers);
  } else {
    const auto fpu = memory().read(frame.fpu_address, signal_frame::kFpuSize);
    if (!fpu) return false;
    read_fpu_state(*fpu, frame.registers);
  }
  task.blocked = frame.mask & ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP));
  if (!task.signal_stack.holds(frame.registers[Register::rsp])) task.signal_stack = frame.stack;
  cpu_.write_all(frame.registers);
  return true;
}

void LinuxKernel::force(siginfo_t info) {
  const int number = info.si_signo;
  LinuxTask& task = *current_;
  if ((task.blocked & signal_bit(number)) != 0 || action(number).handler == 1) action(number) = {};
  task.blocked &= ~signal_bit(number);
  task.pending.drop(number);
  task.pending.add(info);
}

std::string LinuxKernel::fault_text(const CpuStop& stop) const {
  if (stop.vector != kPageFault) return stop.detail.empty() ? exception_name(stop.vector) : stop.detail;
  const char* what = (stop.error_code & 16) != 0 ? "fetch from" : (stop.error_code & 2) != 0 ? "write to" : "read of";
  const bool below = stop.fault_address < program_.stack.low && program_.stack.low - stop.fault_address <= kNearStack;
  return fmt::format("{} {} {:#x}{}", what, current_->memory->is_mapped(stop.fault_address) ? "protected" : "unmapped",
                     stop.fault_address.value, below ? ", below the first task's stack, which is used up" : "");
}

bool LinuxKernel::copy_on_write(const CpuStop& stop) {
  constexpr std::uint32_t kWrite = 2;
  if (stop.cause != CpuStop::Cause::exception || stop.vector != kPageFault || (stop.error_code & kWrite) == 0 ||
      !memory().awaits_copy(stop.fault_address))
    return false;
  if (memory().copy_page(stop.fault_address)) return true;
  // As Linux kills a process when memory is used up.
  const std::string text = fmt::format("SIGKILL ends process {}: no frame is left for a copy of page {:#x}",
                                       current_->process, stop.fault_address.value & ~(kPageSize - 1));
  Stop ended = stop_here(Stop::Reason::exited, text);
  ended.code = 128 + SIGKILL;
  end_group(SIGKILL, std::move(ended));
  log(EventKind::signal, SIGKILL, Address{cpu_.read(Register::rip)}, text);
  return true;
}

void LinuxKernel::exception(const CpuStop& stop) {
  if (copy_on_write(stop)) return;
  CpuStop raised = stop;
  std::uint64_t rip = cpu_.read(Register::rip);
  if (stop.cause == CpuStop::Cause::trap && stop.vector == kOldSystemCall) {
    cpu_.write(Register::rax, static_cast<std::uint64_t>(-ENOSYS));
    return log(EventKind::system_call, kOldSystemCall, Address{rip},
               "int 0x80 = -ENOSYS (the system calls of 32-bit programs are not emulated)");
  }
  if (stop.cause == CpuStop::Cause::trap && stop.vector != kBreakpoint && stop.vector != kDebug) {
    // Gates that a program may not use.
    raised.vector = kGeneralProtection;
    raised.detail = fmt::format("int {:#x} is for the kernel", stop.vector);
    rip -= 2;
    cpu_.write(Register::rip, rip);
  }
  const bool mapped = memory().is_mapped(raised.fault_address);
  cause_ = {raised.error_code, raised.vector, cause_.address};
  if (raised.vector == kPageFault)
    cause_ = {(mapped ? 1U : 0U) | (raised.error_code & ~1U) | kUserAccess, raised.vector, raised.fault_address.value};
  const siginfo_t info = signal_of(raised, Address{rip}, static_cast<std::uint16_t>(cpu_.read(Register::fpsw)),
                                   static_cast<std::uint16_t>(cpu_.read(Register::fpcw)), mapped);
  const bool blocked = (current_->blocked & signal_bit(info.si_signo)) != 0;
  force(info);
  fault_ = fault_text(raised);
  if (!action(info.si_signo).is_default() || info.si_signo == SIGTRAP) return;
  const std::string name = signal_name(info.si_signo);
  const char* why = blocked ? "its handler is blocked" : "no handler";
  Stop ended = stop_here(Stop::Reason::fault, fmt::format("{} at {:#x}: {}; {}", name, rip, fault_, why));
  ended.vector = raised.vector;
  ended.address = raised.fault_address;
  end_by_fault(info.si_signo, fmt::format("{}: {}; {}", name, fault_, why), std::move(ended));
}

void LinuxKernel::end_by_fault(int number, const std::string& text, Stop ended) {
  const bool is_first = current_->group == processes_.front();
  const std::uint32_t vector = is_first ? ended.vector : static_cast<std::uint32_t>(number);
  const Address rip{cpu_.read(Register::rip)};
  end_group(number, std::move(ended));
  if (is_first) return log(EventKind::fault, vector, rip, text);
  log(EventKind::signal, vector, rip,
      fmt::format("{} ends process {}: {}", signal_name(number), current_->process, text));
}

void LinuxKernel::end_by(const siginfo_t& info) {
  const int number = info.si_signo;
  const std::string name = signal_name(number);
  const std::string why = fault_.empty() ? origin(info) : fault_;
  const Address rip{cpu_.read(Register::rip)};
  if (signal_default(info.si_signo) == SignalDefault::stop) {
    log(EventKind::signal, static_cast<std::uint32_t>(info.si_signo), rip, name + " stops the program");
    return end(Stop::Reason::halted, fmt::format("{} stopped the program, and nobody can continue it", name));
  }
  const bool by_itself =
      info.si_code > 0 && (number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL);
  if (by_itself) {
    // The frame of a handler that there is found no room.
    Stop ended = stop_here(Stop::Reason::fault, fmt::format("{} at {:#x}: {}", name, rip.value, why));
    ended.vector = static_cast<std::uint8_t>(cause_.vector);
    ended.address = Address{cause_.address};
    return end_by_fault(number, fmt::format("{}: {}", name, why), std::move(ended));
  }
  Stop ended = stop_here(Stop::Reason::exited, fmt::format("killed by {} (exit code {}){}", name, 128 + number,
                                                           why.empty() ? "" : ": " + why));
  ended.code = 128 + number;
  const std::string whom = processes_.size() == 1 ? "the program" : fmt::format("process {}", current_->process);
  end_group(number, std::move(ended));
  log(EventKind::signal, static_cast<std::uint32_t>(number), rip,
      name + " ends " + whom + (why.empty() ? "" : ": " + why));
}

}  // namespace fiberscope::emu
