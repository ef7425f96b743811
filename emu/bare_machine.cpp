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
  if (options.processors == 0 || options.processors > kMaxProcessors)
    return Error{fmt::format("a machine has 1 to {} processors, not {}", kMaxProcessors, options.processors)};
  const bool scheduled = !options.schedule.empty();
  if (scheduled && options.bodies.empty() && options.processors > 1)
    return Error{fmt::format("{} does not say what a schedule of several processors counts", image.name())};
  if (options.store_buffers && (!scheduled || options.processors == 1))
    return Error{"store buffers are for several processors under a schedule"};
  auto machine = std::unique_ptr<BareMachine>(new BareMachine(options.seed));
  if (scheduled && options.processors == 1) machine->schedule_.emplace(options.bodies, options.schedule);
  if (scheduled && options.processors > 1)
    machine->processor_schedule_.emplace(options.bodies, options.schedule, options.processors);
  machine->store_buffers_ = options.store_buffers;
  if (machine->processor_schedule_) {
    auto names = Image::parse({image.file().begin(), image.file().end()}, image.name());
    if (!names) return names.error();
    machine->names_ = std::move(names).value();
    machine->debug_.emplace(*machine->names_);
  }
  if (const auto mirrors = image.symbol(StoreBuffer::kSymbol);
      mirrors && mirrors->size >= StoreBuffer::kMirrorSize * options.processors)
    machine->mirrors_ = mirrors->address;
  if (const auto added = machine->memory_.add(descriptor_region()); !added) return added.error();
  for (const LoadedRegion& region : image.regions())
    if (const auto added = machine->memory_.add(region); !added)
      return Error{image.name() + ": " + added.error().message};
  for (unsigned i = 0; i < options.processors; ++i) {
    auto created = Cpu::create(machine->memory_, *machine);
    if (!created) return created.error();
    auto cpu = std::make_unique<Cpu>(std::move(created).value());
    cpu->set_gdt({kDescriptorTable, sizeof kDescriptors - 1});
    RegisterFile registers = reset(*cpu);
    if (i == 0) {
      registers[Register::rip] = image.entry().value;
      if (const auto top = image.symbol("boot_stack_top")) registers[Register::rsp] = top->address.value;
    }
    cpu->write_all(registers);
    if (options.processors > 1) cpu->share_memory();
    if (options.store_buffers) cpu->keep_stores();
    machine->states_.emplace_back().running = i == 0;
    if (i == 0) {
      machine->cpu_ = std::move(cpu);
    } else {
      machine->others_.push_back(std::move(cpu));
    }
  }
  return machine;
}

RegisterFile BareMachine::reset(const Cpu& cpu) {
  RegisterFile registers = cpu.read_all();
  registers[Register::cs] = kCodeSelector;
  for (const Register segment : {Register::ss, Register::ds, Register::es}) registers[segment] = kDataSelector;
  registers[Register::rip] = 0;
  registers[Register::rflags] = 2;
  registers[Register::mxcsr] = kResetMxcsr;
  registers[Register::fpcw] = kResetFpcw;
  registers[Register::fptag] = kResetFptag;
  registers[Register::cr4] |= kOsFxsr;
  return registers;
}

bool BareMachine::interrupts_enabled() const {
  return (cpu().read(Register::rflags) & kInterruptFlag) != 0;
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
  if (schedule_->strikes_before(Address{cpu_->read(Register::rip)}, Address{cpu_->read(Register::rsp)})) {
    if (!interrupts_enabled() || cpu_->interrupt_shadow())
      schedule_->held_off();
    else
      states_.front().timer_pending = true;
  }
  return schedule_->error().empty();
}

std::optional<Stop> BareMachine::ended() {
  std::optional<Stop> stop;
  if (deadlocked_) {
    stop = end(Stop::Reason::deadlock, "deadlock: every thread waits for another one");
  } else if (exit_code_) {
    stop = end(Stop::Reason::exited, fmt::format("exit code {}", *exit_code_));
    stop->code = static_cast<int>(*exit_code_);
  } else if (stop_requested_.load()) {
    stop = end(Stop::Reason::stopped, "stopped from outside");
  }
  if (stop) cpu().flush();
  return stop;
}

Stop BareMachine::run(std::uint64_t max_steps) {
  if (processors() > 1) return run_turns(max_steps);
  Processor& state = states_.front();
  for (;;) {
    if (schedule_ && (exit_code_ || !follow_schedule())) {
      if (exit_code_) schedule_->finish();
      if (!schedule_->error().empty()) {
        cpu_->flush();
        return end(Stop::Reason::schedule, schedule_->error());
      }
    }
    if (auto stop = ended()) return *stop;
    if (state.timer_deadline && *state.timer_deadline <= time()) {
      state.timer_deadline.reset();
      state.timer_pending = true;
    }
    const bool shadowed = cpu_->interrupt_shadow();
    if (state.timer_pending && interrupts_enabled() && !shadowed) {
      state.timer_pending = false;
      if (auto stop = interrupt(kTimerVector)) return *stop;
    }
    if (steps() >= max_steps) {
      cpu_->flush();
      return end(Stop::Reason::limit, fmt::format("the limit of {} steps is reached", max_steps));
    }
    std::uint64_t limit = max_steps;
    if (state.timer_deadline) limit = std::min(limit, *state.timer_deadline - skipped_);
    if (state.timer_pending && shadowed) limit = std::min(limit, steps() + 1);
    if (schedule_) limit = std::min(limit, steps() + 1);
    const Address rip{schedule_ ? cpu_->read(Register::rip) : 0};
    const std::uint64_t before = steps();
    const CpuStop stop = cpu_->run(limit, state.timer_pending);
    if (schedule_ && steps() > before) schedule_->ran(rip);
    if (stop.cause == CpuStop::Cause::halt) {
      if (!interrupts_enabled() || !(state.timer_pending || state.timer_deadline)) {
        cpu_->flush();
        return end(Stop::Reason::halted, "halted: hlt with no interrupt that could end it");
      }
      if (!state.timer_pending) skipped_ += *state.timer_deadline - time();
    } else if (auto over = handle(stop)) {
      return *over;
    }
  }
}

