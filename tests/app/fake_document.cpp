#include "tests/app/fake_document.h"

#include <algorithm>

namespace fiberscope::app {
namespace {

using emu::Register;

core::InstructionView view_of(const FakeProgram& program, const FakeInstruction& instruction) {
  return {
      {instruction.address}, {0x90},          instruction.intel, instruction.att, program.symbol(instruction.address),
      "switch_to_context.S", instruction.line};
}

std::vector<core::RegisterChange> difference(const FakeState& before, const FakeState& after) {
  std::vector<core::RegisterChange> changes;
  for (std::size_t i = 0; i < emu::kRegisterSlots; ++i) {
    const auto reg = static_cast<Register>(i);
    if (before.registers[reg] != after.registers[reg])
      changes.push_back({reg, before.registers[reg], after.registers[reg]});
  }
  return changes;
}

std::optional<Register> register_at_end(const std::string& text, std::size_t from) {
  return emu::register_by_name(std::string_view(text).substr(std::min(from, text.size())));
}

std::optional<core::Move> move_of(const FakeInstruction& ran, const FakeState& before, const FakeState& after) {
  core::Move move;
  const std::string& text = ran.intel;
  if (!after.written.empty()) {
    const auto comma = text.find("], ");
    move.from_register = text.starts_with("call")   ? Register::rip
                         : text.starts_with("push") ? register_at_end(text, 5)
                         : text.starts_with("mov ") ? register_at_end(text, comma + 3)
                                                    : std::nullopt;
    move.to_memory = after.written.front().address;
    move.value = after.written.front().new_value;
  } else if (!after.accesses.empty()) {
    move.to_register = text == "ret"              ? Register::rip
                       : text == "leave"          ? Register::rbp
                       : text.starts_with("pop ") ? register_at_end(text, 4)
                       : text.starts_with("mov ") ? register_at_end(text.substr(0, text.find(',')), 4)
                                                  : std::nullopt;
    move.from_memory = after.accesses.front().address;
    move.value = before.memory.at(move.from_memory->value);
  }
  if (!move.from_register && !move.to_register) return std::nullopt;
  return move;
}

}  // namespace

FakeDocument::FakeDocument(std::uint64_t steps, bool recording) {
  states_.push_back(program_.start());
  timeline_.recording = recording;
  record(steps);
  if (!recording) ending_ = "exit code 0";
}

void FakeDocument::record(std::uint64_t steps) {
  for (std::uint64_t i = 0; i < steps; ++i) {
    FakeState state = states_.back();
    const std::uint64_t number = states_.size();
    const auto from = state.owner_of(state.reg(Register::rsp));
    program_.step(state, number);
    const auto to = state.owner_of(state.reg(Register::rsp));
    const bool first = to && state.threads[to->value].switches_in <= 1;
    if (from != to) {
      timeline_.switches.push_back({{number},
                                    from,
                                    to,
                                    first ? core::SwitchReason::start : core::SwitchReason::yield,
                                    "switch_to_context",
                                    {0x401200},
                                    {}});
    }
    if (from) {
      if (!timeline_.slices.empty() && timeline_.slices.back().thread == *from) {
        timeline_.slices.back().last = {number};
      } else {
        timeline_.slices.push_back({*from, {number}, {number}});
      }
    }
    states_.push_back(std::move(state));
  }
  timeline_.steps = {states_.size() - 1};
  timeline_.threads.clear();
  for (const FakeThread& thread : states_.back().threads) timeline_.threads.push_back(thread.data);
}

bool FakeDocument::refresh() {
  if (!growth_) return false;
  if (*growth_ == 0) {
    timeline_.recording = false;
    ending_ = "exit code 0";
  } else {
    record(*growth_);
  }
  growth_.reset();
  return true;
}

void FakeDocument::add_stacks(const FakeState& state) {
  const std::uint64_t rsp_now = state.registers[Register::rsp];
  for (const FakeThread& thread : state.threads) {
    core::StackView stack;
    stack.thread = thread.data.id;
    stack.range = thread.data.stack;
    stack.holds_rsp = state.owner_of(rsp_now) == thread.data.id;
    stack.rsp = stack.holds_rsp ? emu::Address{rsp_now} : thread.data.saved_rsp;
    stack.chain_complete = true;
    stack.chain_end =
        thread.frames.size() <= 2 && thread.switches_in == 0 ? core::ChainEnd::forged : core::ChainEnd::entry;
    for (std::size_t i = 0; i < thread.frames.size(); ++i) {
      core::Frame frame;
      frame.function = thread.frames[i].function;
      frame.frame_base = {thread.frames[i].base};
      const std::uint64_t low = i + 1 < thread.frames.size() ? thread.frames[i + 1].base : stack.rsp.value;
      frame.cells = {{low}, {thread.frames[i].base}};
      const auto* inner = i + 1 < thread.frames.size() ? &thread.frames[i + 1] : nullptr;
      const auto at = inner == nullptr ? std::optional<std::uint64_t>(state.registers[Register::rip])
                                       : std::optional<std::uint64_t>(state.memory.at(inner->base - 8));
      frame.rip = {*at};
      stack.frames.push_back(frame);
    }
    std::uint64_t lowest = stack.rsp.value;
    for (const auto& [address, value] : state.memory) {
      if (stack.range.contains({address})) {
        lowest = std::min(lowest, address);
        break;
      }
    }
    for (const core::MemoryAccess& access : snapshot_.next_accesses) {
      if (access.is_write && stack.range.contains(access.address)) lowest = std::min(lowest, access.address.value);
    }
    for (std::uint64_t address = stack.range.high.value - 8; address >= lowest && address >= stack.range.low.value;
         address -= 8) {
      core::Cell cell;
      cell.address = {address};
      const auto value = state.memory.find(address);
      cell.value = value == state.memory.end() ? 0 : value->second;
      if (const auto label = state.labels.find(address); label != state.labels.end()) {
        cell.role = label->second.role;
        cell.symbol = label->second.symbol;
        cell.owner = label->second.owner;
      }
      if (value == state.memory.end()) cell.role = core::CellRole::never_written;
      cell.live = address >= stack.rsp.value;
      for (std::size_t i = 0; i < stack.frames.size() && cell.live; ++i) {
        if (stack.frames[i].cells.contains(cell.address)) cell.frame = static_cast<std::uint32_t>(i);
      }
      if (const auto at = state.written_at.find(address); at != state.written_at.end() && at->second > 0) {
        cell.written_at = core::StepIndex{at->second};
      }
      stack.cells.push_back(cell);
    }
    stack.omitted = (stack.range.size() / 8) - stack.cells.size();
    snapshot_.stacks.push_back(std::move(stack));
  }
}

const core::Snapshot& FakeDocument::snapshot(core::StepIndex cursor) {
  ++snapshots_made;
  cursor = std::min(cursor, timeline_.steps);
  const FakeState& state = states_[cursor.value];
  snapshot_ = {};
  snapshot_.step = cursor;
  snapshot_.steps = timeline_.steps;
  snapshot_.registers = state.registers;
  snapshot_.on_cpu = snapshot_.rsp_thread = state.owner_of(state.registers[Register::rsp]);
  snapshot_.rbp_thread = state.owner_of(state.registers[Register::rbp]);
  snapshot_.written = state.written;
  snapshot_.accesses = state.accesses;
  snapshot_.console = state.console;
  if (cursor.value > 0) {
    const FakeState& before = states_[cursor.value - 1];
    const FakeInstruction* ran = program_.at(before.registers[Register::rip]);
    snapshot_.thread = before.owner_of(before.registers[Register::rsp]);
    snapshot_.instruction = view_of(program_, *ran);
    snapshot_.caption = {ran->intel, ran->sentence};
    snapshot_.changed = difference(before, state);
    snapshot_.moved = move_of(*ran, before, state);
  }
  if (const FakeInstruction* next = program_.at(state.registers[Register::rip])) {
    snapshot_.next = view_of(program_, *next);
    FakeState after = state;
    program_.step(after, cursor.value + 1);
    snapshot_.next_accesses = after.accesses;
  }
  for (const core::Switch& change : timeline_.switches) {
    if (change.step != cursor) continue;
    snapshot_.switched = change;
    for (auto other = timeline_.switches.rbegin(); other != timeline_.switches.rend(); ++other) {
      if (other->step >= cursor || other->from != change.to) continue;
      snapshot_.compared_with = other->step - 1;
      snapshot_.changed_for_thread = difference(states_[other->step.value - 1], state);
      break;
    }
  }
  for (const FakeThread& thread : state.threads) {
    core::ThreadView view;
    view.thread = thread.data;
    view.switches_in = thread.switches_in;
    view.state = thread.data.state;
    const bool parked = state.owner_of(state.registers[Register::rsp]) != thread.data.id;
    if (parked && view.state != core::ThreadState::finished) view.parked_rsp = thread.data.saved_rsp;
    snapshot_.threads.push_back(std::move(view));
  }
  add_stacks(state);
  return snapshot_;
}

std::vector<core::CodeRow> FakeDocument::rows(const std::string& function, core::StepIndex cursor,
                                              core::Syntax syntax) const {
  const std::uint64_t rip = states_[cursor.value].registers[Register::rip];
  const std::uint64_t ran = cursor.value > 0 ? states_[cursor.value - 1].registers[Register::rip] : 0;
  std::vector<core::CodeRow> rows;
  for (const FakeInstruction* instruction : program_.function(function)) {
    if (!instruction->source.empty()) {
      rows.push_back({core::CodeRow::Kind::source,
                      instruction->line,
                      instruction->source,
                      {instruction->address},
                      "",
                      "",
                      false,
                      false});
    }
    const std::string& text = syntax == core::Syntax::intel ? instruction->intel : instruction->att;
    const auto blank = text.find(' ');
    rows.push_back({core::CodeRow::Kind::instruction,
                    instruction->line,
                    "",
                    {instruction->address},
                    text.substr(0, blank),
                    blank == std::string::npos ? "" : text.substr(blank + 1),
                    instruction->address == ran,
                    instruction->address == rip});
  }
  return rows;
}

core::CodeView FakeDocument::code(core::StepIndex cursor, core::Syntax syntax) {
  return code_at({states_[std::min(cursor, timeline_.steps).value].registers[Register::rip]}, cursor, syntax);
}

core::CodeView FakeDocument::code_at(emu::Address address, core::StepIndex cursor, core::Syntax syntax) {
  const FakeInstruction* instruction = program_.at(address.value);
  core::CodeView view;
  view.syntax = syntax;
  if (instruction == nullptr) return view;
  view.function = instruction->function;
  view.file = "switch_to_context.S";
  view.rows = rows(instruction->function, std::min(cursor, timeline_.steps), syntax);
  return view;
}

core::FigureData FakeDocument::figure(core::StepIndex cursor) {
  core::FigureData data;
  data.cursor = cursor;
  for (const core::ThreadView& thread : snapshot(cursor).threads)
    data.changes.push_back(
        {{1}, thread.thread.id, core::ThreadState::init, thread.thread.state, {{0}}, "thread_yield"});
  for (const core::ThreadView& thread : snapshot(cursor).threads)
    data.regions.push_back({thread.thread.name, emu::RegionKind::stack, thread.thread.stack, true, true, false});
  return data;
}

std::optional<core::StepIndex> FakeDocument::last_write(emu::Address address, std::uint32_t size,
                                                        core::StepIndex cursor) {
  std::optional<core::StepIndex> latest;
  for (const auto& [at, step] : states_[cursor.value].written_at) {
    if (at + 8 > address.value && at < address.value + size && step > 0) latest = core::StepIndex{step};
  }
  return latest;
}

std::optional<core::StepIndex> FakeDocument::last_write(Register reg, core::StepIndex cursor) {
  for (std::uint64_t step = cursor.value; step > 0; --step) {
    if (states_[step].registers[reg] != states_[step - 1].registers[reg]) return core::StepIndex{step};
  }
  return std::nullopt;
}

core::StepSearch FakeDocument::find(const std::string& text, core::StepIndex first, core::StepIndex last,
                                    const std::function<bool()>& go_on) {
  for (core::StepIndex step = first; step <= last; step = step + 1) {
    const FakeInstruction& ran = *program_.at(states_[step.value - 1].registers[Register::rip]);
    const bool entered = program_.symbol(ran.address) == ran.function && ran.function.find(text) != std::string::npos;
    ++portions_searched;
    if (entered || ran.intel.find(text) != std::string::npos) return {step, step + 1};
    if (!go_on()) return {std::nullopt, step + 1};
  }
  return {std::nullopt, last + 1};
}

}  // namespace fiberscope::app
