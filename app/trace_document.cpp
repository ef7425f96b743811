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
