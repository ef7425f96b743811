#include "core/explore/explore_question.h"

#include <algorithm>
#include <cstddef>

namespace fiberscope::core::explore {

ExploreQuestion with_words(ExploreQuestion question, const ExploreQuestion& said) {
  const auto replace = [](auto& words, const auto& others) {
    if (!others.empty()) words = others;
  };
  replace(question.target, said.target);
  replace(question.threads, said.threads);
  replace(question.initial, said.initial);
  replace(question.lowering, said.lowering);
  replace(question.scheduler, said.scheduler);
  replace(question.cpus, said.cpus);
  replace(question.memory, said.memory);
  replace(question.assertions, said.assertions);
  replace(question.sync, said.sync);
  return question;
}

std::vector<std::string> conditions_of(const ExploreQuestion& question) {
  std::vector<std::string> conditions;
  for (const std::string& text : question.assertions) {
    if (text.find(';') == std::string::npos) {
      conditions.push_back(text);
      continue;
    }
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find(';', begin), text.size());
      const std::size_t first = text.find_first_not_of(' ', begin);
      if (first < end) conditions.push_back(text.substr(first, end - first));
      begin = end + 1;
    }
  }
  return conditions;
}

}  // namespace fiberscope::core::explore
