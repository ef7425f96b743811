#include "core/record_request.h"

#include <string_view>

#include "core/whole_number.h"

namespace fiberscope::core {
namespace {

constexpr std::string_view kWorker = "__worker";
constexpr std::string_view kTrace = "--trace";
constexpr std::string_view kMaxSteps = "--max-steps";
constexpr std::string_view kArgument = "--argument";
constexpr std::string_view kProcessors = "--processors";
constexpr std::string_view kSeed = "--seed";
constexpr std::string_view kSchedule = "--schedule";
constexpr std::string_view kStopAtQuestion = "--stop-at-question";

}  // namespace

std::vector<std::string> to_words(const RecordRequest& request) {
  std::vector<std::string> words;
  const auto add = [&words](std::string_view name, const std::string& value) {
    words.emplace_back(name);
    words.push_back(value);
  };
  add(kWorker, request.target);
  add(kTrace, request.trace_path);
  add(kMaxSteps, std::to_string(request.max_steps));
  if (request.choice.processors) add(kProcessors, std::to_string(*request.choice.processors));
  if (request.choice.seed) add(kSeed, std::to_string(*request.choice.seed));
  if (!request.schedule.empty()) add(kSchedule, request.schedule);
  if (request.stop_at_question) add(kStopAtQuestion, "yes");
  for (const std::string& argument : request.arguments) add(kArgument, argument);
  return words;
}

std::optional<RecordRequest> request_of(const std::vector<std::string>& words) {
  if (words.size() % 2 != 0 || words.empty() || words.front() != kWorker) return std::nullopt;
  RecordRequest request;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string& value = words[i + 1];
    if (words[i] == kWorker) {
      request.target = value;
    } else if (words[i] == kTrace) {
      request.trace_path = value;
    } else if (words[i] == kSchedule) {
      request.schedule = value;
    } else if (words[i] == kStopAtQuestion) {
      request.stop_at_question = true;
    } else if (words[i] == kArgument) {
      request.arguments.push_back(value);
    } else if (words[i] == kMaxSteps) {
      if (!read_whole_number(value, request.max_steps)) return std::nullopt;
    } else if (words[i] == kProcessors) {
      if (!read_whole_number(value, request.choice.processors.emplace())) return std::nullopt;
    } else if (words[i] == kSeed) {
      if (!read_whole_number(value, request.choice.seed.emplace())) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return request;
}

}  // namespace fiberscope::core
