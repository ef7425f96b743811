#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/explore/machine_step.h"
#include "core/explore/state_graph.h"

namespace fiberscope::core::explore {

/// Two conflicting plain accesses that some schedule leaves unordered by happens-before.
struct Race {
  struct Access {
    std::size_t thread = 0;
    std::uint64_t rip = 0;
    bool is_write = false;
    bool is_read = false;
    std::string text;    ///< the instruction
    std::string source;  ///< its line; empty where none is known
  };
  Access first;  ///< that of the lower thread
  Access second;
  std::string variable;
  /// A schedule that ends with the second access, unordered behind the first; with store buffers, with its drains.
  std::vector<std::uint8_t> first_before;
  std::vector<std::uint8_t> second_before;  ///< the other order; empty where no schedule shows it as a race
};

struct RaceReport {
  std::vector<Race> races;  ///< by variable and place
  bool complete = true;     ///< false: the limit was reached; a pair may be missing, but not each of them
};

/// Happens-before is program order and synchronisation: locked instructions, xchg, the runtime's calls, variables
/// declared so. Explores (state, accesses not yet known to others) until every candidate is found in both orders, or
/// nothing is left, or `most` such states are known.
RaceReport find_races(const StateGraph& graph, const MachineStep& machine, std::uint64_t most);

/// The same execution on a machine with store buffers: each step of a sequentially consistent schedule, and behind it
/// the drains of all that it stored. As buffers are empty before each step, every step does there what it does without
/// them. Empty where a step cannot be taken: it stores more than a buffer holds.
std::vector<std::uint8_t> with_drains(MachineStep& machine, std::span<const std::uint8_t> schedule);

}  // namespace fiberscope::core::explore
