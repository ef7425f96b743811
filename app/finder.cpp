#include "app/finder.h"

#include <algorithm>
#include <chrono>

namespace fiberscope::app {

void Finder::start(std::string_view needle, core::StepIndex from) {
  needle_ = needle;
  from_ = from;
  at_ = from + 1;
  around_ = false;
  progress_ = needle_.empty() ? Progress::idle : Progress::searching;
}

Finder::Progress Finder::work(Document& document, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto deadline =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  const auto go_on = [deadline] { return Clock::now() < deadline; };
  const core::StepIndex end = document.timeline().steps;
  while (progress_ == Progress::searching) {
    if (!around_ && at_ > end) {
      around_ = true;
      at_ = core::StepIndex{1};
    }
    const core::StepIndex last = around_ ? std::min(from_, end) : end;
    if (at_ > last) return progress_ = Progress::missing;
    const core::StepSearch search = document.find(needle_, at_, last, go_on);
    at_ = search.found.value_or(search.next);
    if (search.found) return progress_ = Progress::found;
    if (!go_on()) break;
  }
  return progress_;
}

}  // namespace fiberscope::app
