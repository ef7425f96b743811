#include "app/trace_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "core/pick_schedule.h"
#include "core/replay_start.h"
#include "core/thread_table.h"

namespace fiberscope::app {
namespace {

constexpr std::size_t kKeptSnapshots = 8;
/// How long the window may wait for the run of an order. Those of lessons take some ten milliseconds.
constexpr std::chrono::seconds kLongestChoice{5};
constexpr std::chrono::milliseconds kPoll{1};
constexpr std::size_t kMostValues = 9;
constexpr std::uint64_t kLargestNumber = 999'999'999;  // beyond that it is an address, or nothing that a lesson counts

/// What a person wants to know who chooses an order: numbers and texts, no addresses.
std::vector<core::WatchedValue> plain_values(std::vector<core::WatchedValue> values) {
  std::erase_if(values, [](const core::WatchedValue& value) {
    return !value.is_text && (!value.symbol.empty() || value.value > kLargestNumber);
  });
  if (values.size() > kMostValues) values.resize(kMostValues);
  return values;
}

}  // namespace

struct TraceDocument::Recording {
  Recording(std::unique_ptr<RecordedTarget> recorded, const std::string& language)
      : target(std::move(recorded)),
        builder(target->trace(), target->scenario(), language),
        listing(target->trace()),
        finder(target->trace(), builder, target->scenario(), language),
        history(target->trace()) {}

  std::unique_ptr<RecordedTarget> target;
  core::SnapshotBuilder builder;
  core::CodeListing listing;
  core::StepFinder finder;
  core::StateHistory history;
};

TraceDocument::TraceDocument(std::unique_ptr<RecordedTarget> target, const std::string& language)
    : language_(language), opened_(std::make_unique<Recording>(std::move(target), language)) {
  title_ = trace().meta("title");
  if (title_.empty()) title_ = trace().meta("target");
  if (!trace().meta("note").empty()) title_ = trace().meta("note") + " · " + title_;
  update();
}

TraceDocument::~TraceDocument() = default;

RecordedTarget& TraceDocument::target() {
  return *opened_->target;
}

core::Trace& TraceDocument::trace() const {
  return shown().target->trace();
}

const core::Timeline& TraceDocument::timeline() const {
  return trace().timeline();
}

const core::Scenario* TraceDocument::scenario() const {
  return shown().target->scenario();
}

void TraceDocument::update() {
  ending_ = trace().stop() ? trace().stop()->message : std::string();
  kept_.clear();
}

bool TraceDocument::refresh() {
  const auto changed = shown().target->refresh();
  if (!changed) {
    // A file that turned bad under our eyes: what was read before stays, and the reason is on screen.
    emu::Stop stop;
    stop.reason = emu::Stop::Reason::crashed;
    stop.message = changed.error().message;
    trace().finish(std::move(stop));
    update();
    return true;
  }
  if (!*changed) return false;
  update();
  return true;
}

bool TraceDocument::asks_for_order() {
  if (!asks_ && !opened_->target->trace().timeline().recording)
    asks_ = !opened_->target->origin().empty() && core::asks_scheduler_port(opened_->target->trace());
  return asks_.value_or(false);
}

emu::Result<void> TraceDocument::choose_order(const std::optional<std::vector<core::ThreadId>>& picks) {
  if (!picks) {
    chosen_.reset();
    choice_.reset();
    update();
    return {};
  }
  RecordedTarget::Options options;
  options.schedule = core::schedule_text(*picks);
  options.stop_at_question = true;
  auto recorded = RecordedTarget::open(opened_->target->origin(), options);
  if (!recorded) return recorded.error();
  const auto deadline = std::chrono::steady_clock::now() + kLongestChoice;
  while (!(*recorded)->trace().stop()) {
    if (const auto changed = (*recorded)->refresh(); !changed) return changed.error();
    if (std::chrono::steady_clock::now() > deadline)
      return emu::Error{fmt::format("this run takes longer than {} s; `fiberscope run --schedule` has the time",
                                    kLongestChoice.count())};
    std::this_thread::sleep_for(kPoll);
  }
  chosen_ = std::make_unique<Recording>(std::move(recorded).value(), language_);
  costs_.reset();
  update();
  const core::StepIndex end = timeline().steps;
  core::OrderChoice choice;
  choice.picks = *picks;
  choice.asks = trace().stop()->reason == emu::Stop::Reason::stopped;
  for (const core::ThreadView& view : snapshot(end).threads)
    if (choice.asks && view.thread.state == core::ThreadState::ready) choice.ready.push_back(view.thread.id);
  choice.values = plain_values(figure(end).variables);
  choice.schedule = options.schedule;
  choice.command = fmt::format("fiberscope run {} --schedule \"{}\"", opened_->target->origin(), options.schedule);
  choice_ = std::move(choice);
  return {};
}

const core::Snapshot& TraceDocument::snapshot(core::StepIndex cursor) {
  cursor = std::min(cursor, timeline().steps);
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const auto& kept) { return kept->step == cursor; });
  if (found != kept_.end()) return **found;
  if (kept_.size() >= kKeptSnapshots) kept_.erase(kept_.begin());
  kept_.push_back(std::make_unique<core::Snapshot>(shown().builder.build(cursor)));
  return *kept_.back();
}

core::CodeView TraceDocument::code(core::StepIndex cursor, core::Syntax syntax) {
  std::vector<emu::Address> stores;
  for (const core::LostUpdate& update : snapshot(cursor).lost_updates)
    if (update.store.step == cursor) stores.insert(stores.end(), {update.store.code, update.lost.code});
  return shown().listing.at_cursor(cursor, syntax, stores);
}

core::CodeView TraceDocument::code_at(emu::Address address, core::StepIndex cursor, core::Syntax syntax) {
  return shown().listing.at_address(address, cursor, syntax);
}

core::FigureData TraceDocument::figure(core::StepIndex cursor) {
  return core::make_figure_data(trace(), shown().history, snapshot(cursor), scenario());
}

core::StepIndex TraceDocument::beginning() {
  return core::replay_start(trace());
}

std::vector<core::ContextObject> TraceDocument::contexts(core::StepIndex cursor) {
  return core::context_objects(trace(), snapshot(cursor), scenario());
}

const core::CostComparison* TraceDocument::costs() {
  if (costs_) return &*costs_;
  core::Trace& trace = shown().target->trace();
  if (timeline().recording || timeline().steps.value > core::kMostCountedSteps) return nullptr;
  costs_.emplace();
  const core::SwitchCosts own = core::switch_costs(trace);
  costs_->runs.push_back(core::run_costs(trace, own));
  if (trace.meta("note") == "001") {
    costs_->budget = core::windowed_budget(own);
    costs_->comparison = core::windowed_comparison(own);
  }
  const core::Scenario* of = scenario();
  if (of == nullptr || !of->compare) return &*costs_;
  // Where the other one cannot be recorded this one stands alone.
  constexpr int kNothingStopsIt = -1;
  const auto other = RecordedTarget::open(*of->compare, {});
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
  return trace().last_write(address, size, cursor);
}

std::optional<core::StepIndex> TraceDocument::last_write(emu::Register reg, core::StepIndex cursor) {
  return trace().last_write(reg, cursor);
}

core::StepSearch TraceDocument::find(const std::string& text, core::StepIndex first, core::StepIndex last,
                                     const std::function<bool()>& go_on) {
  return shown().finder.search(text, first, last, go_on);
}

}  // namespace fiberscope::app
