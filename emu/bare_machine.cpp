#include "emu/bare_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kTrapFlag = 1 << 8;
constexpr std::uint64_t kInterruptFlag = 1 << 9;
constexpr std::uint64_t kNestedTask = 1 << 14;
constexpr std::uint64_t kResumeFlag = 1 << 16;
constexpr std::uint64_t kOsFxsr = 1 << 9;  // of CR4: without it fxsave leaves the xmm registers out
constexpr std::uint64_t kResetMxcsr = 0x1f80;
constexpr std::uint64_t kResetFpcw = 0x37f;
constexpr std::uint64_t kResetFptag = 0xffff;  // all empty
constexpr std::uint8_t kPageFault = 14;
constexpr unsigned kDeliveriesWithoutStep = 64;

/// Flat ring-0 segments, in the format of Intel SDM vol. 3, 3.4.5: null, 64-bit code, data.
constexpr std::uint64_t kDescriptors[] = {0, 0x00af9a000000ffff, 0x00cf92000000ffff};

LoadedRegion descriptor_region() {
  LoadedRegion loaded;
  loaded.region = {
      "descriptor table", RegionKind::data, {kDescriptorTable, kDescriptorTable + kPageSize}, true, true, false};
  loaded.contents.resize(sizeof kDescriptors);
  std::memcpy(loaded.contents.data(), kDescriptors, sizeof kDescriptors);
  return loaded;
}

/// Exceptions that push an error code (Intel SDM vol. 3, table 6-1).
bool pushes_error_code(std::uint8_t vector) {
  return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

}  // namespace

BareMachine::~BareMachine() = default;

Result<std::unique_ptr<BareMachine>> BareMachine::boot(const Image& image, const MachineOptions& options) {
  auto machine = std::unique_ptr<BareMachine>(new BareMachine);
  if (!options.schedule.empty()) machine->schedule_.emplace(options.bodies, options.schedule);
  if (const auto added = machine->memory_.add(descriptor_region()); !added) return added.error();
  for (const LoadedRegion& region : image.regions())
    if (const auto added = machine->memory_.add(region); !added)
      return Error{image.name() + ": " + added.error().message};
  auto cpu = Cpu::create(machine->memory_, *machine);
  if (!cpu) return cpu.error();
  machine->cpu_ = std::make_unique<Cpu>(std::move(cpu).value());
  Cpu& processor = *machine->cpu_;
  processor.set_gdt({kDescriptorTable, sizeof kDescriptors - 1});
  RegisterFile registers = processor.read_all();
  registers[Register::cs] = kCodeSelector;
  for (const Register segment : {Register::ss, Register::ds, Register::es}) registers[segment] = kDataSelector;
  registers[Register::rip] = image.entry().value;
  registers[Register::rflags] = 2;
  registers[Register::mxcsr] = kResetMxcsr;
  registers[Register::fpcw] = kResetFpcw;
  registers[Register::fptag] = kResetFptag;
  registers[Register::cr4] |= kOsFxsr;
  if (const auto top = image.symbol("boot_stack_top")) registers[Register::rsp] = top->address.value;
  processor.write_all(registers);
  return machine;
}

bool BareMachine::interrupts_enabled() const {
  return (cpu_->read(Register::rflags) & kInterruptFlag) != 0;
}

Stop BareMachine::fault(const CpuStop& cause, const std::string& why) const {
  Stop stop = end(Stop::Reason::fault, {});
  stop.vector = cause.vector;
  stop.address = cause.fault_address;
  stop.message = fmt::format("{} at {:#x}{}{}; {}", exception_name(cause.vector), stop.rip.value,
                             cause.detail.empty() ? "" : ": ", cause.detail, why);
  return stop;
}

bool BareMachine::follow_schedule() {
  if (schedule_->strikes_before(Address{cpu_->read(Register::rip)})) {
    if (!interrupts_enabled() || cpu_->interrupt_shadow())
      schedule_->held_off();
    else
      timer_pending_ = true;
  }
  return schedule_->error().empty();
}

