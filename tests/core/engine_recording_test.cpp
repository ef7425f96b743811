// What is recorded is what the engine did, for guests that try every corner of it; and what is left when the engine
// dies.
#include <gtest/gtest.h>

#include <set>

#include "tests/core/machine_recording.h"

namespace fiberscope::core {
namespace {

std::string instruction_text(Trace& trace, StepIndex step) {
  if (step.value == 0) return "the start";
  const StepTemplate& ran = trace.templates()[trace.effects_of(step).instruction];
  const emu::Disassembler disassembler;
  const auto decoded = disassembler.decode(emu::Address{ran.address}, {ran.bytes.data(), ran.size});
  return decoded ? decoded->att_mnemonic + " " + decoded->att_operands : "undecodable";
}

/// Compares the recorded state with that of a second machine, run step by step, at every cursor but those at which an
/// exception was delivered: there the trace is already in the handler, while the machine has not yet tried the
/// instruction.
void expect_oracle(Trace& trace, const emu::Image& image, const std::string& label) {
  const auto machine = emu::boot_at(image, label);
  int differences = 0;
  for (std::uint64_t step = 0; step <= trace.steps().value && differences < 8; ++step) {
    if (step > 0) machine->run(step);
    ASSERT_EQ(machine->steps(), step);
    bool raised = false;
    for (const EventRecord& record : trace.events())
      raised |= record.event.step.value == step && record.event.kind != emu::EventKind::interrupt;
    if (raised) continue;
    const MachineState& recorded = trace.state_at(StepIndex{step});
    const emu::RegisterFile actual = machine->registers();
    for (std::size_t i = 0; i < emu::kRegisterSlots; ++i) {
      if (recorded.registers.slots[i] == actual.slots[i]) continue;
      ++differences;
      ADD_FAILURE() << "step " << step << " (" << instruction_text(trace, StepIndex{step})
                    << "): " << emu::register_name(static_cast<emu::Register>(i)) << " is " << std::hex
                    << actual.slots[i] << ", recorded " << recorded.registers.slots[i];
    }
    if (!(recorded.memory == machine->memory())) {
      ++differences;
      ADD_FAILURE() << "step " << step << " (" << instruction_text(trace, StepIndex{step}) << "): memory differs";
    }
  }
}

TEST(EngineRecording, EveryEncodingEqualsTheOracle) {
  const emu::Image image = emu::machine_guest("instructions");
  const auto trace = record_at(image, "_start");
  ASSERT_TRUE(trace->stop().has_value());
  EXPECT_EQ(trace->stop()->reason, emu::Stop::Reason::exited) << trace->stop()->message;
  EXPECT_GT(trace->templates().size(), 1500U);
  expect_oracle(*trace, image, "_start");
}

TEST(EngineRecording, EveryFaultEqualsTheOracle) {
  const emu::Image image = emu::machine_guest("faults");
  for (const char* label : {"torn_word",
                            "torn_into_read_only",
                            "torn_sse",
                            "torn_fxsave",
                            "torn_fnsave",
                            "torn_real",
                            "torn_enter",
                            "rep_store_up",
                            "rep_store_down",
                            "rep_copy_reads_unmapped",
                            "rep_scan",
                            "write_read_only",
                            "jump_unmapped",
                            "call_unmapped",
                            "return_unmapped",
                            "jump_straddling",
                            "nested",
                            "lazy_fpu",
                            "undefined",
                            "divide_by_zero",
                            "misaligned_move",
                            "hidden_state",
                            "breakpoint_register"}) {
    const auto trace = record_at(image, label);
    expect_oracle(*trace, image, label);
    // The end is not a step: what the machine shows there is what the trace shows.
    const auto machine = emu::boot_at(image, label);
    machine->run(1'000'000);
    const MachineState& last = trace->state_at(trace->steps());
    EXPECT_TRUE(last.registers == machine->registers()) << label;
    EXPECT_TRUE(last.memory == machine->memory()) << label;
  }
}

TEST(EngineRecording, AHalfDoneRepStandsInTheEventOfItsFault) {
  const emu::Image image = emu::machine_guest("faults");
  const auto trace = record_at(image, "rep_store_down");
  const StepEffects& effects = trace->effects_of(trace->steps());
  ASSERT_EQ(effects.events.size(), 1U);
  EXPECT_EQ(effects.events[0].kind, emu::EventKind::fault);
  std::uint64_t bytes = 0;
  for (const MemoryChange& change : effects.memory) bytes += change.size;
  EXPECT_EQ(bytes, 24U) << "three stores of eight went through";
}

TEST(EngineRecording, AFaultingStoreIsNotRecorded) {
  const emu::Image image = emu::machine_guest("faults");
  const auto trace = record_at(image, "torn_word");
  EXPECT_TRUE(trace->effects_of(trace->steps()).memory.empty());
}

TEST(EngineRecording, CodeThatChangesItselfEqualsTheOracle) {
  const emu::Image image = emu::machine_guest("control");
  for (const char* label :
       {"changing", "changing_next", "rewriting", "rewriting_itself", "frame_on_code", "_start", "clocks"}) {
    const auto trace = record_at(image, label, 6000);
    expect_oracle(*trace, image, label);
  }
  // One address, other instructions: each step shows the bytes that ran.
  const auto trace = record_at(image, "changing");
  std::set<std::uint8_t> numbers;
  const std::uint64_t changed = emu::symbol(image, "changed").value;
  for (const StepTemplate& step : trace->templates())
    if (step.address == changed && step.size == 3) numbers.insert(step.bytes[2]);
  EXPECT_EQ(numbers.size(), 16U);
}

TEST(EngineRecording, AnInstructionThatBeginsAnewIsRecordedOnce) {
  const emu::Image image = emu::machine_guest("control");
  const auto trace = record_at(image, "rewriting_itself", 2000);
  std::size_t stores = 0;
  for (std::uint64_t step = 1; step <= 2000; ++step) {
    const std::size_t writes = trace->effects_of(StepIndex{step}).memory.size();
    ASSERT_LE(writes, 1U) << "step " << step << ": " << instruction_text(*trace, StepIndex{step});
    stores += writes;
  }
  EXPECT_EQ(stores, 2U * 5) << "two a round, of 408 steps";
}

TEST(EngineRecording, InterruptsEqualTheOracle) {
  const emu::Image image = emu::machine_guest("interrupts");
  for (const char* label :
       {"held_sti", "held_sti_cli", "held_popf", "held_stack_segment", "held_twice", "held_sti_hlt"}) {
    const auto trace = record_at(image, label);
    EXPECT_EQ(trace->events().size(), 1U) << label;
    expect_oracle(*trace, image, label);
  }
}

}  // namespace
}  // namespace fiberscope::core
