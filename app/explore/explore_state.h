#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/explore/explore_command.h"
#include "app/explore/explore_question.h"
#include "core/explore/execution_picture.h"
#include "core/explore/explore_answer.h"
#include "core/scenario.h"

namespace fiberscope::app {

/// The schedule that is shown: a way through the lattice and its execution.
struct ShownSchedule {
  std::vector<std::uint8_t> actions;
  std::string text;                    ///< "T1x2 T2x4"
  bool witness = false;                ///< the canonical one of its outcome, neither dragged nor typed
  std::uint32_t outcome = 0;           ///< id; 0: it reaches none, or none is known
  std::optional<std::size_t> blocked;  ///< the place of the first action that could not run
  std::optional<core::explore::ExecutionPicture> execution;
  std::optional<core::explore::SchedulePath> path;  ///< where it was typed: what it comes to, and why
};

/// What the exploration's panels read: plain data, never changed by them.
struct ExploreState {
  /// The scenario that was opened, and what it asks.
  struct Lesson {
    core::Scenario scenario;
    ExploreQuestion question;
  };
  std::optional<Lesson> lesson;
  ExploreQuestion question = typical_question();
  std::optional<ExploreQuestion> answered;  ///< the question that `answer` belongs to
  std::optional<core::explore::ExploreAnswer> answer;
  /// Of the answer's observables: what tells the outcomes apart, then what is asserted, then all that is the same.
  std::vector<std::size_t> values_order;
  double answer_seconds = 0;  ///< how long it took, from the click on
  std::string error;          ///< why the last question has no answer

  bool running = false;
  bool stopping = false;
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  double running_seconds = 0;

  bool replaying = false;
  OutcomeOrder order = OutcomeOrder::id;
  bool descending = false;
  ExploreView view = ExploreView::order;
  ShownSchedule shown;
  bool submit = false;     ///< Enter: the boxes are to hand in their texts and the question is to be asked
  bool can_leave = false;  ///< there is a run to go back to

  /// The scenario, as long as its own question stands there; nullptr elsewhere.
  [[nodiscard]] const core::Scenario* asked_lesson() const {
    return lesson && lesson->question == question ? &lesson->scenario : nullptr;
  }
  [[nodiscard]] const core::explore::ExploreAnswer::Outcome* outcome(std::size_t id) const {
    if (!answer) return nullptr;
    for (const auto& one : answer->outcomes)
      if (one.id == id) return &one;
    return nullptr;
  }
  /// Whether the schedule that is shown can be dragged: two threads, no loops, no store buffers, all states at hand.
  [[nodiscard]] bool can_drag() const {
    return answer && answer->pictures && answer->pictures->progress && !answer->pictures->progress->loops() &&
           !answer->pictures->states.has_buffers && !answer->pictures->states.nodes.empty();
  }
};

}  // namespace fiberscope::app
