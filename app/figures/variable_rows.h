#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/figure_data.h"

namespace fiberscope::app {

/// A line of the figure Variables: one value, or several that say the same. Every value is in exactly one line.
struct VariableRow {
  enum class Kind : std::uint8_t {
    value,
    equal,  ///< elements of an array, all with the first one's value: "head[3…31]"
    zero    ///< whole elements of a table, nothing but zeros in them: "task_table[2…15]"
  };
  Kind kind = Kind::value;
  std::size_t first = 0;  ///< values [first, last)
  std::size_t last = 0;
  std::string name;
};

/// Folds runs of at least four equal elements, and elements of structures that hold only zeros. What the step changed
/// stands alone.
std::vector<VariableRow> fold_variables(const std::vector<core::WatchedValue>& values);

/// The name without a part of its middle, so that it fits: as much of its end as there is room for behind its first
/// word, since members of one thing differ at the end. "user_threads[0]…jmpbuf[6]"
std::string shorten_middle(std::string_view name, const std::function<bool(const std::string&)>& fits);

}  // namespace fiberscope::app
