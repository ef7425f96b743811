#pragma once
#include <memory>
#include <string>

#include "app/cli/recorded_target.h"
#include "app/document.h"
#include "core/code_listing.h"
#include "core/snapshot_builder.h"
#include "core/step_finder.h"

namespace fiberscope::app {

/// A recorded, or growing, trace as the window's document; while an order is chosen by hand, the run of that order.
class TraceDocument final : public Document {
 public:
  explicit TraceDocument(std::unique_ptr<RecordedTarget> target, const std::string& language = "en");
  ~TraceDocument() override;

  /// The one that it was opened with.
  [[nodiscard]] RecordedTarget& target();

  bool refresh() override;
  [[nodiscard]] const std::string& title() const override { return title_; }
  [[nodiscard]] const core::Timeline& timeline() const override;
  [[nodiscard]] const std::string& ending() const override { return ending_; }
  [[nodiscard]] core::StepIndex beginning() override;
  const core::Snapshot& snapshot(core::StepIndex cursor) override;
  core::CodeView code(core::StepIndex cursor, core::Syntax syntax) override;
  core::CodeView code_at(emu::Address address, core::StepIndex cursor, core::Syntax syntax) override;
  core::FigureData figure(core::StepIndex cursor) override;
  std::vector<core::ContextObject> contexts(core::StepIndex cursor) override;
  const core::CostComparison* costs() override;
  [[nodiscard]] const core::Scenario* scenario() const override;
  std::optional<core::StepIndex> last_write(emu::Address address, std::uint32_t size, core::StepIndex cursor) override;
  std::optional<core::StepIndex> last_write(emu::Register reg, core::StepIndex cursor) override;
  core::StepSearch find(const std::string& text, core::StepIndex first, core::StepIndex last,
                        const std::function<bool()>& go_on) override;
  bool asks_for_order() override;
  emu::Result<void> choose_order(const std::optional<std::vector<core::ThreadId>>& picks) override;
  [[nodiscard]] const core::OrderChoice* choice() const override { return choice_ ? &*choice_ : nullptr; }

 private:
  /// A trace and what answers questions about it.
  struct Recording;

  void update();
  [[nodiscard]] Recording& shown() const { return chosen_ ? *chosen_ : *opened_; }
  [[nodiscard]] core::Trace& trace() const;

  std::string language_;
  std::unique_ptr<Recording> opened_;
  std::unique_ptr<Recording> chosen_;  ///< takes its place
  std::optional<core::OrderChoice> choice_;
  std::optional<bool> asks_;
  std::optional<core::CostComparison> costs_;
  std::string title_;
  std::string ending_;
  /// The two that a film needs: before and after its step.
  std::vector<std::unique_ptr<core::Snapshot>> kept_;
};

}  // namespace fiberscope::app
