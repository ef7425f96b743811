#pragma once
#include "app/document.h"
#include "tests/app/fake_machine.h"

namespace fiberscope::app {

/// A document over the toy machine: 640 steps of main, producer and consumer. Never part of the program.
class FakeDocument : public Document {
 public:
  explicit FakeDocument(std::uint64_t steps = 640, bool recording = false);

  bool refresh() override;
  [[nodiscard]] const std::string& title() const override { return title_; }
  [[nodiscard]] const core::Timeline& timeline() const override { return timeline_; }
  [[nodiscard]] const std::string& ending() const override { return ending_; }
  const core::Snapshot& snapshot(core::StepIndex cursor) override;
  core::CodeView code(core::StepIndex cursor, core::Syntax syntax) override;
  core::CodeView code_at(emu::Address address, core::StepIndex cursor, core::Syntax syntax) override;
  core::FigureData figure(core::StepIndex cursor) override;
  std::vector<core::ContextObject> contexts(core::StepIndex) override { return {}; }
  const core::CostComparison* costs() override { return nullptr; }
  [[nodiscard]] const core::Scenario* scenario() const override { return nullptr; }
  std::optional<core::StepIndex> last_write(emu::Address address, std::uint32_t size, core::StepIndex cursor) override;
  std::optional<core::StepIndex> last_write(emu::Register reg, core::StepIndex cursor) override;
  /// One step is a portion.
  core::StepSearch find(const std::string& text, core::StepIndex first, core::StepIndex last,
                        const std::function<bool()>& go_on) override;

  /// The next refresh() adds so many steps; 0 ends the recording.
  void grow(std::uint64_t steps) { growth_ = steps; }
  int snapshots_made = 0;
  int portions_searched = 0;

 private:
  void record(std::uint64_t steps);
  void add_stacks(const FakeState& state);
  [[nodiscard]] std::vector<core::CodeRow> rows(const std::string& function, core::StepIndex cursor,
                                                core::Syntax syntax) const;

  FakeProgram program_;
  std::vector<FakeState> states_;
  core::Timeline timeline_;
  std::string title_ = "Cooperative switch: producer / consumer";
  std::string ending_;
  core::Snapshot snapshot_;
  std::optional<std::uint64_t> growth_;
};

}  // namespace fiberscope::app
