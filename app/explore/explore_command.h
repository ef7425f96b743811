#pragma once
#include <cstdint>
#include <string>
#include <variant>

#include "app/explore/explore_question.h"
#include "core/explore/progress_graph.h"

namespace fiberscope::app {

enum class ExploreField : std::uint8_t { initial, assertions, lowering, scheduler, cpus, memory };
enum class ExploreView : std::uint8_t { order, states, questions };
enum class OutcomeOrder : std::uint8_t { id, schedules, executions, probability, preemptions };

/// What the exploration's panels ask for (app/command.h carries it).
namespace exploring {

struct SetThread {
  std::size_t thread = 0;
  std::string text;
};
struct AddThread {};
struct RemoveThread {};
struct Set {
  ExploreField field = ExploreField::initial;
  std::string text;
};
struct Choose {
  ExploreField field = ExploreField::lowering;
  std::string word;
};  ///< and explore at once
struct Run {};
struct Stop {};
struct ShowOutcome {
  std::size_t id = 0;
};  ///< its witness becomes the schedule that is shown
struct SortOutcomes {
  OutcomeOrder order = OutcomeOrder::id;
};  ///< again: the other way round
struct Drag {
  core::explore::LatticePoint through;
};  ///< the schedule that is shown goes through that point
struct Show {
  ExploreView view = ExploreView::order;
};
struct ReplayOutcome {
  std::size_t id = 0;
};
struct ReplaySchedule {
  std::string schedule;
};
struct ReplayPath {};  ///< the schedule that is shown

}  // namespace exploring

using ExploreCommand =
    std::variant<exploring::SetThread, exploring::AddThread, exploring::RemoveThread, exploring::Set, exploring::Choose,
                 exploring::Run, exploring::Stop, exploring::ShowOutcome, exploring::SortOutcomes, exploring::Drag,
                 exploring::Show, exploring::ReplayOutcome, exploring::ReplaySchedule, exploring::ReplayPath>;

}  // namespace fiberscope::app
