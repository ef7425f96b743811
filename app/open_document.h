#pragma once
#include "app/document.h"

namespace fiberscope::app {

/// The document that the window shows while it may be exchanged for another one, between two frames; whoever exchanges
/// it tells the Session (reopened()).
class OpenDocument final : public Document {
 public:
  explicit OpenDocument(Document& shown) : shown_(&shown) {}
  /// From now on; what was shown before is not asked any more.
  void show(Document& other) { shown_ = &other; }

  bool refresh() override { return shown_->refresh(); }
  [[nodiscard]] const std::string& title() const override { return shown_->title(); }
  [[nodiscard]] const core::Timeline& timeline() const override { return shown_->timeline(); }
  [[nodiscard]] const std::string& ending() const override { return shown_->ending(); }
  const core::Snapshot& snapshot(core::StepIndex cursor) override { return shown_->snapshot(cursor); }
  core::CodeView code(core::StepIndex cursor, core::Syntax syntax) override { return shown_->code(cursor, syntax); }
  core::CodeView code_at(emu::Address address, core::StepIndex cursor, core::Syntax syntax) override {
    return shown_->code_at(address, cursor, syntax);
  }
  core::FigureData figure(core::StepIndex cursor) override { return shown_->figure(cursor); }
  const core::CostComparison* costs() override { return shown_->costs(); }
  [[nodiscard]] const core::Scenario* scenario() const override { return shown_->scenario(); }
  std::vector<core::ContextObject> contexts(core::StepIndex cursor) override { return shown_->contexts(cursor); }
  bool asks_for_order() override { return shown_->asks_for_order(); }
  emu::Result<void> choose_order(const std::optional<std::vector<core::ThreadId>>& picks) override {
    return shown_->choose_order(picks);
  }
  [[nodiscard]] const core::OrderChoice* choice() const override { return shown_->choice(); }
  std::optional<core::StepIndex> last_write(emu::Address address, std::uint32_t size, core::StepIndex cursor) override {
    return shown_->last_write(address, size, cursor);
  }
  std::optional<core::StepIndex> last_write(emu::Register reg, core::StepIndex cursor) override {
    return shown_->last_write(reg, cursor);
  }
  core::StepSearch find(const std::string& text, core::StepIndex first, core::StepIndex last,
                        const std::function<bool()>& go_on) override {
    return shown_->find(text, first, last, go_on);
  }

 private:
  Document* shown_;
};

/// No run at all: what lies under the exploration until something is replayed.
class NoDocument final : public Document {
 public:
  bool refresh() override { return false; }
  [[nodiscard]] const std::string& title() const override { return title_; }
  [[nodiscard]] const core::Timeline& timeline() const override { return timeline_; }
  [[nodiscard]] const std::string& ending() const override { return ending_; }
  const core::Snapshot& snapshot(core::StepIndex) override { return snapshot_; }
  core::CodeView code(core::StepIndex, core::Syntax) override { return {}; }
  core::CodeView code_at(emu::Address, core::StepIndex, core::Syntax) override { return {}; }
  core::FigureData figure(core::StepIndex) override { return {}; }
  const core::CostComparison* costs() override { return nullptr; }
  [[nodiscard]] const core::Scenario* scenario() const override { return nullptr; }
  std::vector<core::ContextObject> contexts(core::StepIndex) override { return {}; }
  std::optional<core::StepIndex> last_write(emu::Address, std::uint32_t, core::StepIndex) override {
    return std::nullopt;
  }
  std::optional<core::StepIndex> last_write(emu::Register, core::StepIndex) override { return std::nullopt; }
  core::StepSearch find(const std::string&, core::StepIndex, core::StepIndex last,
                        const std::function<bool()>&) override {
    return {std::nullopt, last + 1};
  }

 private:
  std::string title_ = "All interleavings";
  std::string ending_;
  core::Timeline timeline_;
  core::Snapshot snapshot_;
};

}  // namespace fiberscope::app
