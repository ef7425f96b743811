#include "app/trace_document.h"

#include <algorithm>
#include <utility>

namespace fiberscope::app {
namespace {

constexpr std::size_t kKeptSnapshots = 8;

}  // namespace

TraceDocument::TraceDocument(std::unique_ptr<RecordedTarget> target, const std::string& language)
    : target_(std::move(target)),
      builder_(target_->trace(), target_->scenario(), language),
      listing_(target_->trace()),
      finder_(target_->trace(), builder_, target_->scenario(), language),
      history_(target_->trace()) {
  const core::Trace& trace = target_->trace();
  title_ = trace.meta("title");
  if (title_.empty()) title_ = trace.meta("target");
  if (!trace.meta("note").empty()) title_ = trace.meta("note") + " · " + title_;
  update();
}

void TraceDocument::update() {
  if (target_->trace().stop()) ending_ = target_->trace().stop()->message;
  kept_.clear();
}

bool TraceDocument::refresh() {
  const auto changed = target_->refresh();
  if (!changed) {
    // A file that turned bad under our eyes: what was read before stays, and the reason is on screen.
    emu::Stop stop;
    stop.reason = emu::Stop::Reason::crashed;
    stop.message = changed.error().message;
    target_->trace().finish(std::move(stop));
    update();
    return true;
  }
  if (!*changed) return false;
  update();
  return true;
}

const core::Snapshot& TraceDocument::snapshot(core::StepIndex cursor) {
  cursor = std::min(cursor, timeline().steps);
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const auto& kept) { return kept->step == cursor; });
  if (found != kept_.end()) return **found;
  if (kept_.size() >= kKeptSnapshots) kept_.erase(kept_.begin());
  kept_.push_back(std::make_unique<core::Snapshot>(builder_.build(cursor)));
  return *kept_.back();
}

core::CodeView TraceDocument::code(core::StepIndex cursor, core::Syntax syntax) {
  return listing_.at_cursor(cursor, syntax);
}

core::CodeView TraceDocument::code_at(emu::Address address, core::StepIndex cursor, core::Syntax syntax) {
  return listing_.at_address(address, cursor, syntax);
}

core::FigureData TraceDocument::figure(core::StepIndex cursor) {
  return core::make_figure_data(target_->trace(), history_, snapshot(cursor), target_->scenario());
}

const core::CostComparison* TraceDocument::costs() {
  if (costs_) return &*costs_;
  core::Trace& trace = target_->trace();
  if (timeline().recording || timeline().steps.value > core::kMostCountedSteps) return nullptr;
  costs_.emplace();
  const core::SwitchCosts own = core::switch_costs(trace);
  costs_->runs.push_back(core::run_costs(trace, own));
  if (trace.meta("note") == "001") {
    costs_->budget = core::windowed_budget(own);
    costs_->comparison = core::windowed_comparison(own);
  }
  const core::Scenario* scenario = target_->scenario();
  if (scenario == nullptr || !scenario->compare) return &*costs_;
  // Where the other one cannot be recorded this one stands alone.
  constexpr int kNothingStopsIt = -1;
  const auto other = RecordedTarget::open(*scenario->compare, {});
  if (other) {
    (*other)->wait(kNothingStopsIt);
    if (!(*other)->refresh()) return &*costs_;
    core::Trace& beside = (*other)->trace();
    costs_->runs.push_back(core::run_costs(beside, core::switch_costs(beside)));
  }
  return &*costs_;
}

std::optional<core::StepIndex> TraceDocument::last_write(emu::Address address, std::uint32_t size,
                                                         core::StepIndex cursor) {
  return target_->trace().last_write(address, size, cursor);
}

std::optional<core::StepIndex> TraceDocument::last_write(emu::Register reg, core::StepIndex cursor) {
  return target_->trace().last_write(reg, cursor);
}

core::StepSearch TraceDocument::find(const std::string& text, core::StepIndex first, core::StepIndex last,
                                     const std::function<bool()>& go_on) {
  return finder_.search(text, first, last, go_on);
}

}  // namespace fiberscope::app
