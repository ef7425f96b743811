#include "app/finder.h"

#include <algorithm>
#include <cctype>

namespace fiberscope::app {
namespace {

std::string fold_case(std::string_view text) {
  std::string folded(text);
  std::transform(folded.begin(), folded.end(), folded.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return folded;
}

std::string function_of(const core::InstructionView& instruction) {
  return instruction.symbol.substr(0, instruction.symbol.find('+'));
}

}  // namespace

void Finder::start(std::string_view needle, core::StepIndex from) {
  needle_ = needle;
  folded_ = fold_case(needle);
  last_function_.clear();
  from_ = from;
  at_ = from;
  progress_ = folded_.empty() ? Progress::idle : Progress::searching;
}

bool Finder::matches(const core::Snapshot& snapshot) {
  if (!snapshot.instruction) return false;
  const core::InstructionView& instruction = *snapshot.instruction;
  const std::string function = function_of(instruction);
  const bool entered = function != last_function_;
  last_function_ = function;
  const auto holds = [&](std::string_view text) { return fold_case(text).find(folded_) != std::string::npos; };
  if (entered && holds(function)) return true;
  return holds(instruction.intel) || holds(instruction.att) || holds(snapshot.caption.sentence) ||
         (folded_.find(':') != std::string::npos && holds(instruction.file + ":" + std::to_string(instruction.line)));
}

Finder::Progress Finder::work(Document& document, std::size_t portion) {
  if (progress_ != Progress::searching) return progress_;
  const core::StepIndex end = document.timeline().steps;
  if (last_function_.empty()) {
    const core::Snapshot& start = document.snapshot(from_);
    if (start.instruction) last_function_ = function_of(*start.instruction);
  }
  for (std::size_t i = 0; i < portion; ++i) {
    at_ = at_ >= end ? core::StepIndex{std::min<std::uint64_t>(1, end.value)} : at_ + 1;
    if (matches(document.snapshot(at_))) return progress_ = Progress::found;
    if (at_ == from_ || (from_.value == 0 && at_ >= end) || end.value == 0) return progress_ = Progress::missing;
  }
  return progress_;
}

}  // namespace fiberscope::app
