#include "core/switch_reason.h"

#include <algorithm>
#include <utility>

namespace fiberscope::core {

SwitchReason reason_of_function(std::string_view function) {
  constexpr std::pair<std::string_view, SwitchReason> kEntries[] = {
      {"thread_start", SwitchReason::start},   {"thread_yield", SwitchReason::yield},
      {"thread_block", SwitchReason::block},   {"thread_join", SwitchReason::block},
      {"thread_wake", SwitchReason::wake},     {"thread_exit", SwitchReason::exit},
      {"timer_interrupt", SwitchReason::timer}};
  const auto found = std::find_if(std::begin(kEntries), std::end(kEntries),
                                  [&](const auto& entry) { return entry.first == function; });
  return found == std::end(kEntries) ? SwitchReason::unknown : found->second;
}

}  // namespace fiberscope::core
