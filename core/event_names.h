#pragma once
#include <string_view>

#include "emu/step_log.h"

namespace fiberscope::core {

/// "interrupt", "exception", "fault", "system_call", "signal", "task", "read", "start": the words of exports.
constexpr std::string_view event_name(emu::EventKind kind) {
  switch (kind) {
    case emu::EventKind::interrupt:
      return "interrupt";
    case emu::EventKind::exception:
      return "exception";
    case emu::EventKind::fault:
      return "fault";
    case emu::EventKind::system_call:
      return "system_call";
    case emu::EventKind::signal:
      return "signal";
    case emu::EventKind::page_copy:
      return "page_copy";
    case emu::EventKind::task:
      return "task";
    case emu::EventKind::read:
      return "read";
    case emu::EventKind::start:
      return "start";
    case emu::EventKind::buffer:
      return "buffer";
    case emu::EventKind::drain:
      return "drain";
  }
  return "unknown";
}

}  // namespace fiberscope::core
