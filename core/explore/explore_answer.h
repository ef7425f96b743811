#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/explore/pictures.h"
#include "core/explore/schedule_path.h"
#include "emu/result.h"

namespace fiberscope::core::explore {

/// A fiberscope.explore/1 read back: what `explore --json --pictures` said, for whoever did not explore himself. What
/// was null there is empty or nothing here.
struct ExploreAnswer {
  struct Thread {
    std::optional<std::uint32_t> fewest;  ///< body steps
    std::optional<std::uint32_t> most;
  };
  struct Outcome {
    std::size_t id = 0;
    std::vector<std::int64_t> values;  ///< of `observables`
    std::string schedules;             ///< decimal, or "infinite"
    std::string executions;
    std::optional<double> probability;
    std::string probability_exact;
    std::optional<std::uint32_t> preemptions;
    std::string witness;
    bool violates = false;  ///< an assertion
  };
  /// Something to see, with schedules that show it.
  struct Finding {
    enum class Kind : std::uint8_t { violation, deadlock, livelock, race };
    Kind kind = Kind::race;
    std::string what;                    ///< the assertion, the variable; empty where `places` say it all
    std::vector<std::string> places;     ///< "T1 mov dword ptr [x], eax (x=x+1) write"
    std::vector<std::string> schedules;  ///< of a race: both orders, where known
  };
  std::string lowering;
  std::string scheduler;
  std::string cpus;
  std::string memory;
  std::vector<std::string> observables;
  std::vector<Thread> threads;
  std::vector<Outcome> outcomes;
  std::vector<Finding> findings;
  bool races_complete = true;
  bool complete = false;
  std::string complete_for;
  std::string bound;
  std::string stop_reason;
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  std::string schedules;
  std::string executions;
  std::optional<Pictures> pictures;
  std::optional<SchedulePath> path;  ///< what was asked about
};

/// Fails where the text is no fiberscope.explore/1.
emu::Result<ExploreAnswer> read_answer(std::string_view json);

}  // namespace fiberscope::core::explore
