#pragma once
#include <cstdint>
#include <memory>

#include "emu/cpu.h"
#include "emu/image.h"
#include "emu/linux_kernel.h"
#include "emu/linux_program.h"
#include "emu/machine.h"
#include "emu/result.h"

namespace fiberscope::emu {

/// A static Linux program in user mode, with the machine as its kernel (docs/linux.md). It runs the same way every
/// time: time is steps, tasks take turns by steps, and nothing of the host can be seen.
class LinuxMachine final : public Machine, private PortBus {
 public:
  /// Fails with a message for people where the image is no program for Linux or does not fit the machine.
  static Result<std::unique_ptr<LinuxMachine>> boot(const Image& image, const MachineOptions& options);
  ~LinuxMachine() override;

  Stop run(std::uint64_t max_steps) override;

  [[nodiscard]] const LinuxProgram& program() const { return program_; }

 private:
  LinuxMachine() = default;

  // Ports are for the kernel: ring 3 does not come here.
  std::uint32_t in(std::uint16_t, unsigned) override { return 0; }
  void out(std::uint16_t, unsigned, std::uint32_t) override {}
  std::uint64_t time_stamp() override { return kernel_->clock().now(); }

  LinuxProgram program_;
  Memory pristine_;  ///< as it was loaded
  std::unique_ptr<LinuxKernel> kernel_;
};

}  // namespace fiberscope::emu
