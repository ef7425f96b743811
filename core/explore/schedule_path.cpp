#include "core/explore/schedule_path.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <utility>

#include "core/explore/dead_ends.h"
#include "core/explore/pictures.h"
#include "core/explore/schedule.h"
#include "emu/body_schedule.h"

namespace fiberscope::core::explore {
namespace {

using Waiter = Deadlock::Waiter;

std::string text_of(const Waiter& waiter) {
  std::string text = fmt::format("T{} waits", waiter.thread + 1);
  if (!waiter.waits_for.empty()) text += fmt::format(" for {}", waiter.waits_for);
  if (!waiter.holders.empty() && waiter.waits_for.rfind("join", 0) != 0)
    text += fmt::format(", held by T{}", waiter.holders.front() + 1);
  return fmt::format("{} ({})", text, waiter.place);
}

class Follower {
 public:
  Follower(MachineStep& machine, const SchedulerClass& scheduler)
      : machine_(machine), locals_(machine.first_locals()), shared_(machine.first_shared()) {
    rule_.scheduler = scheduler;
    rule_.threads = locals_.size();
    steps_.resize(locals_.size());
  }

  emu::Result<FollowedPath> run(std::span<const std::uint8_t> actions) {
    FollowedPath followed;
    SchedulePath& path = followed.path;
    path.schedule = schedule_text(actions, locals_.size());
    std::size_t done = 0;
    for (; done < actions.size(); ++done) {
      const auto ran = act(actions[done]);
      if (!ran) return failed(actions.first(done));
      if (*ran) continue;
      path.end = SchedulePath::End::impossible;
      path.item = item_of(actions, done);
      path.why = why_not(actions, done);
      break;
    }
    if (done == actions.size()) {
      const auto known = end(path);
      if (!known) return failed(actions);
    }
    path.execution = picture_execution(execute_schedule(machine_, actions.first(done)), locals_.size());
    path.execution.schedule = path.schedule;
    followed.locals = locals_;
    followed.shared = shared_;
    return followed;
  }

 private:
  [[nodiscard]] emu::Error failed(std::span<const std::uint8_t> before) const {
    return emu::Error{fmt::format("{}\n  after the schedule {}", machine_.error().message,
                                  schedule_text(before, locals_.size(), "(none: at the start)"))};
  }

  /// The threads that can take a step, a bit each; nothing where one goes wrong.
  std::optional<std::uint32_t> enabled() {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < locals_.size(); ++i) {
      if (machine_.finished(locals_[i])) continue;
      const StepResult* result = machine_.step(locals_[i], shared_);
      if (result == nullptr) return std::nullopt;
      if (result->enabled) bits |= 1U << i;
    }
    return bits;
  }

  /// Whether it could be done; nothing where the program goes wrong.
  std::optional<bool> act(std::uint8_t action) {
    const std::size_t thread = action % locals_.size();
    const bool drains = action >= locals_.size();
    if (!drains) {
      if (machine_.finished(locals_[thread])) return false;
      const auto able = enabled();
      if (!able) return std::nullopt;
      if ((rule_.choices(turn_, *able) >> thread & 1) == 0) return false;
    }
    const StepResult* found =
        drains ? machine_.drain(locals_[thread], shared_) : machine_.step(locals_[thread], shared_);
    if (found == nullptr) return std::nullopt;
    if (!found->enabled) return false;
    const StepResult result = *found;
    locals_[thread] = result.local;
    shared_ = result.shared;
    if (drains) return true;
    turn_ = rule_.after(turn_, thread);
    ++steps_[thread];
    return true;
  }

  /// Items as schedule_text() writes them: drains stand one by one.
  [[nodiscard]] std::size_t item_of(std::span<const std::uint8_t> actions, std::size_t place) const {
    std::size_t item = 1;
    for (std::size_t i = 1; i <= place; ++i)
      if (actions[i] != actions[i - 1] || actions[i] >= locals_.size()) ++item;
    return item;
  }

