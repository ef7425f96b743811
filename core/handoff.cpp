#include "core/handoff.h"

#include <algorithm>
#include <map>
#include <set>

namespace fiberscope::core {
namespace {

/// The scheduler of a library that runs on the stack of whoever called it, until all threads have ended.
constexpr std::string_view kLibraryScheduler = "thread_start_threading";

/// The steps that ran the first instruction of the function.
std::vector<StepIndex> entries_of(const Trace& trace, std::string_view function) {
  std::vector<StepIndex> steps;
  const auto symbol = trace.image().symbol(function);
  if (!symbol) return steps;
  std::set<std::uint32_t> first;
  for (std::size_t i = 0; i < trace.templates().size(); ++i)
    if (trace.templates()[i].address == symbol->address.value) first.insert(static_cast<std::uint32_t>(i));
  for (StepIndex begin; !first.empty() && begin < trace.steps();) {
    const auto instructions = instructions_of(trace.chunk_of(begin + 1), trace.templates().size());
    for (std::size_t i = 0; i < instructions.size(); ++i)
      if (first.contains(instructions[i])) steps.push_back(begin + i + 1);
    begin = begin + instructions.size();
  }
  return steps;
}

class Joiner {
 public:
  explicit Joiner(const Trace& trace) : switches_(trace.switches()), sides_(kernel_sides(trace)) {
    for (const ThreadRecord& record : trace.threads()) kinds_.emplace(record.thread.id, record.thread.kind);
    scheduler_entries_ = entries_of(trace, kLibraryScheduler);
  }

  std::vector<Handoff> join() const {
    std::vector<Handoff> handoffs;
    std::map<CpuId, std::optional<Handoff>> on_processors;
    for (std::size_t i = 0; i < switches_.size(); ++i) {
      const Switch& entry = switches_[i];
      std::optional<Handoff>& open = on_processors[entry.cpu];
      if (!open) open = Handoff{entry.step, entry.from, {}, SwitchReason::kernel, entry.cpu};
      if (open->reason == SwitchReason::kernel) open->reason = entry.reason;
      if (leads_on(i)) continue;
      open->step = entry.step;
      open->to = entry.to;
      if (open->from != open->to) handoffs.push_back(*open);
      open.reset();
    }
    return handoffs;
  }

 private:
  [[nodiscard]] bool is(const std::optional<ThreadId>& id, ThreadKind kind) const {
    const auto found = id ? kinds_.find(*id) : kinds_.end();
    return found != kinds_.end() && found->second == kind;
  }
  /// Whether the stack that this switch goes to only leads on to somebody's.
  [[nodiscard]] bool leads_on(std::size_t index) const {
    const Switch& entry = switches_[index];
    if (!entry.to || is(entry.to, ThreadKind::scheduler) || sides_.contains(*entry.to)) return true;
    if (!is(entry.to, ThreadKind::main) || index + 1 == switches_.size()) return false;
    const Switch& next = switches_[index + 1];
    if (next.from != entry.to || (next.reason != SwitchReason::start && next.reason != SwitchReason::dispatch))
      return false;
    const auto entered_before = [&](StepIndex step) {
      return std::count_if(scheduler_entries_.begin(), scheduler_entries_.end(),
                           [step](StepIndex entered) { return entered <= step; });
    };
    return entered_before(entry.step) > 0 && entered_before(entry.step) == entered_before(next.step);
  }

  const std::vector<Switch>& switches_;
  std::set<ThreadId> sides_;
  std::map<ThreadId, ThreadKind> kinds_;
  std::vector<StepIndex> scheduler_entries_;
};

}  // namespace

std::set<ThreadId> kernel_sides(const Trace& trace) {
  std::set<ThreadId> kernels;
  std::set<ThreadId> users;
  for (const ThreadRecord& record : trace.threads()) {
    const ThreadKind kind = record.thread.kind;
    if (kind == ThreadKind::kernel) kernels.insert(record.thread.id);
    if (kind == ThreadKind::user || kind == ThreadKind::fiber || kind == ThreadKind::signal)
      users.insert(record.thread.id);
  }
  std::set<ThreadId> sides;
  for (const Switch& entry : trace.switches()) {
    if (!entry.from || !entry.to) continue;
    if (kernels.contains(*entry.from) && users.contains(*entry.to)) sides.insert(*entry.from);
    if (kernels.contains(*entry.to) && users.contains(*entry.from)) sides.insert(*entry.to);
  }
  return sides;
}

std::vector<Handoff> join_handoffs(const Trace& trace) {
  return Joiner(trace).join();
}

}  // namespace fiberscope::core
