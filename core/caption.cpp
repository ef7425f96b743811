#include "core/caption.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/event_names.h"
#include "core/snapshot_builder.h"
#include "emu/shown_name.h"

namespace fiberscope::core {
namespace {

using emu::Address;
using emu::Register;

std::string hex(std::uint64_t value) {
  return fmt::format("{:x}", value);
}

const ThreadView* thread_view(const Snapshot& snapshot, std::optional<ThreadId> id) {
  if (!id) return nullptr;
  const auto found = std::find_if(snapshot.threads.begin(), snapshot.threads.end(),
                                  [&](const ThreadView& view) { return view.thread.id == *id; });
  return found == snapshot.threads.end() ? nullptr : &*found;
}

std::string thread_name(const Snapshot& snapshot, std::optional<ThreadId> id) {
  const ThreadView* view = thread_view(snapshot, id);
  return view == nullptr ? "no thread" : view->thread.name;
}

const StackView* stack_of(const Snapshot& snapshot, std::optional<ThreadId> id) {
  if (!id) return nullptr;
  const auto found = std::find_if(snapshot.stacks.begin(), snapshot.stacks.end(),
                                  [&](const StackView& stack) { return stack.thread == *id; });
  return found == snapshot.stacks.end() ? nullptr : &*found;
}

const Cell* cell_at(const Snapshot& snapshot, Address address) {
  for (const StackView& stack : snapshot.stacks)
    for (const Cell& cell : stack.cells)
      if (cell.address == address) return &cell;
  return nullptr;
}

/// What the one value that a step moved was, and where.
struct Moved {
  std::string reg;
  std::optional<std::uint64_t> value;
  std::optional<Address> cell;
};

Moved moved_by(const CaptionContext& context) {
  Moved moved;
  const emu::Instruction& instruction = *context.instruction;
  if (!context.written.empty()) {
    moved.cell = context.written.front().address;
    moved.value = context.written.front().new_value;
  } else if (!instruction.memory.empty()) {
    const emu::MemoryOperand& operand = instruction.memory.front();
    moved.cell = emu::effective_address(operand, context.before, instruction.address + instruction.size);
  }
  if (instruction.transfer) {
    const emu::Transfer& transfer = *instruction.transfer;
    if (transfer.to_register) {
      moved.reg = emu::register_name(*transfer.to_register);
      moved.value = context.after[*transfer.to_register];
    } else if (transfer.from_register) {
      moved.reg = emu::register_name(*transfer.from_register);
    }
  } else if (!moved.value && !context.changed.empty()) {
    moved.reg = emu::register_name(context.changed.front().reg);
    moved.value = context.changed.front().new_value;
  }
  return moved;
}

/// From whom to whom: during a switch before rsp is loaded by what is about to be loaded, or by what the run then did;
/// after it by the last switch.
struct Parties {
  std::optional<ThreadId> from;
  std::optional<ThreadId> to;
};

Parties parties(const Snapshot& snapshot, const CaptionContext& context) {
  if (snapshot.switched) return {snapshot.switched->from, snapshot.switched->to};
  // rsi carries the stack pointer that will be loaded (asm/runtime/switch_to_context.S).
  const Address loaded{context.after[Register::rsi]};
  std::vector<Thread> threads;
  for (const ThreadView& view : snapshot.threads) threads.push_back(view.thread);
  const Address rsp{context.after[Register::rsp]};
  for (const Thread& thread : threads)
    if (thread.stack.contains(loaded) && !thread.stack.contains(rsp)) return {snapshot.on_cpu, thread.id};
  // Another routine may find it elsewhere, in a context say.
  if (context.coming) return {context.coming->from, context.coming->to};
  return {snapshot.before_last_switch, snapshot.on_cpu};
}

CaptionMoment moment_of(const Snapshot& snapshot, const CaptionContext& context) {
  CaptionMoment moment;
  const std::optional<ThreadId> to = parties(snapshot, context).to;
  if (const ThreadView* view = thread_view(snapshot, to); view != nullptr && to != context.first_thread)
    moment.first_run = view->switches_in <= (to == snapshot.on_cpu ? 1U : 0U);
  if (const StackView* stack = stack_of(snapshot, snapshot.thread))
    moment.interrupted =
        std::any_of(stack->frames.begin(), stack->frames.end(), [](const Frame& frame) { return frame.is_signal; });
  moment.back = context.back;
  return moment;
}

std::string owner_text(const Snapshot& snapshot, const Moved& moved) {
  const auto owner_in = [&](const StackView* stack) -> std::string {
    if (stack == nullptr || !moved.cell) return {};
    const auto found = std::find_if(stack->cells.begin(), stack->cells.end(),
                                    [&](const Cell& cell) { return cell.address == *moved.cell; });
    return found == stack->cells.end() ? std::string() : found->owner;
  };
  const std::string owner = owner_in(stack_of(snapshot, snapshot.thread));
  return !owner.empty() ? owner : "unnamed";
}

std::string caller_of(const Snapshot& snapshot, const std::string& function) {
  const StackView* stack = stack_of(snapshot, snapshot.thread);
  if (stack == nullptr) return {};
  // Frames run from the outermost to the innermost: the caller stands before the function's own.
  for (std::size_t i = stack->frames.size(); i-- > 1;)
    if (stack->frames[i].function == function) return stack->frames[i - 1].function;
  return stack->frames.empty() ? std::string() : stack->frames.back().function;
}

std::string fill(const std::string& text, const Snapshot& snapshot, const CaptionContext& context) {
  const Moved moved = moved_by(context);
  return fill_placeholders(text, [&](std::string_view name) -> std::string {
    if (name == "rsp") return hex(context.after[Register::rsp]);
    if (name == "rbp") return hex(context.after[Register::rbp]);
    if (name == "register") return moved.reg;
    if (name == "value") return moved.value ? hex(*moved.value) : "?";
    if (name == "cell") return moved.cell ? hex(moved.cell->value) : "?";
    if (name == "owner") return owner_text(snapshot, moved);
    if (name == "thread") return thread_name(snapshot, snapshot.thread);
    if (name == "from") return thread_name(snapshot, parties(snapshot, context).from);
    if (name == "to") return thread_name(snapshot, parties(snapshot, context).to);
    if (name == "function") return emu::short_name(emu::shown_name(context.function));
    if (name == "caller") return emu::short_name(caller_of(snapshot, emu::shown_name(context.function)));
    if (name == "return") return emu::short_name(context.target);
    return "?";
  });
}

std::string cell_name(const Snapshot& snapshot, Address address) {
  const Cell* cell = cell_at(snapshot, address);
  if (cell == nullptr || cell->symbol.empty()) return hex(address.value);
  return fmt::format("{} ({})", cell->symbol, hex(address.value));
}

std::string changes(const CaptionContext& context) {
  std::string text;
  for (const RegisterChange& change : context.changed) {
    if (change.reg == Register::rip || change.reg == Register::rflags) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{} is now {} (was {})", emu::register_name(change.reg), hex(change.new_value),
                        hex(change.old_value));
  }
  return text;
}

std::string sentence(const Snapshot& snapshot, const CaptionContext& context) {
  const emu::Instruction& instruction = *context.instruction;
  const Address next = instruction.address + instruction.size;
  const std::string& target = context.target;
  const Moved moved = moved_by(context);
  switch (instruction.flow) {
    case emu::Flow::call:
      if (moved.cell)
        return fmt::format("Calls {}; the return address {} is pushed at {}.", target, hex(next.value),
                           hex(moved.cell->value));
      return fmt::format("Calls {}.", target);
    case emu::Flow::ret:
      return fmt::format("Returns to {}: the return address is popped, rsp is now {}.", target,
                         hex(context.after[Register::rsp]));
    case emu::Flow::jump:
      return fmt::format("Jumps to {}.", target);
    case emu::Flow::conditional_jump: {
      const bool taken = context.after[Register::rip] != next.value;
      return taken ? fmt::format("The condition holds: jumps to {}.", target)
                   : "The condition does not hold: goes on with the next instruction.";
    }
    case emu::Flow::interrupt_return:
      return fmt::format("Returns from the interrupt to {}: rip, cs, rflags, rsp and ss come from the stack.", target);
    case emu::Flow::halt:
      return "Waits for the next interrupt.";
    case emu::Flow::system_call:
    case emu::Flow::next:
      break;
  }
  if (!context.written.empty()) {
    const MemoryChange& write = context.written.front();
    const std::string what =
        moved.reg.empty() ? hex(write.new_value) : fmt::format("{} = {}", moved.reg, hex(write.new_value));
    const bool push = instruction.intel_mnemonic.rfind("push", 0) == 0;
    if (push)
      return fmt::format("Pushes {} at {}; rsp is now {}.", what, hex(write.address.value),
                         hex(context.after[Register::rsp]));
    return fmt::format("Stores {} in {}; it held {}.", what, cell_name(snapshot, write.address), hex(write.old_value));
  }
  const std::string changed = changes(context);
  if (!changed.empty()) {
    const bool loads = moved.cell.has_value() && instruction.memory.front().is_read;
    return fmt::format("{}{}.", loads ? fmt::format("Reads {}: ", cell_name(snapshot, *moved.cell)) : "", changed);
  }
  const auto flags = std::find_if(context.changed.begin(), context.changed.end(),
                                  [](const RegisterChange& change) { return change.reg == Register::rflags; });
  if (flags != context.changed.end())
    return fmt::format("Only the flags changed: zero {}, carry {}, sign {}.", (flags->new_value >> 6) & 1,
                       flags->new_value & 1, (flags->new_value >> 7) & 1);
  if (instruction.transfer && instruction.transfer->to_register && moved.value) {
    const bool loads = moved.cell.has_value() && !instruction.memory.empty() && instruction.memory.front().is_read;
    return fmt::format("{}{} was {} already.", loads ? fmt::format("Reads {}: ", cell_name(snapshot, *moved.cell)) : "",
                       moved.reg, hex(*moved.value));
  }
  return "Nothing but rip changed.";
}

std::string capitalized(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') text.front() = static_cast<char>(text.front() - 32);
  return text;
}

}  // namespace

