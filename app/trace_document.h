#pragma once
#include <memory>
#include <string>

#include "app/cli/recorded_target.h"
#include "app/document.h"
#include "core/code_listing.h"
#include "core/snapshot_builder.h"
#include "core/step_finder.h"

namespace fiberscope::app {

/// A recorded, or growing, trace as the window's document.
class TraceDocument final : public Document {
 public:
  explicit TraceDocument(std::unique_ptr<RecordedTarget> target, const std::string& language = "en");

  [[nodiscard]] RecordedTarget& target() { return *target_; }

  bool refresh() override;
  [[nodiscard]] const std::string& title() const override { return title_; }
  [[nodiscard]] const core::Timeline& timeline() const override { return target_->trace().timeline(); }
  [[nodiscard]] const std::string& ending() const override { return ending_; }
  const core::Snapshot& snapshot(core::StepIndex cursor) override;
  core::CodeView code(core::StepIndex cursor, core::Syntax syntax) override;
  core::CodeView code_at(emu::Address address, core::StepIndex cursor, core::Syntax syntax) override;
  core::FigureData figure(core::StepIndex cursor) override;
  const core::CostComparison* costs() override;
  [[nodiscard]] const core::Scenario* scenario() const override { return target_->scenario(); }
  std::optional<core::StepIndex> last_write(emu::Address address, std::uint32_t size, core::StepIndex cursor) override;
  std::optional<core::StepIndex> last_write(emu::Register reg, core::StepIndex cursor) override;
  core::StepSearch find(const std::string& text, core::StepIndex first, core::StepIndex last,
                        const std::function<bool()>& go_on) override;

 private:
  void update();

  std::unique_ptr<RecordedTarget> target_;
  core::SnapshotBuilder builder_;
  core::CodeListing listing_;
  core::StepFinder finder_;
  core::StateHistory history_;
  std::optional<core::CostComparison> costs_;
  std::string title_;
  std::string ending_;
  /// The two that a film needs: before and after its step.
  std::vector<std::unique_ptr<core::Snapshot>> kept_;
};

}  // namespace fiberscope::app
