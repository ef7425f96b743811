#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "emu/address.h"

namespace fiberscope::emu {

/// How a guest came to its end. A guest that goes wrong is a result to show, not an error.
struct Stop {
  enum class Reason : std::uint8_t {
    exited,    ///< it wrote its exit code
    limit,     ///< the step limit
    halted,    ///< hlt with nothing that could wake it
    fault,     ///< an exception for which the guest has no handler
    stopped,   ///< from outside
    crashed,   ///< the engine died, or its process was killed
    deadlock,  ///< its scheduler said that no thread can ever run again
    schedule   ///< it cannot follow the schedule that it was to follow
  };
  Reason reason = Reason::exited;
  int code = 0;             ///< exited: the guest's exit code
  std::uint8_t vector = 0;  ///< fault: the exception
  Address rip;              ///< of the next instruction: the one at fault
  Address address;          ///< #PF: the address touched
  std::string message;  ///< one line for people: "exit code 0", "page fault: write to unmapped 0x602000 at 0x4010c4"
};

/// "exit", "limit", "halt", "fault", "stopped", "crash", "deadlock", "schedule": the words of the command line's JSON.
std::string_view to_string(Stop::Reason reason);
/// The reason of such a word; nothing for any other.
std::optional<Stop::Reason> stop_reason_by_name(std::string_view name);
/// "#PF page fault", …; "vector 40" beyond the named ones (Intel SDM vol. 3, table 6-1).
std::string exception_name(std::uint8_t vector);

}  // namespace fiberscope::emu
