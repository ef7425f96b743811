#include "app/explore/explore_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <set>
#include <utility>

#include "core/explore/condition.h"
#include "core/explore/schedule.h"
#include "core/explore/thread_program.h"

namespace fiberscope::app {
namespace {

namespace explore = core::explore;

constexpr double kPollSeconds = 0.02;
constexpr const char* kReplay = "replay.fscope";

/// What a program said in its messages, without its name and the lines of progress.
std::string message_of(const std::string& messages) {
  std::string text;
  std::size_t begin = 0;
  while (begin < messages.size()) {
    const std::size_t end = std::min(messages.find('\n', begin), messages.size());
    std::string line = messages.substr(begin, end - begin);
    begin = end + 1;
    if (line.size() > 12 && line.find(" states, ") != std::string::npos &&
        line.compare(line.size() - 12, 12, " transitions") == 0)
      continue;
    if (line.rfind("fiberscope: ", 0) == 0) line.erase(0, 12);
    text += (text.empty() || line.empty() ? "" : "\n") + line;
  }
  return text;
}

/// Decimal numbers of any length by size; what is no number comes last.
bool fewer(const std::string& one, const std::string& other) {
  const auto rank = [](const std::string& text) {
    const bool number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    return std::pair(number ? text.size() : std::string::npos, text);
  };
  return rank(one) < rank(other);
}

/// ExploreState::values_order.
std::vector<std::size_t> order_values(const explore::ExploreAnswer& answer, const ExploreQuestion& question) {
  std::set<std::string> asserted;
  for (const std::string& condition : explore::conditions_of(question))
    if (const auto names = explore::names_in_condition(condition, "")) asserted.insert(names->begin(), names->end());
  const auto rank = [&](std::size_t i) {
    const auto& outcomes = answer.outcomes;
    const bool varies = std::any_of(outcomes.begin(), outcomes.end(),
                                    [&](const auto& one) { return one.values.at(i) != outcomes.front().values.at(i); });
    return varies ? 0 : asserted.contains(answer.observables[i]) ? 1 : 2;
  };
  std::vector<std::pair<int, std::size_t>> ranks;
  for (std::size_t i = 0; i < answer.observables.size(); ++i) ranks.emplace_back(rank(i), i);
  std::sort(ranks.begin(), ranks.end());
  std::vector<std::size_t> order;
  for (const auto& [ignored, i] : ranks) order.push_back(i);
  return order;
}

}  // namespace

ExploreSession::~ExploreSession() {
  replayer_.reset();  // before the folder that it writes into
}

void ExploreSession::apply(const ExploreCommand& command) {
  std::visit([this](const auto& c) { on(c); }, command);
}

void ExploreSession::set_question(const ExploreQuestion& question) {
  state_.question = question;
}

bool ExploreSession::advance(double now) {
  now_ = now;
  bool changed = false;
  if (explorer_) {
    if (std::exchange(fresh_, false)) started_ = now_;
    state_.running_seconds = now_ - started_;
    if (explorer_->poll()) {
      changed = true;
      read_progress();
    }
    if (explorer_->ended()) take_answer();
  }
  if (replayer_ && replayer_->poll() && replayer_->ended()) {
    changed = true;
    take_replay();
  }
  return changed;
}

double ExploreSession::wait() const {
  return explorer_ || replayer_ ? kPollSeconds : std::numeric_limits<double>::infinity();
}

void ExploreSession::read_progress() {
  const std::string& all = explorer_->messages();
  const std::size_t end = all.rfind('\n');
  if (end == std::string::npos) return;
  const std::size_t begin = end == 0 ? 0 : all.rfind('\n', end - 1) + 1;  // npos + 1 is 0
  char phase[32] = {};
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  if (std::sscanf(all.c_str() + begin, "%31[a-z]: %" SCNu64 " states, %" SCNu64 " transitions", phase, &states,
                  &transitions) != 3)
    return;
  state_.states = states;
  state_.transitions = transitions;
}

emu::Result<std::unique_ptr<core::ChildProgram>> ExploreSession::start(
    const std::vector<std::string>& arguments) const {
  auto started = core::ChildProgram::start(program_, arguments, {});
  if (!started) return emu::Error{fmt::format("{} cannot be started: {}", program_, started.error().message)};
  return started;
}

void ExploreSession::on(const exploring::Run&) {
  state_.submit = false;
  state_.error.clear();
  explorer_.reset();
  asked_ = state_.question;
  std::vector<std::string> arguments = explore_arguments(asked_);
  for (const char* word : {"--json", "--pictures", "--progress=100"}) arguments.emplace_back(word);
  if (const std::string path = std::exchange(path_, {}); !path.empty()) arguments.push_back("--path=" + path);
  auto started = start(arguments);
  state_.running = static_cast<bool>(started);
  state_.stopping = false;
  state_.states = state_.transitions = 0;
  state_.running_seconds = 0;
  fresh_ = true;
  if (started) {
    explorer_ = std::move(started).value();
  } else {
    state_.error = started.error().message;
  }
}

void ExploreSession::take_answer() {
  constexpr int kUnusable = 2;
  const std::unique_ptr<core::ChildProgram> ended = std::move(explorer_);
  state_.running = false;
  const std::string said = message_of(ended->messages());
  if (ended->code() == kUnusable || ended->output().empty()) {
    state_.error = !said.empty()         ? said
                   : ended->code() > 128 ? "the exploration was ended by signal " + std::to_string(ended->code() - 128)
                                         : "the exploration ended without an answer";
    return;
  }
  auto answer = explore::read_answer(ended->output());
  if (!answer) {
    state_.error = answer.error().message;
    return;
  }
  state_.answer = std::move(answer).value();
  state_.answered = asked_;
  state_.values_order = order_values(*state_.answer, asked_);
  state_.answer_seconds = now_ - started_;
  state_.shown = {};
  sort_outcomes();
  if (state_.answer->path) return show_schedule(state_.answer->path->schedule);
  for (const auto& outcome : state_.answer->outcomes) {
    if (outcome.id == 1) {
      on(exploring::ShowOutcome{1});
      break;
    }
  }
}

void ExploreSession::on(const exploring::Stop&) {
  if (!explorer_ || state_.stopping) return;  // a second one would end it without an answer
  explorer_->interrupt();
  state_.stopping = true;
}

void ExploreSession::set(ExploreField which, const std::string& text) {
  ExploreQuestion& question = state_.question;
  switch (which) {
    case ExploreField::initial:
      question.initial = text;
      return;
    case ExploreField::assertions:
      question.assertions.clear();
      if (!text.empty()) question.assertions.push_back(text);
      return;
    case ExploreField::lowering:
      question.lowering = text;
      return;
    case ExploreField::scheduler:
      question.scheduler = text;
      return;
    case ExploreField::cpus:
      question.cpus = text;
      return;
    case ExploreField::memory:
      question.memory = text;
      return;
  }
}

void ExploreSession::on(const exploring::SetThread& c) {
  if (c.thread < state_.question.threads.size()) state_.question.threads[c.thread] = c.text;
}

void ExploreSession::on(const exploring::AddThread&) {
  auto& threads = state_.question.threads;
  if (state_.question.target.empty() && threads.size() < explore::kMaxThreads)
    threads.push_back(threads.empty() ? "x=x+1" : threads.back());
}

void ExploreSession::on(const exploring::RemoveThread&) {
  if (state_.question.threads.size() > explore::kMinThreads) state_.question.threads.pop_back();
}

void ExploreSession::on(const exploring::Set& c) {
  set(c.field, c.text);
}

void ExploreSession::on(const exploring::Choose& c) {
  set(c.field, c.word);
  // A store buffer belongs to a processor: neither choice is possible without the other one.
  if (c.field == ExploreField::memory && c.word == "tso") state_.question.cpus = "many";
  if (c.field == ExploreField::cpus && c.word == "one") state_.question.memory = "sc";
  on(exploring::Run{});
}

void ExploreSession::on(const exploring::Show& c) {
  state_.view = c.view;
}

void ExploreSession::on(const exploring::SortOutcomes& c) {
  state_.descending = state_.order == c.order ? !state_.descending : c.order != OutcomeOrder::id;
  state_.order = c.order;
  sort_outcomes();
}

void ExploreSession::sort_outcomes() {
  if (!state_.answer) return;
  using Outcome = explore::ExploreAnswer::Outcome;
  const auto less = [this](const Outcome& one, const Outcome& other) {
    switch (state_.order) {
      case OutcomeOrder::schedules:
        return fewer(one.schedules, other.schedules);
      case OutcomeOrder::executions:
        return fewer(one.executions, other.executions);
      case OutcomeOrder::probability:
        return one.probability < other.probability;
      case OutcomeOrder::preemptions:
        return one.preemptions < other.preemptions;
      case OutcomeOrder::id:
        break;
    }
    return one.id < other.id;
  };
  auto& outcomes = state_.answer->outcomes;
  std::stable_sort(outcomes.begin(), outcomes.end(),
                   [](const Outcome& one, const Outcome& other) { return one.id < other.id; });
  std::stable_sort(outcomes.begin(), outcomes.end(), [&](const Outcome& one, const Outcome& other) {
    return state_.descending ? less(other, one) : less(one, other);
  });
}

void ExploreSession::on(const exploring::ShowOutcome& c) {
  const auto* outcome = state_.outcome(c.id);
  if (outcome != nullptr && !outcome->witness.empty()) show_schedule(outcome->witness);
}

void ExploreSession::show_schedule(const std::string& schedule) {
  auto actions = explore::parse_schedule(schedule, state_.answer->threads.size());
  if (actions) show(std::move(actions).value());
}

void ExploreSession::show(std::vector<std::uint8_t> actions) {
  const std::size_t threads = state_.answer->threads.size();
  ShownSchedule shown;
  shown.text = explore::schedule_text(actions, threads);
  for (const auto& outcome : state_.answer->outcomes) {
    if (outcome.witness != shown.text) continue;
    shown.witness = true;
    shown.outcome = static_cast<std::uint32_t>(outcome.id);
  }
  const auto& pictures = state_.answer->pictures;
  const auto& path = state_.answer->path;
  if (path && path->schedule == shown.text) {
    shown.path = path;
    shown.outcome = static_cast<std::uint32_t>(path->outcome);
    if (path->end == explore::SchedulePath::End::impossible) shown.blocked = path->execution.steps.size();
    shown.execution = path->execution;
  } else if (pictures) {
    for (const explore::ExecutionPicture& one : pictures->executions)
      if (shown.witness && one.outcome == shown.outcome) shown.execution = one;
    if (!shown.execution && !pictures->states.nodes.empty() && !pictures->states.has_buffers) {
      explore::Followed followed = explore::follow(pictures->states, actions);
      shown.blocked = followed.blocked;
      shown.outcome = followed.outcome;
      if (!followed.blocked) {
        actions = followed.actions;
        shown.text = explore::schedule_text(actions, threads);
      }
      shown.execution = explore::picture_execution(std::move(followed.steps), threads);
      shown.execution->outcome = shown.outcome;
      shown.execution->schedule = explore::schedule_text(followed.actions, threads);
    }
  }
  shown.actions = std::move(actions);
  state_.shown = std::move(shown);
}

void ExploreSession::on(const exploring::Drag& c) {
  if (!state_.can_drag()) return;
  const auto points = explore::points_of(state_.shown.actions);
  const auto& steps = state_.answer->pictures->progress->steps;
  explore::LatticePoint end = points.back();
  if (c.through.first > end.first || c.through.second > end.second) end = {steps[0], steps[1]};
  if (c.through.first > end.first || c.through.second > end.second) return;
  std::vector<std::uint8_t> actions = state_.shown.actions;
  actions.insert(actions.end(), end.first - points.back().first, 0);
  actions.insert(actions.end(), end.second - points.back().second, 1);
  show(explore::path_through(actions, c.through));
}

void ExploreSession::on(const exploring::ReplayOutcome& c) {
  const auto* outcome = state_.outcome(c.id);
  if (outcome == nullptr || outcome->witness.empty()) return;
  show_schedule(outcome->witness);
  replay(std::to_string(c.id));
}

void ExploreSession::on(const exploring::ReplaySchedule& c) {
  replay(c.schedule);
}

void ExploreSession::on(const exploring::ReplayPath&) {
  if (!state_.shown.text.empty() && !state_.shown.blocked) replay(state_.shown.text);
}

void ExploreSession::replay(const std::string& what) {
  if (!state_.answered || replayer_) return;
  state_.error.clear();
  if (!replay_folder_.exists()) {
    auto folder = core::TemporaryFolder::make();
    if (!folder) {
      state_.error = folder.error().message;
      return;
    }
    replay_folder_ = std::move(folder).value();
  }
  // The schedule is of the question that was answered, not of what was typed since.
  std::vector<std::string> arguments = explore_arguments(*state_.answered);
  arguments.push_back("--replay=" + what);
  arguments.push_back("--output=" + replay_folder_.file(kReplay));
  auto started = start(arguments);
  if (!started) {
    state_.error = started.error().message;
    return;
  }
  replayer_ = std::move(started).value();
  state_.replaying = true;
}

void ExploreSession::take_replay() {
  constexpr int kNotToItsEnd = 3;  // a deadlock, for instance, which is what was asked for
  const std::unique_ptr<core::ChildProgram> ended = std::move(replayer_);
  state_.replaying = false;
  const std::string path = replay_folder_.file(kReplay);
  std::error_code ignored;
  const bool ran = ended->code() == 0 || ended->code() == kNotToItsEnd;
  if (!ran || !std::filesystem::exists(path, ignored)) {
    state_.error = message_of(ended->messages());
    if (state_.error.empty()) state_.error = "the replay ended with code " + std::to_string(ended->code());
  } else if (!opener_) {
    state_.error = "there is no window to open the replay in";
  } else if (const auto opened = opener_(path); !opened) {
    state_.error = opened.error().message;
  } else {
    opened_ = true;
    state_.can_leave = true;
  }
  std::filesystem::remove(path, ignored);
}

}  // namespace fiberscope::app
