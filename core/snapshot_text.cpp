#include "core/snapshot_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/thread_standing.h"

namespace fiberscope::core {
namespace {

using emu::Register;

class Writer {
 public:
  template <typename... Arguments>
  void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
    text_ += '\n';
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string name_of(const Snapshot& snapshot, const std::optional<ThreadId>& id) {
  for (const ThreadView& view : snapshot.threads)
    if (id && view.thread.id == *id) return view.thread.name;
  return "nobody";
}

void write_registers(Writer& out, const Snapshot& snapshot) {
  constexpr Register kShown[] = {Register::rax, Register::rbx, Register::rcx,   Register::rdx, Register::rsi,
                                 Register::rdi, Register::rbp, Register::rsp,   Register::r8,  Register::r9,
                                 Register::r10, Register::r11, Register::r12,   Register::r13, Register::r14,
                                 Register::r15, Register::rip, Register::rflags};
  out.line("Registers (* changed by this step)");
  for (std::size_t i = 0; i < std::size(kShown); i += 2) {
    std::string row;
    for (std::size_t k = i; k < i + 2; ++k) {
      const auto change = std::find_if(snapshot.changed.begin(), snapshot.changed.end(),
                                       [&](const RegisterChange& entry) { return entry.reg == kShown[k]; });
      const bool changed = change != snapshot.changed.end();
      row += fmt::format("  {}{:<7}{:016x}{:<24}", changed ? '*' : ' ', emu::register_name(kShown[k]),
                         snapshot.registers[kShown[k]], changed ? fmt::format(" was {:x}", change->old_value) : "");
    }
    row.erase(row.find_last_not_of(' ') + 1);
    out.line("{}", row);
  }
}

/// What its table says beyond that, and who has part in it.
std::string standing(const Snapshot& snapshot, const ThreadView& view) {
  const bool runs = view.state == ThreadState::running;
  if (is_on_processor(snapshot, view.thread.id)) return runs ? "" : ", on the CPU";
  if (runs && view.with) return ", goes on upon the stack of " + name_of(snapshot, view.with);
  if (runs) return snapshot.on_cpu ? ", says its table; the CPU is another's" : "";
  if (view.with) return ", carried by " + name_of(snapshot, view.with) + "; its own table says running";
  if (view.parked_rsp && view.thread.saved_rsp != *view.parked_rsp)
    return fmt::format(", its block says {:x}", view.thread.saved_rsp.value);
  return "";
}

void write_stack(Writer& out, const Snapshot& snapshot, const StackView& stack) {
  out.line("Stack of {} [{:x}, {:x}), chain {}{}", name_of(snapshot, stack.thread), stack.range.low.value,
           stack.range.high.value, stack.chain_complete ? "complete, ends at its " : "incomplete, end ",
           to_string(stack.chain_end));
  const auto thread = std::find_if(snapshot.threads.begin(), snapshot.threads.end(),
                                   [&](const ThreadView& view) { return view.thread.id == stack.thread; });
  // Where a routine keeps the return address apart, the thread goes on above the rsp that it left with.
  const bool parked = !stack.holds_rsp && thread != snapshot.threads.end() && thread->parked_rsp &&
                      stack.range.contains(*thread->parked_rsp);
  const emu::Address rsp = parked ? *thread->parked_rsp : stack.rsp;
  std::optional<std::uint32_t> frame;
  for (const Cell& cell : stack.cells) {
    if (cell.frame && cell.frame != frame) out.line("  -- {}()", stack.frames[*cell.frame].function);
    frame = cell.frame;
    std::string tags;
    if (cell.address == rsp)
      tags += !stack.holds_rsp        ? " <- saved rsp"
              : snapshot.cpus.empty() ? " <- rsp"
                                      : fmt::format(" <- rsp of CPU {}", stack.cpu.value);
    if (snapshot.registers[Register::rbp] == cell.address.value) tags += " <- rbp";
    if (!cell.live) tags += " (below rsp)";
    if (cell.rewritten)
      tags += fmt::format(" (rewritten at step {}: was {})", cell.rewritten->step.value, cell.rewritten->was_symbol);
    const std::string label = cell.symbol.empty() ? std::string(to_string(cell.role)) : cell.symbol;
    const std::string value = fmt::format("{:0{}x}", cell.value, cell.size * 2);
    out.line("  {:06x}  {:>16}  {}{}{}", cell.address.value, value,
             cell.role == CellRole::return_address ? "return to " : "",
             label + (cell.owner.empty() ? "" : ": " + cell.owner), tags);
  }
}

}  // namespace

std::string to_text(const Snapshot& snapshot) {
  Writer out;
  const bool several = !snapshot.cpus.empty();
  out.line("Step {} of {}, on {}: {}", snapshot.step.value, snapshot.steps.value,
           several ? fmt::format("CPU {}", snapshot.cpu.value) : "the CPU", name_of(snapshot, snapshot.on_cpu));
  for (const ProcessorView& view : snapshot.cpus)
    if (view.cpu != snapshot.cpu)
      out.line("CPU {}: {}", view.cpu.value,
               !view.running ? "not started"
               : view.next   ? fmt::format("{}, next {:x} {}  ({})", name_of(snapshot, view.thread),
                                           view.next->address.value, view.next->intel, view.next->symbol)
                             : name_of(snapshot, view.thread));
  for (const ProcessorView& view : snapshot.cpus)
    for (const auto& [store, symbol] : view.stores)
      out.line("CPU {} has stored {:#x} to {}; it waits in its store buffer (a model)", view.cpu.value, store.value,
               symbol);
  if (snapshot.instruction) {
    const InstructionView& ran = *snapshot.instruction;
    out.line("Just ran: {:x} {}  ({}{})", ran.address.value, ran.intel, ran.symbol,
             ran.line > 0 ? fmt::format(", {}:{}", ran.file, ran.line) : "");
  }
  out.line("{}", snapshot.caption.sentence);
  for (const EventView& event : snapshot.events) out.line("Event: {}", event.text);
  if (snapshot.next)
    out.line("Next: {:x} {}  ({})", snapshot.next->address.value, snapshot.next->intel, snapshot.next->symbol);
  out.line("");
  write_registers(out, snapshot);
  out.line("");
  out.line("Threads");
  for (const ThreadView& view : snapshot.threads) {
    const std::string rsp = view.parked_rsp ? fmt::format("saved rsp {:x}, ", view.parked_rsp->value) : "";
    out.line("  {} {:<16}{:<10}{}switched to {} time{}{}", view.thread.id.value, view.thread.name,
             to_string(view.state), rsp, view.switches_in, view.switches_in == 1 ? "" : "s", standing(snapshot, view));
  }
  for (const StackView& stack : snapshot.stacks) {
    out.line("");
    write_stack(out, snapshot, stack);
  }
  return out.text();
}

}  // namespace fiberscope::core
