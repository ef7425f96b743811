#pragma once
#include <string_view>

#include "emu/step_log.h"

namespace fiberscope::core {

/// "interrupt", "exception", "fault": the words of exports.
constexpr std::string_view event_name(emu::EventKind kind) {
  switch (kind) {
    case emu::EventKind::interrupt:
      return "interrupt";
    case emu::EventKind::exception:
      return "exception";
    case emu::EventKind::fault:
      return "fault";
  }
  return "unknown";
}

}  // namespace fiberscope::core