Stop BareMachine::run(std::uint64_t max_steps) {
  for (;;) {
    if (deadlocked_) {
      cpu_->flush();
      return end(Stop::Reason::deadlock, "deadlock: every thread waits for another one");
    }
    if (schedule_ && (exit_code_ || !follow_schedule())) {
      if (exit_code_) schedule_->finish();
      if (!schedule_->error().empty()) {
        cpu_->flush();
        return end(Stop::Reason::schedule, schedule_->error());
      }
    }
    if (exit_code_) {
      Stop stop = end(Stop::Reason::exited, fmt::format("exit code {}", *exit_code_));
      stop.code = static_cast<int>(*exit_code_);
      cpu_->flush();
      return stop;
    }
    if (stop_requested_.load()) {
      cpu_->flush();
      return end(Stop::Reason::stopped, "stopped from outside");
    }
    if (timer_deadline_ && *timer_deadline_ <= time()) {
      timer_deadline_.reset();
      timer_pending_ = true;
    }
    const bool shadowed = cpu_->interrupt_shadow();
    if (timer_pending_ && interrupts_enabled() && !shadowed) {
      timer_pending_ = false;
      if (const auto delivered = deliver(kTimerVector, 0, false, EventKind::interrupt); !delivered) {
        cpu_->flush();
        Stop stop = end(Stop::Reason::fault,
                        fmt::format("timer interrupt (vector {}): {}", kTimerVector, delivered.error().message));
        stop.vector = kTimerVector;
        return stop;
      }
    }
    if (steps() >= max_steps) {
      cpu_->flush();
      return end(Stop::Reason::limit, fmt::format("the limit of {} steps is reached", max_steps));
    }
    std::uint64_t limit = max_steps;
    if (timer_deadline_) limit = std::min(limit, *timer_deadline_ - skipped_);
    if (timer_pending_ && shadowed) limit = std::min(limit, steps() + 1);
    if (schedule_) limit = std::min(limit, steps() + 1);
    const Address rip{schedule_ ? cpu_->read(Register::rip) : 0};
    const std::uint64_t before = steps();
    const CpuStop stop = cpu_->run(limit, timer_pending_);
    if (schedule_ && steps() > before) schedule_->ran(rip);
    switch (stop.cause) {
      case CpuStop::Cause::limit:
      case CpuStop::Cause::interrupts_on:
      case CpuStop::Cause::requested:
      case CpuStop::Cause::system_call:  // not in ring 0
        break;                           // what was asked for is looked at above
      case CpuStop::Cause::log_closed:
        return end(Stop::Reason::stopped, "the recording was closed");
      case CpuStop::Cause::halt:
        if (!interrupts_enabled() || !(timer_pending_ || timer_deadline_)) {
          cpu_->flush();
          return end(Stop::Reason::halted, "halted: hlt with no interrupt that could end it");
        }
        if (!timer_pending_) skipped_ += *timer_deadline_ - time();
        break;
      case CpuStop::Cause::trap:
      case CpuStop::Cause::exception: {
        if (stop.vector == kPageFault) cpu_->write(Register::cr2, stop.fault_address.value);
        const bool has_code = stop.cause == CpuStop::Cause::exception && pushes_error_code(stop.vector);
        if (exit_code_) break;  // what could not be fetched lies behind the exit
        if (const auto delivered = deliver(stop.vector, stop.error_code, has_code, EventKind::exception); !delivered) {
          cpu_->log_event({EventKind::fault, stop.vector, stop.error_code, Address{cpu_->read(Register::rip)}, {}, {}});
          cpu_->flush();
          return fault(stop, delivered.error().message);
        }
        break;
      }
      case CpuStop::Cause::failure:
        cpu_->flush();
        return end(Stop::Reason::crashed, stop.detail);
    }
  }
}

