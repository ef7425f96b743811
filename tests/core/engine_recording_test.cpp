// What is recorded is what the engine did, for guests that try every corner of it; and what is left when the engine dies.
#include <gtest/gtest.h>

#include "core/memory_sink.h"
#include "core/recorder.h"
#include "tests/emu/machine_guest.h"

namespace fiberscope::core {
namespace {

std::unique_ptr<Trace> record_at(const emu::Image& image, const std::string& label, std::uint64_t max_steps = 1'000'000) {
  const auto machine = emu::boot_at(image, label);
  auto trace = Trace::create(make_header(*machine, image, {}));
  if (!trace) throw std::runtime_error(trace.error().message);
  MemorySink sink(**trace);
  const auto ring = std::make_unique<StepRing>();
  Recorder recorder(*machine, image, *ring, sink);
  recorder.run(max_steps);
  return std::move(trace).value();
}

std::string instruction_text(Trace& trace, StepIndex step) {
  if (step.value == 0) return "the start";
  const StepTemplate& ran = trace.templates()[trace.effects_of(step).instruction];
  const emu::Disassembler disassembler;
  const auto decoded = disassembler.decode(emu::Address{ran.address}, {ran.bytes.data(), ran.size});
  return decoded ? decoded->att_mnemonic + " " + decoded->att_operands : "undecodable";
}

/// Compares the recorded state with that of a second machine, run step by step, at every cursor but those at which an
/// exception was delivered: there the trace is already in the handler, while the machine has not yet tried the instruction.
void expect_oracle(Trace& trace, const emu::Image& image, const std::string& label) {
  const auto machine = emu::boot_at(image, label);
  int differences = 0;
  for (std::uint64_t step = 0; step <= trace.steps().value && differences < 8; ++step) {
    if (step > 0) machine->run(step);
    ASSERT_EQ(machine->steps(), step);
    bool raised = false;
    for (const EventRecord& record : trace.events())
      raised |= record.event.step.value == step && record.event.kind == emu::EventKind::exception;
    if (raised) continue;
    const MachineState recorded = trace.state_at(StepIndex{step});
    const emu::RegisterFile actual = machine->registers();
    for (std::size_t i = 0; i < emu::kRegisterSlots; ++i) {
      if (recorded.registers.slots[i] == actual.slots[i]) continue;
      ++differences;
      ADD_FAILURE() << "step " << step << " (" << instruction_text(trace, StepIndex{step}) << "): "
                    << emu::register_name(static_cast<emu::Register>(i)) << " is " << std::hex << actual.slots[i]
                    << ", recorded " << recorded.registers.slots[i];
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

}  // namespace
}  // namespace fiberscope::core
