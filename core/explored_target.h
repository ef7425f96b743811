#pragma once
#include <optional>
#include <string>

#include "core/explore/explore_question.h"
#include "core/scenario.h"
#include "emu/result.h"

namespace fiberscope::core {

/// Something whose interleavings are told, as named on the command line: a scenario that asks for them, by its name or
/// its file, or a program (.c, .S, .litmus, example:NAME).
struct ExploredTarget {
  explore::ExploreQuestion question;
  std::optional<Scenario> lesson;
};

/// Whether the word names such a thing, and not something that runs.
bool is_explored(const std::string& target);

/// Fails where it is a scenario that asks for no interleavings, or a scenario file that is wrong. Whether a program is
/// there is left to explore::prepare().
emu::Result<ExploredTarget> explored_target(const std::string& target);

}  // namespace fiberscope::core
