#include "core/figure.h"

#include <algorithm>
#include <array>

namespace fiberscope::core {
namespace {

constexpr std::array<std::string_view, kFigures> kNames = {"none",         "thread",     "states",   "process",
                                                           "virtualizers", "processors", "contexts", "variables",
                                                           "spaces",       "shared",     "costs",    "questions"};

}  // namespace

std::string_view to_string(Figure figure) {
  return kNames.at(static_cast<std::size_t>(figure));
}

std::optional<Figure> figure_by_name(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Figure>(found - kNames.begin());
}

std::span<const std::string_view> figure_names() {
  return kNames;
}

}  // namespace fiberscope::core