std::optional<Stop> BareMachine::interrupt(std::uint8_t vector) {
  const auto delivered = deliver(vector, 0, false, EventKind::interrupt);
  if (delivered) return std::nullopt;
  cpu().flush();
  const std::string_view what = vector == kTimerVector ? "timer interrupt" : "another processor's interrupt";
  Stop stop = end(Stop::Reason::fault, fmt::format("{} (vector {}): {}", what, vector, delivered.error().message));
  stop.vector = vector;
  return stop;
}

std::optional<Stop> BareMachine::handle(const CpuStop& stop) {
  switch (stop.cause) {
    case CpuStop::Cause::limit:
    case CpuStop::Cause::interrupts_on:
    case CpuStop::Cause::requested:
    case CpuStop::Cause::halt:
    case CpuStop::Cause::system_call:  // not in ring 0
      break;                           // whoever runs the processor looks at what was asked for
    case CpuStop::Cause::log_closed:
      return end(Stop::Reason::stopped, "the recording was closed");
    case CpuStop::Cause::trap:
    case CpuStop::Cause::exception: {
      if (stop.vector == kPageFault) cpu().write(Register::cr2, stop.fault_address.value);
      const bool has_code = stop.cause == CpuStop::Cause::exception && pushes_error_code(stop.vector);
      if (exit_code_) break;  // what could not be fetched lies behind the exit
      if (const auto delivered = deliver(stop.vector, stop.error_code, has_code, EventKind::exception); !delivered) {
        cpu().log_event({EventKind::fault, stop.vector, stop.error_code, cpu().rip(), {}, {}});
        cpu().flush();
        return fault(stop, delivered.error().message);
      }
      break;
    }
    case CpuStop::Cause::failure:
      cpu().flush();
      return end(Stop::Reason::crashed, stop.detail);
  }
  return std::nullopt;
}

Result<void> BareMachine::deliver(std::uint8_t vector, std::uint32_t error_code, bool has_error_code, EventKind kind) {
  const Cpu::TableRegister idt = cpu().idt();
  Processor& state = states_[current_];
  if (std::exchange(state.delivered_at, steps()) != steps()) state.delivered = 0;
  if (++state.delivered > kDeliveriesWithoutStep)
    return Error{fmt::format("{} exceptions and interrupts came one after the other without a step between them",
                             state.delivered - 1)};
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

  const RegisterFile before = cpu().read_all();
  std::uint64_t rsp = before[Register::rsp];
  if (ist != 0) {
    // The seven interrupt stacks begin at offset 36 of the task-state segment (Intel SDM vol. 3, figure 8-11).
    const auto stack = memory_.read(cpu().task_state().base + 36 + 8ULL * (ist - 1), 8);
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
  for (unsigned i = 0; i < processors(); ++i) processor_at(i).code_changed({Address{rsp}, Address{top}});

  std::uint64_t flags = before[Register::rflags] & ~(kTrapFlag | kNestedTask | kResumeFlag);
  if (type == 0xe) flags &= ~kInterruptFlag;
  cpu().write(Register::rflags, flags);
  cpu().write(Register::rsp, rsp);
  cpu().write(Register::rip, handler);
  cpu().log_event(event);
  return {};
}

std::uint32_t BareMachine::in(std::uint16_t number, unsigned) {
  switch (number) {
    case port::kScheduler:
      if (schedule_) return schedule_->pick().value_or(port::kNoOpinion);
      return picker_ ? picker_() : port::kNoOpinion;
    case port::kClock:
      return static_cast<std::uint32_t>(time());
    case port::kProcessor:
      return current_;
    case port::kProcessors:
      return processors();
    default:
      return 0xffffffff;  // what an empty bus answers
  }
}

void BareMachine::out(std::uint16_t number, unsigned, std::uint32_t value) {
  switch (number) {
    case port::kConsole: {
      const std::string byte(1, static_cast<char>(value));
      console_ += byte;
      cpu().log_output(byte);
      break;
    }
    case port::kExit:
      exit_code_ = value;
      cpu().request_stop();
      break;
    case port::kDeadlock:
      deadlocked_ = true;
      cpu().request_stop();
      break;
    case port::kTimer:
      // The step under way is not yet counted: the interrupt comes `value` steps behind it.
      states_[current_].timer_pending = false;
      if (value == 0) {
        states_[current_].timer_deadline.reset();
      } else if (processors() > 1) {
        states_[current_].timer_deadline = time() + value;
      } else {
        states_[current_].timer_deadline = time() + 1 + value;
        cpu().request_stop();
      }
      break;
    case port::kStartRip:
      start_rip_ = Address{value};
      break;
    case port::kStartRsp:
      start_rsp_ = Address{value};
      break;
    case port::kStart:
      if (value < processors()) starts_.push_back({value, start_rip_, start_rsp_});
      break;
    case port::kInterrupt:
      if (value < processors() && states_[value].running) states_[value].interrupt_pending = true;
      break;
    default:
      break;
  }
}

}  // namespace fiberscope::emu
