#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/explore/exploration.h"
#include "core/explore/litmus.h"
#include "core/explore/thread_program.h"
#include "emu/result.h"

namespace fiberscope::core::explore {

/// What a user asks, in the words of the command line. Empty words mean the default.
struct ExploreRequest {
  std::string target;                ///< a .c, .S or .litmus file; empty where threads are typed
  std::vector<std::string> threads;  ///< typed statements, one text a thread
  std::string initial;               ///< "x=0,y=1"
  std::string lowering;              ///< statement, textbook (default), O0, O2; for .c O0 (default) or O2
  std::string scheduler;             ///< any (default), rr, rr=Q
  std::string cpus;                  ///< one, many; default: many for .litmus and tso, else one
  std::string memory;                ///< sc, tso; default: tso for .litmus, else sc
  std::vector<std::string> assertions;
  std::vector<std::string> sync;
  ExplorationLimits limits;
  bool pictures = false;  ///< as in ExploreOptions
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
