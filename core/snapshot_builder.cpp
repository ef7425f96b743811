#include "core/snapshot_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/caption.h"
#include "core/cost_comparison.h"
#include "core/event_names.h"
#include "core/rsp_place.h"
#include "core/thread_standing.h"
#include "emu/cell_name.h"

namespace fiberscope::core {
namespace {

using emu::Address;
using emu::Register;

constexpr std::uint64_t kInterruptFrameSize = 40;  // rip, cs, rflags, rsp, ss (Intel SDM vol. 3, figure 6-9)
constexpr std::uint64_t kLongestSwitch = 64;       // steps from a routine's first instruction to its load of rsp

/// The memory operands as plain accesses with these registers; a repeated string instruction covers so many elements.
std::vector<MemoryAccess> accesses_of(const DecodedStep& code, const emu::RegisterFile& before,
                                      std::uint64_t elements) {
  std::vector<MemoryAccess> accesses;
  const auto add = [&](const std::vector<emu::AddressRange>& ranges, bool is_write) {
    for (const emu::AddressRange& range : ranges)
      accesses.push_back(
          {range.low, static_cast<std::uint32_t>(std::min<std::uint64_t>(range.size(), UINT32_MAX)), is_write});
  };
  add(code.read_ranges(before, elements), false);
  add(code.write_ranges(before, elements), true);
  return accesses;
}

/// A step without the events behind it.
struct StepAlone {
  emu::RegisterFile after;
  std::vector<RegisterChange> changed;
  std::vector<MemoryChange> written;
};

StepAlone without_events(const StepEffects& effects, const emu::RegisterFile& before) {
  StepAlone alone;
  const auto registers = effects.own_registers();
  const auto memory = effects.own_memory();
  alone.changed.assign(registers.begin(), registers.end());
  alone.written.assign(memory.begin(), memory.end());
  alone.after = before;
  for (const RegisterChange& change : alone.changed) alone.after[change.reg] = change.new_value;
  alone.after[Register::rip] = effects.rip_alone();
  return alone;
}

/// What the step moved, if that is what it is for: the addresses are those of the registers before it.
std::optional<Move> move_of(const emu::Instruction& instruction, const emu::RegisterFile& before,
                            const StepAlone& alone) {
  const Address next = instruction.address + instruction.size;
  Move move;
  if (instruction.transfer) {
    const emu::Transfer& transfer = *instruction.transfer;
    move.from_register = transfer.from_register;
    move.to_register = transfer.to_register;
    move.size = transfer.size;
    if (transfer.from_memory) move.from_memory = emu::effective_address(*transfer.from_memory, before, next);
    if (transfer.to_memory) move.to_memory = emu::effective_address(*transfer.to_memory, before, next);
  } else if (instruction.memory.empty()) {
    return std::nullopt;  // a far call or return is no single value
  } else if (instruction.flow == emu::Flow::call) {
    move.from_register = Register::rip;
    move.to_memory = Address{alone.after[Register::rsp]};
  } else if (instruction.flow == emu::Flow::ret) {
    move.from_memory = Address{before[Register::rsp]};
    move.to_register = Register::rip;
  } else {
    return std::nullopt;
  }
  if (move.to_register) {
    move.value = alone.after[*move.to_register];
    return move;
  }
  const auto written = std::find_if(alone.written.begin(), alone.written.end(),
                                    [&](const MemoryChange& change) { return change.address == *move.to_memory; });
  if (written == alone.written.end() || written->size != move.size) return std::nullopt;
  move.value = written->new_value;
  return move;
}

}  // namespace

std::string instruction_text(const std::string& mnemonic, const std::string& operands) {
  return operands.empty() ? mnemonic : mnemonic + " " + operands;
}

SnapshotBuilder::SnapshotBuilder(Trace& trace, const Scenario* scenario, std::string language)
    : trace_(trace),
      scenario_(scenario),
      language_(std::move(language)),
      table_(ThreadSource::find(trace.image(), trace.state_at(StepIndex{0}).memory)),
      stacks_(trace) {
  if (trace.meta("memory") != "tso") return;
  if (const auto mirrors = trace.image().symbol(emu::StoreBuffer::kSymbol)) store_buffers_ = mirrors->address;
}

InstructionView SnapshotBuilder::view_of(const emu::Instruction& instruction,
                                         std::span<const std::uint8_t> bytes) const {
  InstructionView view;
  view.address = instruction.address;
  view.bytes.assign(bytes.begin(), bytes.begin() + instruction.size);
  view.intel = instruction_text(instruction.intel_mnemonic, instruction.intel_operands);
  view.att = instruction_text(instruction.att_mnemonic, instruction.att_operands);
  view.symbol = emu::symbolized(trace_.image(), instruction.address);
  if (const auto line = trace_.debug().line_at(instruction.address)) {
    view.file = line->file;
    view.line = line->line;
  }
  return view;
}

Snapshot SnapshotBuilder::build(StepIndex cursor) {
  Snapshot snapshot;
  snapshot.steps = trace_.steps();
  snapshot.step = std::min(cursor, snapshot.steps);
  snapshot.cpu = trace_.cpu_of_step(snapshot.step);
  if (snapshot.step < snapshot.steps) snapshot.next_cpu = trace_.cpu_of_step(snapshot.step + 1);
  snapshot.thread = snapshot.step.value == 0 ? std::nullopt : trace_.thread_of_step(snapshot.step);

  emu::RegisterFile before;
  StepAlone alone;
  const emu::Instruction* instruction = nullptr;
  if (snapshot.step.value > 0) {
    before = trace_.state_before(snapshot.step).registers;
    const StepEffects& effects = trace_.effects_of(snapshot.step);
    const StepTemplate& step = trace_.templates()[effects.instruction];
    snapshot.changed = effects.registers_of(effects.cpu);
    if (effects.rip_after != effects.rip_before)
      snapshot.changed.push_back({Register::rip, effects.rip_before, effects.rip_after});
    std::stable_sort(snapshot.changed.begin(), snapshot.changed.end(),
                     [](const RegisterChange& a, const RegisterChange& b) { return a.reg < b.reg; });
    for (const MemoryChange& change : effects.memory)
      if (!trace_.is_hidden(change.address)) snapshot.written.push_back(change);
    alone = without_events(effects, before);
    const std::span<const std::uint8_t> bytes(step.bytes.data(), step.size);
    const DecodedStep& code = trace_.decoded(effects.instruction);
    if (code.instruction) {
      instruction = &*code.instruction;
      snapshot.instruction = view_of(*instruction, bytes);
      snapshot.accesses = accesses_of(code, before, code.elements(before[Register::rcx], alone.after[Register::rcx]));
      snapshot.moved = move_of(*instruction, before, alone);
    } else {
      snapshot.instruction.emplace();
      snapshot.instruction->address = Address{step.address};
      snapshot.instruction->bytes.assign(bytes.begin(), bytes.end());
      snapshot.instruction->intel = snapshot.instruction->att = "(bad)";
    }
  }

  add_threads(snapshot);
  find_leaves(snapshot);
  const MachineState& state = trace_.state_at(snapshot.step);
  snapshot.registers = state.registers;
  snapshot.space = trace_.space_at(snapshot.step);
  add_next(snapshot, state);
  add_stacks(snapshot, state);
  if (table_ && !snapshot.rsp_thread && !snapshot.threads.empty()) snapshot.rsp_place = rsp_place(trace_, state);
  if (trace_.processors() > 1) add_processors(snapshot);
  for (const EventRecord& record : trace_.events_behind(snapshot.step))
    snapshot.events.push_back({std::string(event_name(record.event.kind)), record.text});
  snapshot.console = trace_.output_until(snapshot.step);

  if (const Switch* last = trace_.last_switch(snapshot.step, snapshot.cpu)) {
    snapshot.before_last_switch = last->from;
    if (last->step == snapshot.step) snapshot.switched = *last;
  }
  if (instruction) {
    const auto symbol = trace_.image().symbol_at(instruction->address);
    const Address rip{alone.after[Register::rip]};
    const std::string target = emu::symbolized(trace_.image(), rip);
    const CaptionContext context{before,
                                 alone.after,
                                 alone.changed,
                                 alone.written,
                                 target.empty() ? fmt::format("{:x}", rip.value) : target,
                                 &*instruction,
                                 snapshot.instruction->att,
                                 symbol ? symbol->name : std::string(),
                                 symbol ? coming_switch(snapshot.step, *symbol) : std::nullopt,
                                 trace_.thread_at(StepIndex{}),
                                 symbol && is_back(snapshot, *instruction, before, symbol->name)};
    snapshot.caption = make_caption(snapshot, context, scenario_, language_);
  } else if (snapshot.step.value == 0) {
    const bool has_summary = scenario_ != nullptr && scenario_->summary;
    snapshot.caption.sentence = has_summary ? scenario_->summary->in(language_) : "The start: nothing has run yet.";
  }
  // Questions that move the trace come last: the state above is gone after them.
  if (table_) add_standings(trace_, *table_, scenario_, leaves_, snapshot);
  if (!looks_back_) add_lost_updates(snapshot);
  if (snapshot.switched) compare_with_thread(snapshot);
  add_times(snapshot);
  if (!looks_back_) add_rewritten(snapshot);
  return snapshot;
}

void SnapshotBuilder::add_next(Snapshot& snapshot, const MachineState& state) {
  const Address rip{state.registers[Register::rip]};
  const std::vector<std::uint8_t> bytes = state.memory.copy(rip, emu::kMaxInstructionSize);
  const emu::Region* region = state.memory.region_at(rip);
  if (region == nullptr || !region->executable) return;
  const DecodedStep next = decode_step(disassembler_, rip, bytes);
  if (!next.instruction) return;
  snapshot.next = view_of(*next.instruction, bytes);
  const emu::RegisterFile& before = state.registers;
  snapshot.next_accesses = accesses_of(next, before, next.elements(before[Register::rcx], 0));
}

void SnapshotBuilder::add_threads(Snapshot& snapshot) {
  if (!table_) return;
  const MachineState& state = trace_.state_at(snapshot.step);
  const std::vector<Thread> threads = table_->read(state.memory);
  const Address rsp{state.registers[Register::rsp]};
  snapshot.rsp_thread = table_->owner(threads, state.memory, rsp, trace_.thread_at(snapshot.step));
  snapshot.rbp_thread = table_->owner(threads, state.memory, Address{state.registers[Register::rbp]});
  snapshot.on_cpu = snapshot.rsp_thread;
  for (const Thread& thread : threads) {
    ThreadView view;
    view.thread = thread;
    view.switches_in = trace_.switches_in(thread.id, snapshot.step);
    snapshot.threads.push_back(std::move(view));
  }
  lowest_.clear();
  for (const Thread& thread : threads)
    lowest_[thread.id] = trace_.lowest_write(thread.stack, snapshot.step, space_of(thread));
}

void SnapshotBuilder::find_leaves(const Snapshot& snapshot) {
  leaves_.clear();
  unborn_.clear();
  for (const ThreadView& view : snapshot.threads) {
    const Thread& thread = view.thread;
    if (cpu_that_runs(snapshot, thread.id)) continue;
    const Switch* leave = trace_.last_leave(thread.id, snapshot.step);
    const bool kernels = table_->is_kernels();
    if (leave == nullptr && kernels && thread.state != ThreadState::finished && thread.state != ThreadState::running)
      unborn_.emplace(thread.id, registers_at_birth(thread));
    if (leave == nullptr || leave->step.value == 0) continue;
    const auto key = std::tuple(leave->step, thread.stack.low, thread.stack.high);
    const auto known = left_with_.find(key);
    const emu::RegisterFile& registers =
        known != left_with_.end() ? known->second
                                  : left_with_.emplace(key, registers_at_leave(*leave, thread.stack)).first->second;
    const Address rsp{registers[Register::rsp]};
    if (thread.stack.contains(rsp) || rsp == thread.stack.high) leaves_.emplace(thread.id, &registers);
  }
}

std::optional<std::uint32_t> SnapshotBuilder::space_of(const Thread& thread) const {
  return table_ && table_->is_kernels() ? std::optional(thread.space) : std::nullopt;
}

std::optional<std::uint32_t> SnapshotBuilder::space_of(const Snapshot& snapshot, ThreadId thread) const {
  for (const ThreadView& view : snapshot.threads)
    if (view.thread.id == thread) return space_of(view.thread);
  return std::nullopt;
}

std::optional<CpuId> SnapshotBuilder::cpu_that_runs(const Snapshot& snapshot, ThreadId thread) const {
  if (snapshot.rsp_thread == thread) return snapshot.cpu;
  for (std::size_t i = 0; i < trace_.processors() && trace_.processors() > 1; ++i) {
    const CpuId cpu{static_cast<std::uint16_t>(i)};
    if (cpu != snapshot.cpu && trace_.thread_at(snapshot.step, cpu) == thread) return cpu;
  }
  return std::nullopt;
}

emu::RegisterFile SnapshotBuilder::registers_at_birth(const Thread& thread) {
  StepIndex born;
  for (const ThreadRecord& record : trace_.threads())
    if (record.thread.id == thread.id) born = record.first_seen;
  emu::RegisterFile registers = trace_.state_at(born).registers;
  registers[Register::rsp] = thread.saved_rsp.value;
  registers[Register::rip] = thread.resume.value;
  registers[Register::rax] = 0;
  return registers;
}

emu::RegisterFile SnapshotBuilder::registers_at_leave(const Switch& entry, emu::AddressRange stack) {
  const StepIndex leave = entry.step;
  emu::RegisterFile before = trace_.state_at(leave - 1, entry.cpu).registers;
  // An event took rsp away, behind a step of another processor.
  if (trace_.cpu_of_step(leave) != entry.cpu) return before;
  // Where an interrupt took rsp away, the step before it still was the thread's own.
  const StepEffects& effects = trace_.effects_of(leave);
  const emu::RegisterFile after = without_events(effects, before).after;
  // Behind the system call that ends a signal handler there is no code that anything is known of.
  const bool is_code = trace_.debug().unwind_row(Address{after[Register::rip]}) != nullptr;
  if (stack.contains(Address{after[Register::rsp]})) return is_code ? after : before;
  // An iretq that took the last frame left nothing behind.
  const std::optional<emu::Instruction>& instruction = trace_.decoded(effects.instruction).instruction;
  const Address behind_frame{before[Register::rsp] + kInterruptFrameSize};
  if (instruction && instruction->flow == emu::Flow::interrupt_return && behind_frame == stack.high)
    before[Register::rsp] = behind_frame.value;
  return before;
}

void SnapshotBuilder::add_stacks(Snapshot& snapshot, const MachineState& state) {
  for (const ThreadView& view : snapshot.threads) {
    const Thread& thread = view.thread;
    if (thread.stack.empty() || state.memory.region_at(thread.stack.low) == nullptr) continue;
    // A task that has ended left its stack to nobody.
    if (space_of(thread) && thread.state == ThreadState::finished && snapshot.rsp_thread != thread.id) continue;
    const std::optional<CpuId> runs_on = cpu_that_runs(snapshot, thread.id);
    std::optional<Address>& lowest = lowest_.at(thread.id);
    for (const MemoryAccess& access : snapshot.next_accesses) {
      const bool meets = access.address < thread.stack.high && thread.stack.low < access.address + access.size;
      if (!access.is_write || !meets) continue;
      const Address low = std::max(access.address, thread.stack.low);
      lowest = lowest ? std::min(*lowest, low) : low;
    }
    const auto leave = leaves_.find(thread.id);
    const emu::RegisterFile* left_with = leave == leaves_.end() ? nullptr : leave->second;
    if (const auto unborn = unborn_.find(thread.id); unborn != unborn_.end()) left_with = &unborn->second;
    if (runs_on) trace_.state_at(snapshot.step, *runs_on);
    const Trace::Look look(trace_, space_of(thread));
    snapshot.stacks.push_back(stacks_.build(thread, runs_on.has_value(), state, lowest, left_with));
    snapshot.stacks.back().cpu = runs_on.value_or(CpuId{});
  }
  trace_.state_at(snapshot.step);
}

void SnapshotBuilder::add_processors(Snapshot& snapshot) {
  StepEffects effects;
  if (snapshot.step.value > 0) effects = trace_.effects_of(snapshot.step);
  for (std::size_t i = 0; i < trace_.processors(); ++i) {
    ProcessorView view;
    view.cpu = CpuId{static_cast<std::uint16_t>(i)};
    view.changed = effects.registers_of(view.cpu);
    std::stable_sort(view.changed.begin(), view.changed.end(),
                     [](const RegisterChange& a, const RegisterChange& b) { return a.reg < b.reg; });
    const MachineState& state = trace_.state_at(snapshot.step, view.cpu);
    view.registers = state.registers;
    view.running = state.registers[Register::rip] != 0;
    view.thread = trace_.thread_at(snapshot.step, view.cpu);
    Snapshot next;
    add_next(next, state);
    view.next = std::move(next.next);
    snapshot.store_buffers = store_buffers_.has_value();
    if (store_buffers_)
      for (const emu::BufferedStore& store : emu::StoreBuffer::from_mirror(
               state.memory, *store_buffers_ + std::uint64_t{emu::StoreBuffer::kMirrorSize} * i))
        view.stores.push_back({store, emu::cell_name(trace_.image(), trace_.debug(), store.address, store.size)});
    snapshot.cpus.push_back(std::move(view));
  }
  trace_.state_at(snapshot.step);
}

void SnapshotBuilder::compare_with_thread(Snapshot& snapshot) {
  const Switch* left = snapshot.switched->to ? trace_.last_leave(*snapshot.switched->to, snapshot.step - 1) : nullptr;
  if (left == nullptr) return;
  // At the step of its leaving, rsp was already gone: its own last state is the one before.
  snapshot.compared_with = left->step - 1;
  const emu::RegisterFile& then = trace_.state_at(left->step - 1, left->cpu).registers;
  for (std::size_t i = 0; i < emu::kRegisterSlots; ++i) {
    if (then.slots[i] == snapshot.registers.slots[i]) continue;
    snapshot.changed_for_thread.push_back({static_cast<Register>(i), then.slots[i], snapshot.registers.slots[i]});
  }
}

std::optional<Switch> SnapshotBuilder::coming_switch(StepIndex cursor, const emu::Symbol& function) {
  const Switch* next = trace_.next_switch(cursor, trace_.cpu_of_step(cursor));
  if (next == nullptr || next->at != function.name || next->step.value - cursor.value > kLongestSwitch)
    return std::nullopt;
  for (StepIndex step = cursor + 1; step < next->step; step = step + 1) {
    if (trace_.cpu_of_step(step) != next->cpu) continue;
    const emu::Address at{trace_.templates()[trace_.effects_of(step).instruction].address};
    if (at < function.address || at >= function.address + function.size) return std::nullopt;
  }
  return *next;
}

/// By the cell of the return address: the call that wrote it was before the thread last got the CPU.
bool SnapshotBuilder::is_back(const Snapshot& snapshot, const emu::Instruction& instruction,
                              const emu::RegisterFile& before, const std::string& function) {
  const Switch* arrival = trace_.last_switch(snapshot.step, snapshot.cpu);
  if (arrival == nullptr || !arrival->to || arrival->to != snapshot.thread) return false;
  // At its first arrival a new thread comes back to nothing: its first frame was built by hand.
  const bool is_first = trace_.switches_in(*arrival->to, arrival->step) == 1;
  if (is_first && arrival->to != trace_.thread_at(StepIndex{})) return false;
  std::optional<Address> cell;
  if (instruction.flow == emu::Flow::ret) cell = Address{before[Register::rsp]};
  for (const StackView& stack : snapshot.stacks) {
    if (cell || stack.thread != *arrival->to) continue;
    for (const Frame& frame : stack.frames)
      if (frame.function == function && frame.return_address) cell = frame.frame_base - sizeof(std::uint64_t);
  }
  if (!cell) return false;
  const auto entered = trace_.last_write(*cell, sizeof(std::uint64_t), snapshot.step, space_of(snapshot, *arrival->to));
  return entered && *entered < arrival->step;
}

void SnapshotBuilder::add_lost_updates(Snapshot& snapshot) {
  if (scenario_ == nullptr || scenario_->watch.updates.empty() || !trace_.stop()) return;
  if (trace_.steps().value > kMostCountedSteps) return;
  if (!lost_updates_) lost_updates_ = find_lost_updates(trace_, scenario_->watch.updates);
  const auto name = [&](ThreadId id) {
    for (const ThreadView& view : snapshot.threads)
      if (view.thread.id == id) return view.thread.name;
    return fmt::format("thread {}", id.value);
  };
  for (const LostUpdate& update : *lost_updates_) {
    if (!update.is_at(snapshot.step)) continue;
    snapshot.lost_updates.push_back(update);
    std::string& text = snapshot.caption.sentence;
    text = sentence(update, snapshot.step, name) + (text.empty() ? "" : " ") + text;
  }
}

void SnapshotBuilder::add_times(Snapshot& snapshot) {
  for (StackView& stack : snapshot.stacks) {
    const std::optional<std::uint32_t> space = space_of(snapshot, stack.thread);
    for (Cell& cell : stack.cells) {
      cell.written_at = trace_.last_write(cell.address, cell.size, snapshot.step, space);
      if (!cell.written_at && cell.role == CellRole::padding) cell.role = CellRole::never_written;
    }
  }
}

bool SnapshotBuilder::is_call(StepIndex step) {
  const DecodedStep& code = trace_.decoded(trace_.effects_of(step).instruction);
  return code.instruction && code.instruction->flow == emu::Flow::call;
}

/// Only where a call had pushed another address into the cell, and that was still to be returned to when the step wrote
/// it: a first frame that is built by hand lies on no chain before.
std::optional<RewrittenReturn> SnapshotBuilder::rewritten_by(ThreadId thread, const Cell& cell, StepIndex step,
                                                             std::optional<std::uint32_t> space) {
  if (step.value == 0 || is_call(step)) return std::nullopt;
  const auto pushed = trace_.last_write(cell.address, cell.size, step - 1, space);
  if (!pushed || pushed->value == 0 || !is_call(*pushed)) return std::nullopt;
  looks_back_ = true;
  const Snapshot before = build(step - 1);
  looks_back_ = false;
  for (const StackView& stack : before.stacks) {
    if (stack.thread != thread) continue;
    for (const Cell& old : stack.cells)
      if (old.address == cell.address && old.role == CellRole::return_address && old.value != cell.value)
        return RewrittenReturn{step, old.value, old.symbol};
  }
  return std::nullopt;
}

void SnapshotBuilder::add_rewritten(Snapshot& snapshot) {
  for (StackView& stack : snapshot.stacks) {
    const std::optional<std::uint32_t> space = space_of(snapshot, stack.thread);
    for (Cell& cell : stack.cells) {
      if (cell.role != CellRole::return_address || !cell.written_at) continue;
      const auto key = std::tuple(*cell.written_at, cell.address, stack.thread);
      const auto known = rewritten_.find(key);
      if (known != rewritten_.end()) {
        cell.rewritten = known->second;
      } else {
        cell.rewritten = rewritten_[key] = rewritten_by(stack.thread, cell, *cell.written_at, space);
      }
    }
  }
}

}  // namespace fiberscope::core
