#include "core/snapshot.h"
#include "core/thread.h"

namespace fiberscope::core {

std::string_view to_string(ThreadKind kind) {
  constexpr std::string_view kNames[] = {"main", "user", "fiber", "kernel", "scheduler", "signal"};
  const auto index = static_cast<std::size_t>(kind);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

std::string_view to_string(ThreadState state) {
  constexpr std::string_view kNames[] = {"unused", "init", "ready", "running", "waiting", "finished"};
  const auto index = static_cast<std::size_t>(state);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

std::string_view to_string(SwitchReason reason) {
  constexpr std::string_view kNames[] = {"start", "dispatch", "yield",  "block",  "wake",
                                         "exit",  "timer",    "signal", "kernel", "unknown"};
  return kNames[static_cast<std::size_t>(reason)];
}

std::string_view to_string(CellRole role) {
  constexpr std::string_view kNames[] = {"return address", "saved rbp", "saved register", "argument",
                                         "local",          "padding",   "never written"};
  return kNames[static_cast<std::size_t>(role)];
}

std::string_view to_string(UnwindMethod method) {
  return method == UnwindMethod::cfi ? "cfi" : "frame_pointer";
}

std::string_view to_string(ChainEnd end) {
  constexpr std::string_view kNames[] = {"entry", "forged", "unknown"};
  return kNames[static_cast<std::size_t>(end)];
}

}  // namespace fiberscope::core
