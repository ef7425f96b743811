#include "app/explore/explore_question.h"

namespace fiberscope::app {

ExploreQuestion typical_question() {
  ExploreQuestion question;
  question.threads = {"x=x+1; y=y+x", "x=x+1; y=y+x"};
  question.lowering = "textbook";
  question.scheduler = "any";
  question.cpus = "one";
  question.memory = "sc";
  return question;
}

std::vector<std::string> explore_arguments(const ExploreQuestion& question) {
  std::vector<std::string> words{"explore"};
  // One word each, so that a text that begins with a dash is no option.
  const auto add = [&words](const char* option, const std::string& value) {
    if (!value.empty()) words.push_back(std::string(option) + "=" + value);
  };
  if (question.target.empty()) {
    for (const std::string& thread : question.threads) words.push_back("--thread=" + thread);
    add("--init", question.initial);
  }
  add("--lowering", question.lowering);
  add("--scheduler", question.scheduler);
  add("--cpus", question.cpus);
  add("--memory", question.memory);
  std::size_t begin = 0;
  while (begin <= question.assertions.size()) {
    const std::size_t end = std::min(question.assertions.find(';', begin), question.assertions.size());
    const std::string one = question.assertions.substr(begin, end - begin);
    if (one.find_first_not_of(' ') != std::string::npos) add("--assert", one);
    begin = end + 1;
  }
  if (!question.target.empty()) words.push_back(question.target);
  return words;
}

}  // namespace fiberscope::app
