#pragma once
#include <string>
#include <utility>
#include <vector>

namespace fiberscope::core {

/// Rows of cells as aligned text: two blanks between columns, no blanks at the ends of lines.
class TextTable {
 public:
  /// One letter a column: 'l' aligns left, 'r' right. Further columns align left.
  explicit TextTable(std::string alignments) : alignments_(std::move(alignments)) {}

  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] std::string text() const;

 private:
  std::string alignments_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace fiberscope::core
