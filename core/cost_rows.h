#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/switch_cost.h"

namespace fiberscope::core {

/// One line of the table that puts runs side by side: what `cost`, `compare` and the window show.
struct CostRow {
  std::string key;    ///< of the JSON
  std::string label;  ///< for people
  bool is_model = false;
  /// A number, the spread over the switches, words in place of a number, or nothing where there is nothing to count.
  std::variant<std::monostate, std::uint64_t, Spread, std::string> value;
};

/// All rows of one run; the same keys in the same order for every run. A switch here is a complete SwitchWindow.
std::vector<CostRow> cost_rows(const SwitchCosts& costs);

/// For people: "one address space", "full flush", "PCID".
std::string_view words_of(TlbPolicy policy);
/// "23", "16 / 121 / 203" (least, middle, most), the words, "-".
std::string to_text(const CostRow& row);
/// "least / middle / most", "-" for nothing.
std::string to_text(const std::optional<Spread>& spread);

}  // namespace fiberscope::core
