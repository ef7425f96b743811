#include "core/switch_reason.h"

#include <algorithm>
#include <utility>

namespace fiberscope::core {

SwitchReason reason_of_function(std::string_view function) {
  constexpr std::pair<std::string_view, SwitchReason> kEntries[] = {
      {"thread_start", SwitchReason::start},
      {"thread_yield", SwitchReason::yield},
      {"thread_block", SwitchReason::block},
      {"thread_join", SwitchReason::block},
      {"thread_wake", SwitchReason::wake},
      {"thread_exit", SwitchReason::exit},
      {"timer_interrupt", SwitchReason::timer},
      {"fiber_resume", SwitchReason::dispatch},
      {"fiber_yield", SwitchReason::yield},
      {"fiber_exit", SwitchReason::exit},
      {"fiber_run", SwitchReason::dispatch},
      {"fiber_scheduler", SwitchReason::dispatch},
      {"run_scheduler", SwitchReason::dispatch},
      {"go_on_scheduling", SwitchReason::dispatch},
      {"frame_dealloc", SwitchReason::exit},
      {"turn_wait", SwitchReason::block},
      {"turn_run", SwitchReason::dispatch},
      {"enter_scheduler", SwitchReason::yield},
      {"sum_with_calls", SwitchReason::yield},
      {"timer_interrupt_callee_saved", SwitchReason::timer},
      {"system_call", SwitchReason::kernel},
      {"system_call_entry", SwitchReason::kernel},
      {"kernel_run", SwitchReason::dispatch},
      {"kernel_yield", SwitchReason::yield},
      {"kernel_sleep", SwitchReason::block},
      {"kernel_exit", SwitchReason::exit},
      {"yield_now", SwitchReason::yield},
      {"yield_until", SwitchReason::yield},
      {"thread_start_threading", SwitchReason::dispatch},
      {"__start_context", SwitchReason::exit},
      {"thread_create", SwitchReason::start},
      {"mctx_create", SwitchReason::start},
      {"mctx_create_boot", SwitchReason::yield},
      {"ontop_fcontext", SwitchReason::exit}};
  // A template's name: the fiber's outermost function, which goes back to its maker once before it begins.
  if (function.starts_with("_ZN5boost7context6detail11fiber_entry")) return SwitchReason::yield;
  const auto found = std::find_if(std::begin(kEntries), std::end(kEntries),
                                  [&](const auto& entry) { return entry.first == function; });
  return found == std::end(kEntries) ? SwitchReason::unknown : found->second;
}

bool leads_away(std::string_view function) {
  constexpr std::string_view kChoosers[] = {"schedule", "kernel_schedule", "preempt"};
  if (std::find(std::begin(kChoosers), std::end(kChoosers), function) != std::end(kChoosers)) return true;
  const SwitchReason reason = reason_of_function(function);
  return reason == SwitchReason::yield || reason == SwitchReason::block || reason == SwitchReason::timer ||
         reason == SwitchReason::kernel;
}

}  // namespace fiberscope::core
