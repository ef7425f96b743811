#pragma once
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/explore/exploration.h"
#include "core/explore/explore_report.h"
#include "core/explore/explore_request.h"

namespace fiberscope::core::explore {

/// A question and its answer, for tests.
struct Answer {
  PreparedExploration asked;
  Exploration found;

  [[nodiscard]] const Outcome* outcome(const std::vector<std::int64_t>& values) const {
    for (const Outcome& one : found.outcomes)
      if (one.values == values) return &one;
    return nullptr;
  }
  /// The values that a variable may end with.
  [[nodiscard]] std::map<std::int64_t, std::size_t> ends(const std::string& name) const {
    std::map<std::int64_t, std::size_t> values;
    for (std::size_t i = 0; i < found.observables.size(); ++i)
      if (found.observables[i] == name)
        for (const Outcome& one : found.outcomes) ++values[one.values[i]];
    return values;
  }
};

inline ExploreRequest typed(std::vector<std::string> threads, std::string lowering = "textbook") {
  ExploreRequest request;
  request.threads = std::move(threads);
  request.lowering = std::move(lowering);
  return request;
}

inline ExploreRequest file(const std::string& name) {
  ExploreRequest request;
  request.target = FIBERSCOPE_INTERLEAVINGS "/" + name;
  return request;
}

/// Explores; a failure ends the test with its message.
inline Answer ask(const ExploreRequest& request) {
  Answer answer;
  auto prepared = prepare(request);
  if (!prepared) {
    ADD_FAILURE() << prepared.error().message;
    return answer;
  }
  answer.asked = std::move(prepared).value();
  auto found = explore(answer.asked.program, answer.asked.options);
  if (!found) {
    ADD_FAILURE() << found.error().message;
    return answer;
  }
  answer.found = std::move(found).value();
  return answer;
}

/// The message that a bad question is answered with.
inline std::string complaint(const ExploreRequest& request) {
  auto prepared = prepare(request);
  if (!prepared) return prepared.error().message;
  const auto found = explore(prepared->program, prepared->options);
  return found ? "" : found.error().message;
}

}  // namespace fiberscope::core::explore