  std::string why_not(std::span<const std::uint8_t> actions, std::size_t place) {
    const std::uint8_t action = actions[place];
    const std::size_t thread = action % locals_.size();
    const auto number = static_cast<std::uint32_t>(thread + 1);
    if (action >= locals_.size()) return fmt::format("thread {}'s store buffer is empty", number);
    if (machine_.finished(locals_[thread])) {
      std::uint64_t in_item = 0;
      while (in_item < place && actions[place - 1 - in_item] == action) ++in_item;
      return emu::too_few_steps(number, steps_[thread], in_item);
    }
    const std::uint32_t able = enabled().value_or(0);
    if ((able >> thread & 1) != 0) {
      std::vector<std::string> others;
      for (std::size_t i = 0; i < locals_.size(); ++i)
        if ((rule_.choices(turn_, able) >> i & 1) != 0) others.push_back(fmt::format("T{}", i + 1));
      return fmt::format("the scheduler gives the turn to {}", fmt::join(others, " or "));
    }
    if (machine_.has_stores(locals_[thread]))
      return fmt::format("thread {} waits until its store buffer is empty: D{} comes first ({})", number, number,
                         machine_.describe(machine_.rip(locals_[thread])));
    return text_of(waiter_at(machine_, locals_, shared_, thread));
  }

  /// What the state behind the last action is; false where the program goes wrong there.
  bool end(SchedulePath& path) {
    const auto able = enabled();
    if (!able) return false;
    std::vector<std::string> left;
    bool any_stores = false;
    bool all_finished = true;
    for (std::size_t i = 0; i < locals_.size(); ++i) {
      const std::size_t stores = machine_.stores(locals_[i]).size();
      any_stores = any_stores || stores > 0;
      if (!machine_.finished(locals_[i])) {
        all_finished = false;
        left.push_back((*able >> i & 1) != 0
                           ? fmt::format("T{} would go on at {}", i + 1, machine_.describe(machine_.rip(locals_[i])))
                       : stores > 0 ? fmt::format("T{} waits until its store buffer is empty", i + 1)
                                    : text_of(waiter_at(machine_, locals_, shared_, i)));
      }
      if (stores > 0)
        left.push_back(
            fmt::format("{} store{} in T{}'s buffer: D{}", stores, stores == 1 ? " is" : "s are", i + 1, i + 1));
    }
    path.why = fmt::format("{}", fmt::join(left, "; "));
    path.end = *able != 0 || any_stores ? SchedulePath::End::stops
               : all_finished           ? SchedulePath::End::outcome
                                        : SchedulePath::End::deadlock;
    return true;
  }

  MachineStep& machine_;
  TurnRule rule_;
  std::vector<LocalId> locals_;
  SharedId shared_;
  std::uint32_t turn_ = 0;
  std::vector<std::uint64_t> steps_;
};

constexpr std::array<std::string_view, 4> kEnds = {"outcome", "deadlock", "stops", "impossible"};

}  // namespace

std::string_view to_string(SchedulePath::End end) {
  return kEnds[static_cast<std::size_t>(end)];
}

SchedulePath::End path_end(std::string_view word) {
  for (std::size_t i = 0; i < kEnds.size(); ++i)
    if (word == kEnds[i]) return static_cast<SchedulePath::End>(i);
  return SchedulePath::End::stops;
}

emu::Result<FollowedPath> follow_schedule(MachineStep& machine, const SchedulerClass& scheduler,
                                          std::span<const std::uint8_t> actions) {
  return Follower(machine, scheduler).run(actions);
}

emu::Result<FollowedPath> follow_schedule(const ThreadProgram& program, const MachineModel& model,
                                          const SchedulerClass& scheduler, std::span<const std::uint8_t> actions) {
  const auto machine = MachineStep::create(program, model);
  if (!machine) return machine.error();
  return follow_schedule(**machine, scheduler, actions);
}

}  // namespace fiberscope::core::explore
