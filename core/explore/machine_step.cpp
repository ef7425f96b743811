#include "core/explore/machine_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/explore/code_rules.h"
#include "core/explore/machine_step_state.h"
#include "emu/alignment.h"
#include "emu/registers.h"
#include "emu/write_set.h"

namespace fiberscope::core::explore {
namespace {

constexpr std::uint64_t kStackTop = 0x7f000000;
constexpr std::uint64_t kStackSize = 0x10000;
constexpr std::uint64_t kStackStride = 0x100000;
constexpr int kMostPrologue = 64;
constexpr std::size_t kMostStores = 32;  // of a store buffer
constexpr int kMostIterations = 65536;   // of a repeated string instruction
constexpr std::uint64_t kNear = 4096;    // bytes from a variable: an access there may well have meant it
constexpr std::uint64_t kGreatest = INT64_MAX;
constexpr const char* kTooGreat =
    "a variable of 64 bits without a sign can be followed up to 9223372036854775807; use smaller numbers, or a type "
    "with a sign";
constexpr std::size_t kRsp = emu::slot(emu::Register::rsp);
constexpr std::size_t kRdi = emu::slot(emu::Register::rdi);
constexpr std::uint64_t kStatusFlags = 0xcd5;  // CF PF AF ZF SF DF OF: what user code sees (Intel SDM vol. 1, 3.4.3)
/// What a call of the runtime leaves undefined by the System V ABI; it is left zero.
constexpr std::array<emu::Register, 9> kCallerSaved = {emu::Register::rax, emu::Register::rcx, emu::Register::rdx,
                                                       emu::Register::rsi, emu::Register::rdi, emu::Register::r8,
                                                       emu::Register::r9,  emu::Register::r10, emu::Register::r11};

}  // namespace

emu::Result<std::unique_ptr<MachineStep>> MachineStep::create(const ThreadProgram& program, const MachineModel& model) {
  std::vector<emu::LoadedRegion> regions = program.regions;
  for (std::size_t i = 0; i < program.threads.size(); ++i) {
    emu::LoadedRegion stack;
    const std::uint64_t high = kStackTop - i * kStackStride;
    stack.region = {fmt::format("stack of thread {}", i + 1),
                    emu::RegionKind::stack,
                    {{high - kStackSize}, {high}},
                    true,
                    true,
                    false};
    regions.push_back(std::move(stack));
  }
  auto engine = emu::StepEngine::create(regions, program.uses_vector);
  if (!engine) return engine.error();
  std::unique_ptr<MachineStep> machine(new MachineStep(program, model, std::move(engine).value()));
  if (const auto begun = machine->begin_threads(); !begun) return begun.error();
  return machine;
}

MachineStep::MachineStep(const ThreadProgram& program, const MachineModel& model, emu::StepEngine engine)
    : program_(program), model_(model), engine_(std::move(engine)) {
  for (const emu::LoadedRegion& loaded : program.regions) {
    const std::uint64_t low = loaded.region.range.low.value;
    const Range range{low, loaded.region.range.high.value, engine_.bytes({low})};
    if (loaded.region.executable) code_ranges_.push_back(range);
    if (!loaded.region.executable && !loaded.region.writable) constant_ranges_.push_back(range);
    if (loaded.region.writable) shared_ = range;
  }
  if (shared_.bytes != nullptr) shared_start_.assign(shared_.bytes, shared_.bytes + (shared_.high - shared_.low));
  for (std::size_t i = 0; i < program.threads.size(); ++i) {
    const std::uint64_t low = kStackTop - i * kStackStride - kStackSize;
    stacks_.push_back({low, low + kStackSize, engine_.bytes({low})});
  }
  stack_now_.resize(stacks_.size());
  for (const SharedVariable& variable : program.variables)
    if (variable.is_wide()) wide_.push_back(&variable);
}

MachineStep::~MachineStep() = default;

emu::Result<void> MachineStep::begin_threads() {
  first_shared_ = memories_.intern({});
  for (const SharedVariable* variable : wide_)
    if (const std::uint64_t value = read_word(shared_bytes(variable->address), 8); value > kGreatest)
      return emu::Error{fmt::format("{} begins as {}: {}", variable->name, value, kTooGreat)};
  for (std::size_t i = 0; i < program_.threads.size(); ++i) {
    const ProgramThread& thread = program_.threads[i];
    touched_.clear();
    State state;
    state.thread = i;
    state.registers.general = thread.registers;
    state.registers.general[kRsp] = stacks_[i].high - 8;  // as behind a call: the return address lies at rsp
    state.registers.rip = thread.entry;
    for (int count = 0; count < kMostPrologue; ++count) {
      const auto instruction = decode(state.registers.rip);
      if (!instruction || !is_prologue(*instruction)) break;
      const Code* code = code_at(state.registers.rip);
      if (!code->refused.empty() || !execute(state, *code)) {
        if (!error_) fail(state, code->refused);
        return *error_;
      }
    }
    if (!touched_.empty()) {
      fail(state, "its prologue touches shared data; begin the function with a plain prologue");
      return *error_;
    }
    save_stack(state);
    if (is_epilogue(state.registers.rip, i)) finish(state);
    first_shared_ = save_shared();
    first_locals_.push_back(pack(state));
    levels_[first_locals_.back()] = 0;
  }
  return {};
}

const StepResult* MachineStep::fail(const State& state, const std::string& cause) {
  const std::uint64_t rip = state.registers.rip;
  if (!error_) error_ = emu::Error{fmt::format("thread {}, {}: {}", state.thread + 1, describe(rip), cause)};
  return nullptr;
}

const StepResult* MachineStep::keep(StepMemory& memory, LocalId local, SharedId shared, const StepResult& result) {
  if (model_.remember) memory.keep(local, shared, result);
  last_ = result;
  return &last_;
}

const StepResult* MachineStep::run_step(LocalId local, SharedId shared) {
  error_.reset();
  StepResult result{false, local, shared, 0};
  if (finished(local)) return keep(steps_, local, shared, result);
  State state = unpack(local);
  const std::uint64_t start = state.registers.rip;
  const Code* code = code_at(start);
  if (!code->refused.empty()) return fail(state, code->refused);
  const emu::Instruction& first = code->instruction;
  const auto called = first.flow == emu::Flow::call && first.target ? program_.runtime.find(first.target->value)
                                                                    : program_.runtime.end();
  const bool calls = called != program_.runtime.end();
  const bool orders = code->locked || code->fence || calls;
  if (orders && !state.stores.empty()) return keep(steps_, local, shared, result);  // its own stores come first

  load_shared(shared);
  load_stack(state);
  touched_.clear();
  bool is_done = false;
  if (calls) {
    is_done = call_runtime(state, called->second, start + first.size);
  } else {
    is_done = run_code(state, code->locked);
  }
  if (error_) return nullptr;
  if (!is_done) return keep(steps_, local, shared, result);
  if (!wide_.empty() && !check_values(state, start)) return nullptr;
  save_stack(state);
  if (is_epilogue(state.registers.rip, state.thread)) finish(state);
  result.enabled = true;
  result.shared = save_shared();
  result.local = pack(state);
  note_level(local, result.local);
  result.site = sites_.intern({static_cast<std::uint32_t>(state.thread), start, touched_});
  return keep(steps_, local, shared, result);
}

/// An instruction, or a statement of several. The engine's memory shows what this processor sees: shared memory under
/// its store buffer, and under what the read half of an instruction has read. What it stores is then sorted out.
bool MachineStep::run_code(State& state, bool locked) {
  const auto overlay = [this](const std::vector<Store>& stores) {
    for (const Store& store : stores) std::memcpy(shared_bytes(store.address), &store.value, store.size);
  };
  overlay(state.stores);
  overlay(state.pending);
  const emu::StepRegisters before = state.registers;
  do {
    const Code* next = code_at(state.registers.rip);
    if (!next->refused.empty()) return fail(state, next->refused), false;
    if (!execute(state, *next)) return false;
  } while (!program_.statement_starts.empty() && program_.statement_starts.count(state.registers.rip) == 0 &&
           !is_epilogue(state.registers.rip, state.thread));

  const auto values_of = [this](bool writes) {
    std::vector<Store> values;
    for (const SiteAccess& access : touched_) {
      if (access.is_write != writes) continue;
      for (std::uint32_t at = 0; at < access.size; at += 8) {
        const std::uint32_t size = std::min<std::uint32_t>(8, access.size - at);
        values.push_back({access.address + at, size, read_word(shared_bytes(access.address + at), size)});
      }
    }
    return values;
  };
  const std::vector<Store> writes = values_of(true);
  const bool reads =
      std::any_of(touched_.begin(), touched_.end(), [](const SiteAccess& access) { return !access.is_write; });
  const bool first_half = model_.many_cpus && reads && !writes.empty() && !locked && state.pending.empty();
  const bool buffers = model_.tso && !locked;
  const bool overlaid = !state.stores.empty() || !state.pending.empty();
  const auto put_back = [this](const std::vector<Store>& changed) {
    for (const Store& store : changed)
      for (std::uint64_t at = store.address & ~std::uint64_t{7}; at < store.address + store.size; at += 8)
        std::memcpy(shared_bytes(at), shared_start_.data() + (at - shared_.low), 8);
    for (std::size_t i = 0; i + 1 < shared_now_.size(); i += 2)
      std::memcpy(shared_.bytes + shared_now_[i] * 8, &shared_now_[i + 1], 8);
  };
  if (first_half) {
    put_back(writes);
    overlay(state.stores);
    state.pending = values_of(false);
    put_back(state.stores);
    std::erase_if(touched_, [](const SiteAccess& access) { return access.is_write; });
    state.registers = before;
    return true;
  }
  if (overlaid || buffers) {
    put_back(writes);
    put_back(state.stores);
    put_back(state.pending);
  }
  if (buffers && state.stores.size() + writes.size() > kMostStores) {  // waits until there is room
    State ignored = state;
    save_stack(ignored);
    return false;
  }
  // The second half of an instruction has read before.
  if (!state.pending.empty()) std::erase_if(touched_, [](const SiteAccess& access) { return !access.is_write; });
  state.pending.clear();
  if (buffers) {
    state.stores.insert(state.stores.end(), writes.begin(), writes.end());
    for (SiteAccess& access : touched_) access.is_buffered = access.is_write;
  } else if (overlaid) {
    overlay(writes);
  }
  return true;
}

bool MachineStep::call_runtime(State& state, RuntimeCall call, std::uint64_t return_address) {
  const std::uint64_t argument = state.registers.general[kRdi];
  std::uint64_t object = argument;
  if (call == RuntimeCall::join) {
    const auto thread = static_cast<std::int32_t>(argument);
    if (thread < 1 || static_cast<std::size_t>(thread) > program_.threads.size()) {
      fail(state, fmt::format("join({}): threads are numbered from 1 to {}", thread, program_.threads.size()));
      return false;
    }
    object = program_.finish_marks + (static_cast<std::uint64_t>(thread) - 1) * 4;
  } else if (!is_shared(object, 4) || object % 4 != 0 || !is_in_object(object, 4)) {
    fail(state, fmt::format("{}({:#x}): its object must be a shared int; declare it outside all functions",
                            kRuntimeCalls[static_cast<std::size_t>(call)], object));
    return false;
  }
  std::int32_t value = 0;
  std::memcpy(&value, shared_bytes(object), 4);
  const auto number = static_cast<std::int32_t>(state.thread + 1);
  switch (call) {
    case RuntimeCall::lock:
      if (value != 0) return false;
      value = number;
      break;
    case RuntimeCall::unlock:
      if (value != number) {
        fail(state, value == 0 ? std::string("unlocks a mutex that nobody holds")
                               : fmt::format("unlocks a mutex that thread {} holds", value));
        return false;
      }
      value = 0;
      break;
    case RuntimeCall::wait:
      if (value <= 0) return false;
      --value;
      break;
    case RuntimeCall::signal:
      ++value;
      break;
    case RuntimeCall::join:
      if (value == 0) return false;
      break;
  }
  std::memcpy(shared_bytes(object), &value, 4);
  touched_.push_back({object, 4, false, true, false});
  if (call != RuntimeCall::join) touched_.push_back({object, 4, true, true, false});
  for (const emu::Register reg : kCallerSaved) state.registers.general[emu::slot(reg)] = 0;
  state.registers.flags = 2;
  state.registers.rip = return_address;
  return true;
}

bool MachineStep::execute(State& state, const Code& code) {
  const std::uint64_t start = state.registers.rip;
  const emu::StepRegisters before = state.registers;
  for (int count = 0;; ++count) {
    if (count == kMostIterations) return fail(state, fmt::format("repeats more than {} times", kMostIterations)), false;
    ++emulated_;
    const auto failure = engine_.step(state.registers);
    for (const emu::StepAccess& access : engine_.accesses()) {
      if (!check_access(State{state.thread, false, before, {}, {}, {}}, access)) return false;
      const Range& stack = stacks_[state.thread];
      if (access.is_write && stack.holds(access.address.value, access.size))
        for (std::uint64_t word = (access.address.value - stack.low) / 8;
             word <= (access.address.value - stack.low + access.size - 1) / 8; ++word)
          stack_written_.push_back(word);
      if (is_shared(access.address.value, access.size))
        touched_.push_back({access.address.value, access.size, access.is_write,
                            code.locked || !is_plain(access.address.value), false});
    }
    if (code.aligned && !engine_.accesses().empty() && engine_.accesses().front().address.value % 16 != 0)
      return fail(State{state.thread, false, before, {}, {}, {}},
                  fmt::format(
                      "its operand of 16 bytes lies at {:#x}, which is no multiple of 16: a processor refuses that",
                      engine_.accesses().front().address.value)),
             false;
    // The engine looks at the next instruction at once: a jump to nowhere comes as an error of the jump.
    if (failure && code.instruction.flow != emu::Flow::next)
      return fail_to_leave(state, code.instruction.target), false;
    if (failure && is_division(code.instruction))
      return fail(state, "divides by zero, or the quotient does not fit its register (#DE)"), false;
    if (failure) return fail(state, fmt::format("the processor refuses it: {}", *failure)), false;
    if (!code.repeats || state.registers.rip != start) break;
  }
  state.registers.flags = (state.registers.flags & kStatusFlags) | 2;
  const std::uint64_t rip = state.registers.rip;
  const std::uint64_t behind = start + code.instruction.size;
  const bool straight = rip == behind;
  const bool jumped = code.instruction.target && rip == code.instruction.target->value;
  const bool free_to_go = code.instruction.flow != emu::Flow::next && !code.instruction.target;
  if (!straight && !jumped && !free_to_go)
    return fail(State{state.thread, false, before, {}, {}, {}},
                fmt::format("the emulator went to {:#x}; this instruction cannot be explored", rip)),
           false;
  for (const Range& range : code_ranges_)
    if (range.holds(rip, 1)) return true;
  fail_to_leave(State{state.thread, false, before, {}, {}, {}}, emu::Address{rip});
  return false;
}

void MachineStep::fail_to_leave(const State& state, std::optional<emu::Address> target) {
  fail(state, fmt::format("leaves the code of its functions{}; a thread ends where its function returns",
                          target ? fmt::format(" for {:#x}", target->value) : ""));
}

bool MachineStep::check_access(const State& state, const emu::StepAccess& access) {
  const std::uint64_t address = access.address.value;
  if (stacks_[state.thread].holds(address, access.size)) return true;
  const char* verb = access.is_write ? "writes" : "reads";
  const char* bytes = access.size == 1 ? "byte" : "bytes";
  if (is_shared(address, access.size)) {
    if (is_in_object(address, access.size)) return true;
    fail(state, fmt::format("{} {} {} at {:#x}, {}; a thread may use the shared variables and its own stack", verb,
                            access.size, bytes, address, place_outside(address, access.size)));
    return false;
  }
  const std::string unknown = "memory that is not the program's";
  std::string place = unknown;
  for (std::size_t i = 0; i < stacks_.size(); ++i)
    if (stacks_[i].holds(address, 1))
      place = i == state.thread ? "the end of its own stack" : fmt::format("the stack of thread {}", i + 1);
  for (const Range& range : code_ranges_) {
    if (range.holds(address, access.size) && !access.is_write) return true;
    if (range.holds(address, 1)) place = "the code";
  }
  for (const Range& range : constant_ranges_) {
    if (range.holds(address, access.size) && !access.is_write) return true;
    if (range.holds(address, 1)) place = "constants";
  }
  const auto near = [&](const SharedObject& object) {
    return address < object.high + kNear && object.low < address + access.size + kNear;
  };
  const bool is_near = std::any_of(program_.objects.begin(), program_.objects.end(), near);
  place = place == unknown && is_near ? place_outside(address, access.size) : "in " + place;
  fail(state, fmt::format("{} {} {} at {:#x}, {}; a thread may use the shared variables and its own stack", verb,
                          access.size, bytes, address, place));
  return false;
}

bool MachineStep::check_values(const State& state, std::uint64_t start) {
  const auto fits = [&](const SharedVariable& variable, std::uint64_t value) {
    if (value <= kGreatest) return true;
    State before = state;
    before.registers.rip = start;
    fail(before, fmt::format("{} becomes {}: {}", variable.name, value, kTooGreat));
    return false;
  };
  for (const SharedVariable* variable : wide_) {
    std::array<std::uint8_t, 8> bytes{};
    std::memcpy(bytes.data(), shared_bytes(variable->address), bytes.size());
    if (!fits(*variable, read_word(bytes.data(), 8))) return false;
    for (const Store& store : state.stores) {
      for (std::uint64_t at = 0; at < store.size; ++at)
        if (const std::uint64_t place = store.address + at - variable->address; place < bytes.size())
          bytes[place] = static_cast<std::uint8_t>(store.value >> (at * 8));
      if (!fits(*variable, read_word(bytes.data(), 8))) return false;
    }
  }
  return true;
}

void MachineStep::finish(State& state) {
  std::array<std::uint64_t, 16> kept{};
  for (const ObservedRegister& observed : program_.observed)
    if (observed.thread == state.thread) kept[observed.reg] = state.registers.general[observed.reg];
  state.registers = {};
  state.registers.general = kept;
  state.registers.flags = 0;
  state.stack.clear();
  state.is_finished = true;
  if (program_.finish_marks == 0) return;
  const std::uint64_t mark = program_.finish_marks + state.thread * 4;
  touched_.push_back({mark, 4, true, true, model_.tso});
  if (model_.tso) {
    state.stores.push_back({mark, 4, 1});  // seen behind everything that the thread stored
  } else {
    const std::uint32_t one = 1;
    std::memcpy(shared_bytes(mark), &one, 4);
  }
}

const StepResult* MachineStep::drain(LocalId local, SharedId shared) {
  if (const StepResult* known = model_.remember ? drains_.find(local, shared) : nullptr) return known;
  StepResult result{false, local, shared, 0};
  if (!has_stores(local)) return keep(drains_, local, shared, result);
  State state = unpack(local);
  const Store store = state.stores.front();
  state.stores.erase(state.stores.begin());
  load_shared(shared);
  std::memcpy(shared_bytes(store.address), &store.value, store.size);
  touched_ = {{store.address, store.size, true, !is_plain(store.address), false}};
  result.enabled = true;
  result.shared = save_shared();
  result.local = pack(state);
  note_level(local, result.local);
  result.site = sites_.intern({static_cast<std::uint32_t>(state.thread), 0, touched_});
  return keep(drains_, local, shared, result);
}

const MachineStep::Code* MachineStep::code_at(std::uint64_t rip) {
  const auto [found, is_new] = codes_.try_emplace(rip);
  Code& code = found->second;
  if (!is_new) return &code;
  const auto instruction = decode(rip);
  if (!instruction) {
    code.refused = "these bytes are no instruction";
    return &code;
  }
  code.instruction = *instruction;
  code.locked = is_locked(*instruction);
  code.fence = is_fence(*instruction);
  code.repeats = instruction->repeats;
  for (const Range& range : code_ranges_)
    if (range.holds(rip, instruction->size))
      code.aligned = emu::needs_aligned_operand(
          emu::opcode_bytes({range.bytes + (rip - range.low), static_cast<std::size_t>(instruction->size)}));
  code.refused = why_refused(*instruction);
  if (code.refused.empty() && instruction->flow == emu::Flow::call && instruction->target)
    for (const ProgramThread& thread : program_.threads)
      if (thread.entry == instruction->target->value) code.refused = "calls a function that is a thread";
  if (code.refused.empty() && instruction->flow == emu::Flow::jump && instruction->target &&
      program_.runtime.count(instruction->target->value) != 0)
    code.refused = "jumps to a call of the runtime; use call";
  return &code;
}

bool MachineStep::is_epilogue(std::uint64_t rip, std::size_t thread) const {
  const ProgramThread& own = program_.threads[thread];
  if (rip < own.code_low || rip >= own.code_high) return false;
  const auto known = epilogues_.find(rip);
  if (known != epilogues_.end()) return known->second;
  const bool leaves =
      explore::is_epilogue({rip}, {own.code_high}, [this](emu::Address at) { return decode(at.value); });
  return epilogues_[rip] = leaves;
}

std::optional<emu::Instruction> MachineStep::decode(std::uint64_t rip) const {
  for (const Range& range : code_ranges_)
    if (range.holds(rip, 1))
      return disassembler_.decode({rip}, {range.bytes + (rip - range.low),
                                          std::min<std::uint64_t>(range.high - rip, emu::kMaxInstructionSize)});
  return std::nullopt;
}

}  // namespace fiberscope::core::explore
