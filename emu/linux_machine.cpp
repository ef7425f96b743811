#include "emu/linux_machine.h"

#include <fmt/format.h>

#include <utility>

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kInterruptFlag = 1 << 9;
constexpr std::uint64_t kOsFxsr = 1 << 9;  // of CR4: without it fxsave leaves the xmm registers out

}  // namespace

LinuxMachine::~LinuxMachine() = default;

Result<std::unique_ptr<LinuxMachine>> LinuxMachine::boot(const Image& image, const MachineOptions& options) {
  auto machine = std::unique_ptr<LinuxMachine>(new LinuxMachine);
  auto program = load_program(machine->memory_, image, options);
  if (!program) return program.error();
  machine->program_ = std::move(program).value();
  machine->pristine_ = machine->memory_;
  auto cpu = Cpu::create(machine->memory_, *machine, Privilege::user);
  if (!cpu) return cpu.error();
  machine->cpu_ = std::make_unique<Cpu>(std::move(cpu).value());
  Cpu& processor = *machine->cpu_;
  RegisterFile registers = processor.read_all();
  for (std::size_t i = 0; i < kGeneralRegisters; ++i) registers[general_register(i)] = 0;
  reset_fpu_state(registers);
  registers[Register::rip] = machine->program_.entry.value;
  registers[Register::rsp] = machine->program_.stack_pointer.value;
  registers[Register::rflags] = kInterruptFlag | 2;
  registers[Register::cr4] |= kOsFxsr;
  processor.write_all(registers);
  machine->kernel_ = std::make_unique<LinuxKernel>(machine->memory_, machine->pristine_, processor, machine->console_,
                                                   machine->picker_, machine->program_, options);
  return machine;
}

Stop LinuxMachine::run(std::uint64_t max_steps) {
  for (;;) {
    kernel_->prepare();
    if (kernel_->ending()) {
      cpu_->flush();
      return *kernel_->ending();
    }
    if (stop_requested_.load()) {
      cpu_->flush();
      return end(Stop::Reason::stopped, "stopped from outside");
    }
    if (steps() >= max_steps) {
      cpu_->flush();
      return end(Stop::Reason::limit, fmt::format("the limit of {} steps is reached", max_steps));
    }
    const CpuStop stop = cpu_->run(kernel_->next_look(max_steps), false);
    switch (stop.cause) {
      case CpuStop::Cause::limit:
      case CpuStop::Cause::interrupts_on:
      case CpuStop::Cause::requested:
      case CpuStop::Cause::halt:  // #GP in ring 3
        break;
      case CpuStop::Cause::log_closed:
        return end(Stop::Reason::stopped, "the recording was closed");
      case CpuStop::Cause::system_call:
        kernel_->system_call();
        break;
      case CpuStop::Cause::trap:
      case CpuStop::Cause::exception:
        kernel_->exception(stop);
        break;
      case CpuStop::Cause::failure:
        cpu_->flush();
        return end(Stop::Reason::crashed, stop.detail);
    }
  }
}

}  // namespace fiberscope::emu
