#include "emu/machine.h"

#include <utility>

#include "emu/bare_machine.h"
#include "emu/linux_machine.h"

namespace fiberscope::emu {

Machine::~Machine() = default;

Result<std::unique_ptr<Machine>> Machine::boot(const Image& image) {
  return boot(image, {});
}

Result<std::unique_ptr<Machine>> Machine::boot(const Image& image, const MachineOptions& options) {
  const auto as_machine = [](auto machine) -> Result<std::unique_ptr<Machine>> {
    if (!machine) return machine.error();
    return std::unique_ptr<Machine>(std::move(machine).value());
  };
  if (options.profile == MachineProfile::linux_user) return as_machine(LinuxMachine::boot(image, options));
  return as_machine(BareMachine::boot(image, options));
}

Stop Machine::end(Stop::Reason reason, std::string message) const {
  Stop stop;
  stop.reason = reason;
  stop.rip = cpu().rip();
  stop.message = std::move(message);
  return stop;
}

void Machine::request_stop() {
  stop_requested_.store(true);
  cpu_->request_stop();
}

}  // namespace fiberscope::emu
