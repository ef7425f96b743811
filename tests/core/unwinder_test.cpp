// Every stack unwound at every step, against a shadow stack kept by nothing but calls and returns.
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "core/stack_builder.h"
#include "core/thread_table.h"
#include "emu/disassembler.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

/// Return addresses of each thread, the innermost last, as calls and returns made them.
class ShadowStacks {
 public:
  /// A stack that was never run has one return address that nobody pushed: its first frame.
  void add_thread(ThreadId id, std::uint64_t first_return) {
    stacks_.try_emplace(id, std::vector<std::uint64_t>{first_return});
  }
  void add_main(ThreadId id) { stacks_.try_emplace(id); }
  [[nodiscard]] bool knows(ThreadId id) const { return stacks_.contains(id); }

  void step(const emu::Instruction& instruction, ThreadId before) {
    std::vector<std::uint64_t>& stack = stacks_.at(before);
    if (instruction.flow == emu::Flow::call) stack.push_back(instruction.address.value + instruction.size);
    if (instruction.flow == emu::Flow::ret) stack.pop_back();
  }
  [[nodiscard]] const std::vector<std::uint64_t>& of(ThreadId id) const { return stacks_.at(id); }

 private:
  std::map<ThreadId, std::vector<std::uint64_t>> stacks_;
};

TEST(Unwinder, EqualsAShadowStackAtEveryStep) {
  const emu::Image image = scenario_image("switch_to_context.elf");
  const auto trace = record(image);
  const StackBuilder builder(*trace);
  const auto table = ThreadTable::find(image);
  ASSERT_TRUE(table.has_value());
  const std::uint64_t entry = image.symbol("thread_entry")->address.value;
  const emu::Disassembler disassembler;
  ShadowStacks shadow;
  shadow.add_main(ThreadId{0});
  std::uint64_t running = 0;
  std::uint64_t parked = 0;
  std::optional<ThreadId> before;
  for (std::uint64_t cursor = 0; cursor <= trace->steps().value; ++cursor) {
    if (cursor > 0) {
      const StepEffects& effects = trace->effects_of(StepIndex{cursor});
      const StepTemplate& step = trace->templates()[effects.instruction];
      const auto instruction = disassembler.decode(emu::Address{step.address}, {step.bytes.data(), step.size});
      ASSERT_TRUE(instruction.has_value());
      shadow.step(*instruction, *before);
    }
    const MachineState& state = trace->state_at(StepIndex{cursor});
    const std::vector<Thread> threads = table->read(state.memory);
    before = stack_owner(threads, emu::Address{state.registers[emu::Register::rsp]});
    ASSERT_TRUE(before.has_value());
    for (const Thread& thread : threads) {
      if (thread.state == ThreadState::init) continue;
      if (!shadow.knows(thread.id)) shadow.add_thread(thread.id, entry);
      const bool on_cpu = thread.id == *before;
      if (!on_cpu && thread.saved_rsp.value == 0) continue;
      const UnwoundChain chain = builder.chain(thread, on_cpu, state);
      std::vector<std::uint64_t> unwound;
      for (const UnwoundFrame& frame : chain.frames)
        if (frame.return_address_at) unwound.insert(unwound.begin(), *state.memory.read(*frame.return_address_at, 8));
      ASSERT_EQ(unwound, shadow.of(thread.id))
          << "step " << cursor << ", " << thread.name << (on_cpu ? ", running" : ", parked");
      ASSERT_TRUE(chain.complete) << "step " << cursor << ", " << thread.name;
      ++(on_cpu ? running : parked);
    }
  }
  EXPECT_EQ(running, trace->steps().value + 1);
  EXPECT_GT(parked, trace->steps().value);
}

TEST(Unwinder, TellsAFirstFrameBuiltByHandFromOneThatRan) {
  const emu::Image image = scenario_image("switch_to_context.elf");
  const auto trace = record(image);
  const StackBuilder builder(*trace);
  const auto table = ThreadTable::find(image);
  const Switch& first = trace->switches().front();
  const auto end_at = [&](StepIndex cursor, ThreadId id) {
    const MachineState& state = trace->state_at(cursor);
    const std::vector<Thread> threads = table->read(state.memory);
    const bool on_cpu = stack_owner(threads, emu::Address{state.registers[emu::Register::rsp]}) == id;
    return builder.chain(*find_thread(threads, id), on_cpu, state).end;
  };
  EXPECT_EQ(end_at(first.step, *first.to), ChainEnd::forged);
  EXPECT_EQ(end_at(first.step, *first.from), ChainEnd::entry);
  EXPECT_EQ(end_at(trace->switches()[5].step, *first.to), ChainEnd::entry);
}

}  // namespace
}  // namespace fiberscope::core
