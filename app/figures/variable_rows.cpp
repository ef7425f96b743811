#include "app/figures/variable_rows.h"

#include <algorithm>

namespace fiberscope::app {
namespace {

using core::WatchedValue;

constexpr std::size_t kLeastRun = 4;

/// "x[" of "x[3]"; empty for no element of an array.
std::string_view array_of(std::string_view name) {
  return name.ends_with(']') ? name.substr(0, name.rfind('[') + 1) : std::string_view{};
}

/// "3]" of "x[3]"
std::string_view index_of(std::string_view name) {
  return name.substr(array_of(name).size());
}

/// "table[3]" of "table[3].name[1]"; empty where no member follows.
std::string_view element_of(std::string_view name) {
  const std::size_t member = name.find("].");
  return member == std::string_view::npos ? std::string_view{} : name.substr(0, member + 1);
}

bool is_zero(const WatchedValue& value) {
  return !value.changed && value.value == 0 && value.text.empty();
}

/// Where the element's values end; `first` where not all of them are zero.
std::size_t end_of_zeros(const std::vector<WatchedValue>& values, std::size_t first) {
  const std::string_view element = element_of(values[first].cell.name);
  if (element.empty()) return first;
  std::size_t end = first;
  for (; end < values.size() && element_of(values[end].cell.name) == element; ++end)
    if (!is_zero(values[end])) return first;
  return end - first > 1 ? end : first;
}

std::size_t end_of_equals(const std::vector<WatchedValue>& values, std::size_t first) {
  const std::string_view array = array_of(values[first].cell.name);
  std::size_t end = first;
  while (!array.empty() && end < values.size() && array_of(values[end].cell.name) == array && !values[end].changed &&
         !values[end].is_text && values[end].value == values[first].value &&
         values[end].cell.size == values[first].cell.size)
    ++end;
  return end;
}

/// "x[3" and "9]" to "x[3…9]"
std::string span_name(std::string_view first, std::string_view last) {
  const std::string_view end = index_of(last);
  return index_of(first) == end ? std::string(first)
                                : std::string(first.substr(0, first.size() - 1)) + "…" + std::string(end);
}

}  // namespace

std::vector<VariableRow> fold_variables(const std::vector<WatchedValue>& values) {
  std::vector<VariableRow> rows;
  for (std::size_t i = 0; i < values.size();) {
    const std::string& name = values[i].cell.name;
    // At the beginning of an element only: what is folded is whole.
    const bool begins = i == 0 || element_of(values[i - 1].cell.name) != element_of(name);
    std::size_t end = begins ? end_of_zeros(values, i) : i;
    if (end > i) {
      const std::string_view table = array_of(element_of(name));
      std::string_view last = element_of(name);
      while (end < values.size() && array_of(element_of(values[end].cell.name)) == table) {
        const std::size_t next = end_of_zeros(values, end);
        if (next == end) break;
        last = element_of(values[end].cell.name);
        end = next;
      }
      rows.push_back({VariableRow::Kind::zero, i, end, span_name(element_of(name), last)});
      i = end;
      continue;
    }
    end = end_of_equals(values, i);
    if (end >= i + kLeastRun) {
      rows.push_back({VariableRow::Kind::equal, i, end, span_name(name, values[end - 1].cell.name)});
      i = end;
      continue;
    }
    rows.push_back({VariableRow::Kind::value, i, i + 1, name});
    ++i;
  }
  return rows;
}

std::string shorten_middle(std::string_view name, const std::function<bool(const std::string&)>& fits) {
  std::string whole(name);
  if (fits(whole)) return whole;
  const std::size_t word = std::min(name.find_first_of(".["), name.size());
  const std::size_t bracket = name.substr(word).starts_with('[') ? name.find(']', word) : std::string_view::npos;
  for (const std::size_t head : {bracket == std::string_view::npos ? word : bracket + 1, word, std::size_t{0}}) {
    for (std::size_t from = head + 1; from + 3 <= name.size(); ++from) {
      std::string shorter = std::string(name.substr(0, head)) + "…" + std::string(name.substr(from));
      // Of a member that is cut as much must be left as tells it from its neighbours.
      if (fits(shorter) && name.size() - from >= std::min<std::size_t>(12, name.size() - head - 1)) return shorter;
    }
  }
  return "…" + std::string(name.substr(name.size() - std::min<std::size_t>(name.size(), 12)));
}

}  // namespace fiberscope::app