Caption make_caption(const Snapshot& snapshot, const CaptionContext& context, const Scenario* scenario,
                     std::string_view language) {
  Caption caption;
  caption.instruction = instruction_text(context.instruction->intel_mnemonic, context.instruction->intel_operands);
  const CaptionText* own = nullptr;
  if (scenario != nullptr)
    own = scenario->caption_for(context.function, context.att_text, moment_of(snapshot, context));
  if (own != nullptr && context.back && own->is_about_leaving()) {
    caption.sentence = fmt::format("{} has the CPU again and is back in {}. {}", thread_name(snapshot, snapshot.thread),
                                   emu::shown_name(context.function), sentence(snapshot, context));
  } else {
    caption.sentence = own != nullptr ? fill(own->text.in(language), snapshot, context) : sentence(snapshot, context);
  }
  std::string drained;
  for (const EventView& event : snapshot.events) {
    if (event.kind == event_name(emu::EventKind::drain)) {
      drained += (drained.empty() ? "" : " ") + capitalized(event.text) + ".";
    } else {
      caption.sentence += " Then: " + event.text + ".";
    }
  }
  // The step only waits beside it (emu/processor_schedule.h).
  if (!drained.empty())
    caption.sentence = fmt::format("{} Meanwhile CPU {} waits: {}", drained, snapshot.cpu.value, caption.sentence);
  return caption;
}

}  // namespace fiberscope::core
