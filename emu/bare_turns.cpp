// Several processors on one bare machine: whose turn it is, and what a turn is.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "emu/bare_machine.h"

namespace fiberscope::emu {

Stop BareMachine::run_turns(std::uint64_t max_steps) {
  for (;;) {
    if (processor_schedule_ && exit_code_) processor_schedule_->finish();
    if (processor_schedule_ && !processor_schedule_->error().empty()) {
      cpu().flush();
      return end(Stop::Reason::schedule, processor_schedule_->error());
    }
    if (auto stop = ended()) return *stop;
    start_processors();
    expire_timers();
    if (!turn_) {
      if (!wait_for_interrupts()) {
        cpu().flush();
        return end(Stop::Reason::halted, "halted: every processor has executed hlt, and no interrupt could end it");
      }
      // Where somebody chooses, a halted processor has no turn that could pass.
      const std::uint32_t able = turn_chooser_ || processor_schedule_ ? able_to_act() : running();
      if (processor_schedule_) {
        std::optional<Stop> over;
        turn_ = scheduled_turn(over);
        if (over) return *over;
      } else {
        turn_ = turn_chooser_ ? turn_chooser_(able) : interleaving_.next(able);
        if (*turn_ >= processors() || (able >> *turn_ & 1) == 0) {
          cpu().flush();
          return end(Stop::Reason::stopped,
                     fmt::format("the order of turns names processor {}, which does not run", *turn_));
        }
      }
      turns_ += kRound / static_cast<unsigned>(std::popcount(able));
      std::optional<Stop> stop;
      if (!begin_turn(stop)) turn_.reset();
      if (stop) return *stop;
      continue;
    }
    if (steps() >= max_steps) {
      cpu().flush();
      return end(Stop::Reason::limit, fmt::format("the limit of {} steps is reached", max_steps));
    }
    go_on_with(*turn_);
    const std::uint64_t before = steps();
    const CpuStop stop = step();
    // A stop that was asked for may come before the step.
    if (stop.cause == CpuStop::Cause::requested && steps() == before) continue;
    turn_.reset();
    states_[current_].halted = stop.cause == CpuStop::Cause::halt;
    if (auto over = handle(stop)) return *over;
  }
}

void BareMachine::go_on_with(unsigned processor) {
  if (processor == current_) return;
  Cpu& before = cpu();
  current_ = processor;
  cpu().take_over(before, processor);
}

void BareMachine::start_processors() {
  for (const Start& start : starts_) {
    if (states_[start.processor].running) continue;
    const unsigned starter = current_;
    go_on_with(start.processor);
    const Address rip_before = cpu().rip();
    RegisterFile registers = cpu().read_all();
    registers[Register::rip] = start.rip.value;
    registers[Register::rsp] = start.rsp.value;
    cpu().write_all(registers);
    states_[current_].running = true;
    cpu().log_event({EventKind::start,
                     starter,
                     0,
                     rip_before,
                     {},
                     fmt::format("processor {} is started by processor {}", start.processor, starter)});
  }
  starts_.clear();
}

void BareMachine::expire_timers() {
  for (Processor& state : states_) {
    if (!state.timer_deadline || *state.timer_deadline > time()) continue;
    state.timer_deadline.reset();
    state.timer_pending = true;
  }
}

bool BareMachine::can_interrupt(unsigned processor) const {
  return (processor_at(processor).read(Register::rflags) & (1 << 9)) != 0;  // IF
}

bool BareMachine::wait_for_interrupts() {
  std::optional<std::uint64_t> first;
  for (unsigned i = 0; i < processors(); ++i) {
    const Processor& state = states_[i];
    if (!state.running) continue;
    if (!state.halted) return true;
    if (!can_interrupt(i)) continue;
    if (state.timer_pending || state.interrupt_pending) return true;
    if (state.timer_deadline) first = std::min(first.value_or(*state.timer_deadline), *state.timer_deadline);
  }
  if (!first) return false;
  skipped_ += *first - time();
  expire_timers();
  return true;
}

std::uint32_t BareMachine::running() const {
  std::uint32_t running = 0;
  for (unsigned i = 0; i < processors(); ++i) running |= states_[i].running ? 1U << i : 0U;
  return running;
}

std::uint32_t BareMachine::able_to_act() const {
  std::uint32_t able = 0;
  for (unsigned i = 0; i < processors(); ++i) {
    const Processor& state = states_[i];
    const bool wakes = (state.timer_pending || state.interrupt_pending) && can_interrupt(i);
    if (state.running && (!state.halted || wakes)) able |= 1U << i;
  }
  return able;
}

bool BareMachine::begin_turn(std::optional<Stop>& stop) {
  const unsigned processor = *turn_;
  Processor& state = states_[processor];
  // Between the two halves of an instruction nothing is delivered.
  if (!state.reads.empty()) return true;
  const bool pending = state.timer_pending || state.interrupt_pending;
  if (pending && !processor_at(processor).interrupt_shadow() && can_interrupt(processor)) {
    go_on_with(processor);
    const bool timer = state.timer_pending;
    (timer ? state.timer_pending : state.interrupt_pending) = false;
    state.halted = false;
    stop = interrupt(timer ? kTimerVector : kProcessorVector);
    if (stop) return false;
  }
  if (state.halted) return false;
  return !read_first();
}

bool BareMachine::read_first() {
  const unsigned processor = *turn_;
  Processor& state = states_[processor];
  const Cpu& reader = processor_at(processor);
  const Address rip = reader.rip();
  const auto& access = accesses_.at(rip, memory_);
  if (!access) return false;
  const AddressRange range = access->range(reader.read_all());
  const Region* region = memory_.region_at(range.low);
  // What faults does nothing, so it is one turn.
  if (region == nullptr || !region->writable || !region->readable || range.high > region->range.high) return false;
  if (access->size == 16 && range.low.value % 16 != 0) return false;
  go_on_with(processor);
  if (processor_schedule_) processor_schedule_->took(processor, rip, region->kind != RegionKind::stack);
  state.reads_at = range.low;
  {
    const StoreBuffer::View view(state.buffer, memory_);
    state.reads = memory_.copy(range.low, range.size());
  }
  std::string value;
  for (const std::uint8_t byte : state.reads) value.insert(0, fmt::format("{:02x}", byte));
  cpu().log_event({EventKind::read,
                   access->size,
                   0,
                   rip,
                   {},
                   fmt::format("{} has read 0x{} at {}", runner(processor), value, name_of(range.low, range.size()))});
  return true;
}

CpuStop BareMachine::step() {
  Processor& state = states_[current_];
  const Address rip = cpu().rip();
  const std::uint64_t before = steps();
  CpuStop stop;
  std::vector<BufferedStore> buffered;
  {
    const StoreBuffer::View view(state.buffer, memory_);
    if (!state.reads.empty()) cpu().latch(state.reads_at, state.reads);
    stop = cpu().run(before + 1, false);
    if (store_buffers_) buffered = take_back_stores(rip);
  }
  if (!buffered.empty()) buffer_stores(buffered);
  if (stop.cause != CpuStop::Cause::requested || steps() != before) state.reads.clear();
  if (processor_schedule_ && steps() != before) processor_schedule_->took(current_, rip, true);
  for (const AddressRange& range : cpu().take_code_stores())
    for (unsigned i = 0; i < processors(); ++i)
      if (i != current_) processor_at(i).code_changed(range);
  return stop;
}

}  // namespace fiberscope::emu
