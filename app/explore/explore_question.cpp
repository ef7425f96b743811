#include "app/explore/explore_question.h"

namespace fiberscope::app {

ExploreQuestion typical_question() {
  ExploreQuestion question;
  question.threads = {"x=x+1; y=y+x", "x=x+1; y=y+x"};
  return with_defaults(std::move(question));
}

ExploreQuestion with_defaults(ExploreQuestion question) {
  if (!question.target.empty()) return question;
  const auto say = [](std::string& word, const char* usual) {
    if (word.empty()) word = usual;
  };
  say(question.lowering, "textbook");
  say(question.scheduler, "any");
  say(question.memory, "sc");
  say(question.cpus, question.memory == "tso" ? "many" : "one");
  return question;
}

std::vector<std::string> explore_arguments(const ExploreQuestion& question) {
  std::vector<std::string> words{"explore"};
  // One word each, so that a text that begins with a dash is no option.
  const auto add = [&words](const char* option, const std::string& value) {
    if (value.find_first_not_of(' ') != std::string::npos) words.push_back(std::string(option) + "=" + value);
  };
  if (question.target.empty()) {
    for (const std::string& thread : question.threads) words.push_back("--thread=" + thread);
    add("--init", question.initial);
  }
  add("--lowering", question.lowering);
  add("--scheduler", question.scheduler);
  add("--cpus", question.cpus);
  add("--memory", question.memory);
  for (const std::string& text : question.assertions) add("--assert", text);
  for (const std::string& variable : question.sync) add("--sync", variable);
  if (!question.target.empty()) words.push_back(question.target);
  return words;
}

}  // namespace fiberscope::app
