#include "tests/app/fake_machine.h"

#include "asm/runtime/tcb.h"
#include "core/thread.h"

namespace fiberscope::app {
namespace {

using core::CellRole;
using emu::Register;

constexpr std::uint64_t kBlocks = 0x404040;
constexpr std::uint64_t kBlockSize = sizeof(tcb);
constexpr std::uint64_t kStackSize = 0x1000;

}  // namespace

std::optional<core::ThreadId> FakeState::owner_of(std::uint64_t address) const {
  for (const FakeThread& thread : threads) {
    // A stack pointer at the very top of an empty stack still belongs to it.
    if (address > thread.data.stack.low.value && address <= thread.data.stack.high.value) return thread.data.id;
  }
  return std::nullopt;
}

FakeThread* FakeState::owner(std::uint64_t address) {
  const auto id = owner_of(address);
  return id ? &threads[id->value] : nullptr;
}

void FakeState::store(std::uint64_t address, std::uint64_t value) {
  written.push_back({{address}, 8, memory[address], value});
  accesses.push_back({{address}, 8, true});
  memory[address] = value;
  written_at[address] = 0;
}

std::uint64_t FakeState::load(std::uint64_t address) {
  accesses.push_back({{address}, 8, false});
  return memory[address];
}

void FakeState::push(std::uint64_t value, FakeLabel label) {
  reg(Register::rsp) -= 8;
  labels[reg(Register::rsp)] = std::move(label);
  store(reg(Register::rsp), value);
}

std::uint64_t FakeState::pop() {
  const std::uint64_t value = load(reg(Register::rsp));
  reg(Register::rsp) += 8;
  return value;
}

void FakeProgram::add(const std::string& intel, const std::string& att, const std::string& sentence,
                      std::function<void(FakeState&)> run) {
  index_[next_address_] = code_.size();
  code_.push_back({next_address_, function_, line_, source_, intel, att, sentence, std::move(run)});
  source_.clear();
  next_address_ += intel.starts_with("push r1") || intel.starts_with("pop r1") ? 2
                   : intel.find(' ') == std::string::npos                      ? 1
                                                                               : 4;
}

void FakeProgram::label(const std::string& function) {
  next_address_ = (next_address_ + 15) & ~std::uint64_t{15};
  function_ = function;
  entries_[function] = next_address_;
}

void FakeProgram::line(int number, const std::string& text) {
  line_ = number;
  source_ = text;
}

void FakeProgram::build_switch() {
  label("switch_to_context");
  line(21, "pushq %rbp");
  add("push rbp", "pushq %rbp", "rbp is saved on the stack of the thread that leaves.", [](FakeState& s) {
    s.push(s.reg(Register::rbp), {CellRole::saved_rbp, "saved rbp", ""});
  });
  line(22, "movq %rsp, %rbp");
  add("mov rbp, rsp", "movq %rsp, %rbp", "rbp now marks the frame of switch_to_context.",
      [](FakeState& s) { s.reg(Register::rbp) = s.reg(Register::rsp); });
  const std::pair<const char*, Register> kSaved[] = {{"rbx", Register::rbx},
                                                     {"r12", Register::r12},
                                                     {"r13", Register::r13},
                                                     {"r14", Register::r14},
                                                     {"r15", Register::r15}};
  int number = 25;
  for (const auto& [name, reg] : kSaved) {
    line(number++, std::string("pushq %") + name);
    add(std::string("push ") + name, std::string("pushq %") + name,
        std::string(name) + " belongs to the caller: it is kept on the stack.",
        [name = std::string(name), reg = reg](FakeState& s) {
          // The workers keep their count in r12, too.
          const FakeThread* thread = s.owner(s.reg(Register::rsp));
          const bool local = reg == Register::r12 && thread != nullptr;
          s.push(s.reg(reg), {CellRole::saved_register, "saved " + name, local ? thread->data.name + "'s turns" : ""});
        });
  }
  line(30, "movq %rsp, (%rdi)");
  add("mov qword ptr [rdi], rsp", "movq %rsp, (%rdi)",
      "The stack pointer goes into the control block: all of the thread is in memory now.", [](FakeState& s) {
        s.store(s.reg(Register::rdi), s.reg(Register::rsp));
        s.threads[(s.reg(Register::rdi) - kBlocks) / kBlockSize].data.saved_rsp = {s.reg(Register::rsp)};
      });
  line(33, "movq %rsi, %rsp");
  add("mov rsp, rsi", "movq %rsi, %rsp",
      "rsp moved to the other stack; rbp still points into the old frame until the saved rbp is popped.",
      [](FakeState& s) {
        s.reg(Register::rsp) = s.reg(Register::rsi);
        if (FakeThread* thread = s.owner(s.reg(Register::rsp))) ++thread->switches_in;
      });
  const std::pair<const char*, Register> kRestored[] = {{"r15", Register::r15}, {"r14", Register::r14},
                                                        {"r13", Register::r13}, {"r12", Register::r12},
                                                        {"rbx", Register::rbx}, {"rbp", Register::rbp}};
  number = 36;
  for (const auto& [name, reg] : kRestored) {
    line(number++, std::string("popq %") + name);
    add(std::string("pop ") + name, std::string("popq %") + name,
        std::string(name) + " has the value again that this thread had when it left.",
        [reg = reg](FakeState& s) { s.reg(reg) = s.pop(); });
  }
  line(42, "retq");
  add("ret", "retq", "The thread goes on where it called switch_to_context.", [](FakeState& s) {
    if (FakeThread* thread = s.owner(s.reg(Register::rsp))) thread->frames.pop_back();
    s.reg(Register::rip) = s.pop();
  });
}

void FakeProgram::build_yield() {
  label("thread_yield");
  line(51, "void thread_yield(void) {");
  add("push rbp", "pushq %rbp", "A frame for thread_yield begins.", [](FakeState& s) {
    s.push(s.reg(Register::rbp), {CellRole::saved_rbp, "saved rbp", ""});
  });
  add("mov rbp, rsp", "movq %rsp, %rbp", "rbp marks it.",
      [](FakeState& s) { s.reg(Register::rbp) = s.reg(Register::rsp); });
  add("sub rsp, 0x10", "subq $0x10, %rsp", "Room for its local variables.", [](FakeState& s) {
    s.reg(Register::rsp) -= 16;
    s.labels[s.reg(Register::rsp) + 8] = {CellRole::local, "next", ""};
    s.labels[s.reg(Register::rsp)] = {CellRole::never_written, "", ""};
  });
  line(53, "struct tcb *next = scheduler_pick();");
  add("mov rax, qword ptr [rip + 0x2f31]", "movq 0x2f31(%rip), %rax", "The scheduler's choice.", [](FakeState& s) {
    s.threads[s.current].data.state = core::ThreadState::ready;
    s.current = s.current == 1 ? 2 : s.current == 2 && s.threads[0].switches_in < s.threads[1].switches_in / 2 ? 0 : 1;
    s.threads[s.current].data.state = core::ThreadState::running;
    s.reg(Register::rax) = s.threads[s.current].data.tcb.value;
  });
  add("mov qword ptr [rbp - 0x8], rax", "movq %rax, -0x8(%rbp)", "next is stored.",
      [](FakeState& s) { s.store(s.reg(Register::rbp) - 8, s.reg(Register::rax)); });
  line(55, "switch_to_context(&self->saved_rsp, next->saved_rsp);");
  add("mov rdi, rbx", "movq %rbx, %rdi", "Where this thread's rsp will be kept.", [](FakeState& s) {
    const auto owner = s.owner_of(s.reg(Register::rsp));
    s.reg(Register::rdi) = kBlocks + kBlockSize * (owner ? owner->value : 0);
  });
  add("mov rsi, qword ptr [rax]", "movq (%rax), %rsi", "The other thread's saved rsp.",
      [](FakeState& s) { s.reg(Register::rsi) = s.load(s.reg(Register::rax)); });
  add("call switch_to_context", "callq switch_to_context", "The return address is pushed: here this thread will go on.",
      [this](FakeState& s) {
        FakeThread* thread = s.owner(s.reg(Register::rsp));
        if (thread != nullptr) thread->frames.push_back({"switch_to_context", s.reg(Register::rsp)});
        s.push(s.reg(Register::rip), {CellRole::return_address, symbol(s.reg(Register::rip)), ""});
        s.reg(Register::rip) = entry("switch_to_context");
      });
  line(56, "}");
  add("leave", "leaveq", "The frame is taken down.", [](FakeState& s) {
    s.reg(Register::rsp) = s.reg(Register::rbp);
    s.reg(Register::rbp) = s.pop();
  });
  add("ret", "retq", "Back to the caller.", [](FakeState& s) {
    if (FakeThread* thread = s.owner(s.reg(Register::rsp))) thread->frames.pop_back();
    s.reg(Register::rip) = s.pop();
  });
}

void FakeProgram::build_worker(const std::string& name, const std::string& local, int first_line) {
  label(name);
  line(first_line, "void *" + name + "(void *argument) {");
  add("push rbp", "pushq %rbp", "A frame begins.", [](FakeState& s) {
    s.push(s.reg(Register::rbp), {CellRole::saved_rbp, "saved rbp", ""});
  });
  add("mov rbp, rsp", "movq %rsp, %rbp", "rbp marks it.",
      [](FakeState& s) { s.reg(Register::rbp) = s.reg(Register::rsp); });
  add("sub rsp, 0x18", "subq $0x18, %rsp", "Room for local variables.", [local](FakeState& s) {
    s.reg(Register::rsp) -= 24;
    s.labels[s.reg(Register::rsp) + 16] = {CellRole::local, local, ""};
    s.labels[s.reg(Register::rsp) + 8] = {CellRole::local, "count", ""};
    s.labels[s.reg(Register::rsp)] = {CellRole::never_written, "", ""};
  });
  add("mov qword ptr [rbp - 0x10], rdi", "movq %rdi, -0x10(%rbp)", "count = 0.",
      [](FakeState& s) { s.store(s.reg(Register::rbp) - 16, 0); });
  line(first_line + 2, "for (;;) {");
  const std::uint64_t loop = next_address_;
  add("add qword ptr [rbp - 0x8], 1", "addq $0x1, -0x8(%rbp)", "One more " + local + ".", [name](FakeState& s) {
    s.store(s.reg(Register::rbp) - 8, s.load(s.reg(Register::rbp) - 8) + 1);
    if (name == "producer") s.console += "produced " + std::to_string(s.memory[s.reg(Register::rbp) - 8]) + "\n";
  });
  add("mov r12, qword ptr [rbp - 0x8]", "movq -0x8(%rbp), %r12", "The compiler keeps it in r12, too.",
      [](FakeState& s) { s.reg(Register::r12) = s.load(s.reg(Register::rbp) - 8); });
  line(first_line + 3, "thread_yield();");
  add("call thread_yield", "callq thread_yield", "The thread gives up the CPU.", [this](FakeState& s) {
    FakeThread* thread = s.owner(s.reg(Register::rsp));
    if (thread != nullptr) thread->frames.push_back({"thread_yield", s.reg(Register::rsp)});
    s.push(s.reg(Register::rip), {CellRole::return_address, symbol(s.reg(Register::rip)), ""});
    s.reg(Register::rip) = entry("thread_yield");
  });
  line(first_line + 4, "}");
  add("jmp " + name + "+16", "jmp " + name + "+16", "Once more.",
      [loop](FakeState& s) { s.reg(Register::rip) = loop; });
}

FakeProgram::FakeProgram() {
  build_worker("main", "turns", 80);
  build_worker("producer", "item", 100);
  build_worker("consumer", "sum", 120);
  label("thread_entry");
  line(12, "call *%r13");
  add("call r13", "callq *%r13", "The thread's own function starts.", [this](FakeState& s) {
    FakeThread* thread = s.owner(s.reg(Register::rsp));
    const auto target = at(s.reg(Register::r13));
    if (thread != nullptr && target != nullptr) thread->frames.push_back({target->function, s.reg(Register::rsp)});
    s.push(s.reg(Register::rip), {CellRole::return_address, symbol(s.reg(Register::rip)), ""});
    s.reg(Register::rip) = s.reg(Register::r13);
  });
  line(13, "call thread_exit");
  add("call thread_exit", "callq thread_exit", "It is over.", [](FakeState&) {});
  build_yield();
  build_switch();
}

const FakeInstruction* FakeProgram::at(std::uint64_t address) const {
  const auto it = index_.find(address);
  return it == index_.end() ? nullptr : &code_[it->second];
}

std::string FakeProgram::symbol(std::uint64_t address) const {
  std::string best;
  std::uint64_t base = 0;
  for (const auto& [name, start] : entries_) {
    if (start <= address && start >= base) {
      best = name;
      base = start;
    }
  }
  return address == base ? best : best + "+" + std::to_string(address - base);
}

std::vector<const FakeInstruction*> FakeProgram::function(const std::string& name) const {
  std::vector<const FakeInstruction*> found;
  for (const FakeInstruction& instruction : code_) {
    if (instruction.function == name) found.push_back(&instruction);
  }
  return found;
}

FakeState FakeProgram::start() const {
  FakeState state;
  const char* names[] = {"main", "producer", "consumer"};
  const core::ThreadKind kinds[] = {core::ThreadKind::main, core::ThreadKind::user, core::ThreadKind::user};
  for (std::uint32_t i = 0; i < 3; ++i) {
    const std::uint64_t low = i == 0 ? 0x7fe000 : 0x601000 + kStackSize * (i - 1);
    core::Thread data{{i},
                      names[i],
                      kinds[i],
                      i == 0 ? core::ThreadState::running : core::ThreadState::ready,
                      {{low}, {low + kStackSize}},
                      {0},
                      {kBlocks + kBlockSize * i},
                      {},
                      0,
                      {}};
    state.threads.push_back({data, 0, {}});
  }
  for (std::size_t i = 1; i < 3; ++i) {
    FakeThread& thread = state.threads[i];
    std::uint64_t rsp = thread.data.stack.high.value;
    const auto place = [&](std::uint64_t value, FakeLabel label) {
      rsp -= 8;
      state.memory[rsp] = value;
      state.written_at[rsp] = 0;
      state.labels[rsp] = std::move(label);
    };
    place(0, {CellRole::padding, "end of chain", ""});
    thread.frames.push_back({"thread_entry", rsp});
    thread.frames.push_back({"switch_to_context", rsp});
    place(entry("thread_entry"), {CellRole::return_address, "thread_entry", ""});
    place(0, {CellRole::saved_rbp, "saved rbp", ""});
    place(0, {CellRole::saved_register, "saved rbx", ""});
    place(0, {CellRole::saved_register, "saved r12", ""});
    place(entry(thread.data.name), {CellRole::saved_register, "saved r13", ""});
    place(0, {CellRole::saved_register, "saved r14", ""});
    place(0, {CellRole::saved_register, "saved r15", ""});
    thread.data.saved_rsp = {rsp};
    state.memory[thread.data.tcb.value] = rsp;
  }
  FakeThread& main = state.threads[0];
  state.reg(Register::rsp) = main.data.stack.high.value;
  main.frames.push_back({"main", main.data.stack.high.value});
  state.push(0, {CellRole::return_address, "start+12", ""});
  state.written.clear();
  state.accesses.clear();
  state.reg(Register::rip) = entry("main");
  state.reg(Register::rflags) = 0x246;
  state.reg(Register::r10) = 0xdeadbeefcafe;
  return state;
}

void FakeProgram::step(FakeState& state, std::uint64_t number) const {
  const FakeInstruction* instruction = at(state.reg(Register::rip));
  state.written.clear();
  state.accesses.clear();
  if (instruction == nullptr) return;
  const std::size_t index = index_.at(instruction->address);
  state.reg(Register::rip) = index + 1 < code_.size() ? code_[index + 1].address : instruction->address;
  instruction->run(state);
  for (const core::MemoryChange& change : state.written) state.written_at[change.address.value] = number;
}

}  // namespace fiberscope::app
