#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/thread.h"

namespace fiberscope::app {

enum class Language : std::uint8_t { en, es, fr, zh };
inline constexpr std::size_t kLanguages = 4;

std::string_view to_string(Language language);
/// "en", "es", "fr", "zh"; nothing for any other.
std::optional<Language> language_by_name(std::string_view name);

/// Every word that the window itself says. Captions and labels of cells come from the trace. A name ending in _n holds
/// one
/// {} for a number or a name.
enum class Word : std::uint8_t {
  code,
  stacks,
  registers,
  threads,
  saved_rsp,
  callee_saved,
  speed,
  steps_per_second,
  step,
  dark,
  light,
  just_ran,
  high_addresses,
  low_addresses,
  end_of_chain,
  never_written,
  was,
  since_n,
  popped,
  reads,
  writes,
  folded_frames_n,
  folded_cells_n,
  untouched_n,
  fold,
  chain_entry,
  chain_forged,
  chain_unknown,
  on_cpu,
  no_thread,
  no_code,
  no_stack,
  start_sentence,
  not_started,
  recording,
  past,
  behind_n,
  ended,
  follow,
  console,
  state_unused,
  state_init,
  state_ready,
  state_running,
  state_waiting,
  state_finished,
  reason_start,
  reason_yield,
  reason_block,
  reason_wake,
  reason_exit,
  reason_timer,
  reason_signal,
  reason_kernel,
  reason_unknown,
  tip_last_write,
  tip_never_written,
  tip_go_to_code,
  tip_to_live_code,
  tip_fold,
  tip_unfold,
  tip_pin,
  tip_control_block,
  tip_switch,
  tip_owner_n,
  tip_syntax,
  tip_restart,
  tip_back,
  tip_play,
  tip_forward,
  tip_previous_switch,
  tip_next_switch,
  tip_speed,
  tip_theme,
  tip_timeline,
  control_block,
  close,
  help_title,
  help_play,
  help_step,
  help_long_step,
  help_switch,
  help_ends,
  help_speed,
  help_focus,
  help_theme,
  help_syntax,
  help_go_to,
  help_find,
  help_thread,
  help_picture,
  help_quit,
  help_scale,
  help_motion,
  help_help,
  help_click,
  go_to_title,
  go_to_hint,
  find_title,
  find_hint,
  searching_n,
  not_found_n,
  found_n,
  bad_step_n,
  picture_saved_n,
  picture_failed_n,
  reduce_motion_on,
  reduce_motion_off,
  never_written_notice,
  no_such_thread_n,
  figure_thread,
  figure_states,
  figure_process,
  figure_virtualizers,
  figure_processors,
  figure_variables,
  figure_costs,
  figure_questions,
  tip_figure,
  help_figure,
  arrow_created,
  arrow_chosen,
  arrow_gave_up,
  arrow_must_wait,
  arrow_woken,
  arrow_ends,
  moved_by_n,
  thread_parts,
  part_identity,
  part_registers,
  part_saved_registers,
  part_stack,
  switches_in,
  data,
  output,
  one_thread,
  many_threads_n,
  virtual_memory,
  virtual_memory_aim,
  virtual_cpu,
  virtual_cpu_aim,
  virtual_io,
  virtual_io_aim,
  own_steps_n,
  own_progress,
  speed_lately_n,
  real_cpu,
  kernel_sees,
  kernel_task,
  no_variables,
  who_on_cpu,
  no_costs,
  cost_head,
  cost_steps,
  cost_bytes,
  cost_accesses,
  model_misses,
  claimed_cycles,
  budget_title,
  comparison_title,
  this_run,
  no_questions,
  show_answer,
  hide_answer,
  count_
};

/// The words of one language.
class Words {
 public:
  explicit Words(Language language) : language_(language) {}

  [[nodiscard]] const char* operator()(Word word) const;
  /// The word with its {} replaced.
  [[nodiscard]] std::string operator()(Word word, std::string_view argument) const;
  [[nodiscard]] const char* state(core::ThreadState state) const;
  [[nodiscard]] const char* reason(core::SwitchReason reason) const;
  [[nodiscard]] Language language() const { return language_; }
  /// All words in a row: what glyphs are needed for.
  [[nodiscard]] std::string all() const;

 private:
  Language language_;
};

}  // namespace fiberscope::app
