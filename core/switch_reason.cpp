#include "core/switch_reason.h"

#include <algorithm>
#include <utility>

namespace fiberscope::core {

SwitchReason reason_of_function(std::string_view function) {
  constexpr std::pair<std::string_view, SwitchReason> kEntries[] = {
      {"thread_start", SwitchReason::start}, {"thread_yield", SwitchReason::yield}, {"thread_block", SwitchReason::block},
      {"thread_join", SwitchReason::block},  {"thread_wake", SwitchReason::wake},   {"thread_exit", SwitchReason::exit},
      {"timer_interrupt", SwitchReason::timer}};
  const auto found = std::find_if(std::begin(kEntries), std::end(kEntries), [&](const auto& entry) { return entry.first == function; });
  return found == std::end(kEntries) ? SwitchReason::unknown : found->second;
}

SwitchReason switch_reason(const emu::Image& image, const UnwoundChain& leaving) {
  for (const UnwoundFrame& frame : leaving.frames) {
    const auto symbol = image.symbol_at(frame.rip_is_exact ? frame.rip : frame.rip - 1);
    if (!symbol) continue;
    const SwitchReason reason = reason_of_function(symbol->name);
    if (reason != SwitchReason::unknown) return reason;
  }
  return SwitchReason::unknown;
}

}  // namespace fiberscope::core
