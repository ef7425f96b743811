#pragma once
#include <optional>
#include <string>

#include "core/explore/exploration.h"
#include "core/explore/explore_question.h"
#include "core/explore/litmus.h"
#include "core/explore/thread_program.h"
#include "emu/result.h"

namespace fiberscope::core::explore {

/// A question with what the answer may cost and what it is for.
struct ExploreRequest : ExploreQuestion {
  ExplorationLimits limits;
  bool pictures = false;  ///< as in ExploreOptions
  std::string path;       ///< a schedule to be told about, "T1x2 T2x4 D1"; empty: none
};

/// A request made ready: what is explored and how, with the words that must stand beside every number.
struct PreparedExploration {
  ThreadProgram program;
  ExploreOptions options;
  std::string lowering;
  std::string scheduler;
  std::string cpus;
  std::string memory;
  std::optional<Litmus> litmus;
};

/// Fails with a message for people: unknown words, options that exclude each other, whatever is wrong with the program.
emu::Result<PreparedExploration> prepare(const ExploreRequest& request);

}  // namespace fiberscope::core::explore
