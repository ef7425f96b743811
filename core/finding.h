#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "core/step.h"

namespace fiberscope::core {

enum class Severity : std::uint8_t { note, warning, error };

/// A rule of the switch checker that a run broke.
struct Finding {
  std::string rule;
  Severity severity = Severity::error;
  StepIndex step;
  std::optional<ThreadId> thread;
  std::string message;
  std::string expected;
  std::string actual;
};

}  // namespace fiberscope::core
