#pragma once
#include <optional>

#include "core/step.h"

namespace fiberscope::core {

/// Where a search stands.
struct StepSearch {
  std::optional<StepIndex> found;
  StepIndex next;  ///< where nothing was found yet: the step to go on with, behind the last one where none is left
};

}  // namespace fiberscope::core