Result<void> BareMachine::deliver(std::uint8_t vector, std::uint32_t error_code, bool has_error_code, EventKind kind) {
  const Cpu::TableRegister idt = cpu_->idt();
  if (std::exchange(delivered_at_, steps()) != steps()) delivered_ = 0;
  if (++delivered_ > kDeliveriesWithoutStep)
    return Error{fmt::format("{} exceptions and interrupts came one after the other without a step between them",
                             delivered_ - 1)};
  const Error no_handler{"the guest has no handler for it"};
  if (idt.limit < 16U * vector + 15U) return no_handler;
  const auto low = memory_.read(idt.base + 16ULL * vector, 8);
  const auto high = memory_.read(idt.base + 16ULL * vector + 8, 8);
  if (!low || !high) return no_handler;
  const bool present = ((*low >> 47) & 1) != 0;
  const unsigned type = (*low >> 40) & 0xf;
  if (!present || (type != 0xe && type != 0xf)) return no_handler;
  const std::uint64_t handler = (*low & 0xffff) | ((*low >> 32) & 0xffff0000) | (*high << 32);
  const unsigned ist = (*low >> 32) & 7;

  const RegisterFile before = cpu_->read_all();
  std::uint64_t rsp = before[Register::rsp];
  if (ist != 0) {
    // The seven interrupt stacks begin at offset 36 of the task-state segment (Intel SDM vol. 3, figure 8-11).
    const auto stack = memory_.read(cpu_->task_state().base + 36 + 8ULL * (ist - 1), 8);
    if (!stack)
      return Error{fmt::format("its handler wants interrupt stack {}, but there is no task-state segment", ist)};
    rsp = *stack;
  }
  rsp &= ~std::uint64_t{15};
  std::vector<std::uint64_t> pushed{before[Register::ss], before[Register::rsp], before[Register::rflags],
                                    before[Register::cs], before[Register::rip]};
  if (has_error_code) pushed.push_back(error_code);
  const std::uint64_t top = rsp;
  Cpu::Event event{kind, vector, error_code, Address{before[Register::rip]}, {}, {}};
  for (std::size_t i = 0; i < pushed.size(); ++i) {
    rsp -= 8;
    const Region* region = memory_.region_at(Address{rsp});
    if (region == nullptr || !region->writable)
      return Error{fmt::format("the stack at {:#x} has no room for its frame", top)};
    event.written.push_back({Address{rsp}, Address{rsp + 8}});
  }
  for (std::size_t i = 0; i < pushed.size(); ++i) memory_.write(event.written[i].low, pushed[i], 8);
  cpu_->code_changed({Address{rsp}, Address{top}});

  std::uint64_t flags = before[Register::rflags] & ~(kTrapFlag | kNestedTask | kResumeFlag);
  if (type == 0xe) flags &= ~kInterruptFlag;
  cpu_->write(Register::rflags, flags);
  cpu_->write(Register::rsp, rsp);
  cpu_->write(Register::rip, handler);
  cpu_->log_event(event);
  return {};
}

std::uint32_t BareMachine::in(std::uint16_t number, unsigned) {
  switch (number) {
    case port::kScheduler:
      if (schedule_) return schedule_->pick().value_or(port::kNoOpinion);
      return picker_ ? picker_() : port::kNoOpinion;
    case port::kClock:
      return static_cast<std::uint32_t>(time());
    default:
      return 0xffffffff;  // what an empty bus answers
  }
}

void BareMachine::out(std::uint16_t number, unsigned, std::uint32_t value) {
  switch (number) {
    case port::kConsole: {
      const std::string byte(1, static_cast<char>(value));
      console_ += byte;
      cpu_->log_output(byte);
      break;
    }
    case port::kExit:
      exit_code_ = value;
      cpu_->request_stop();
      break;
    case port::kDeadlock:
      deadlocked_ = true;
      cpu_->request_stop();
      break;
    case port::kTimer:
      // The step under way is not yet counted: the interrupt comes `value` steps behind it.
      timer_pending_ = false;
      if (value == 0) {
        timer_deadline_.reset();
      } else {
        timer_deadline_ = time() + 1 + value;
        cpu_->request_stop();
      }
      break;
    default:
      break;
  }
}

}  // namespace fiberscope::emu
