#include "core/switch_window.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/handoff.h"
#include "core/memory_access.h"
#include "core/system_code.h"

namespace fiberscope::core {
namespace {

bool enters_kernel(emu::EventKind kind) {
  return kind == emu::EventKind::interrupt || kind == emu::EventKind::exception;
}

bool is_host_kernel(emu::EventKind kind) {
  return kind != emu::EventKind::fault && !enters_kernel(kind);
}

/// Follows every thread's way into the system and out of it, through one pass over the trace.
class WindowFinder {
 public:
  explicit WindowFinder(Trace& trace)
      : trace_(trace), reader_(trace), code_(trace), kernel_sides_(kernel_sides(trace)), owner_(trace.thread_at({})) {
    for (const ThreadRecord& record : trace.threads()) threads_.emplace(record.thread.id, record.thread);
  }

  std::vector<SwitchWindow> find() {
    for (StepIndex step{1}; step <= trace_.steps(); step = step + 1) look_at(reader_.at(step));
    if (open_) close(trace_.steps(), false);
    return std::move(windows_);
  }

 private:
  /// Through which user code was left: a call of the system, or an interrupt.
  struct Frame {
    std::uint64_t cell = 0;  ///< where its return address lies: it is gone once rsp is above …
    std::uint64_t back = 0;  ///< … or control is back here with rsp still at the cell (left by a jump); 0: not known
    bool is_interrupt = false;
    bool is_signal = false;  ///< the cell is not that of a return address, but below all that was in use before
  };
  /// A thread in its first steps.
  struct Arrival {
    bool in_kernel = false;
    std::uint32_t stub =
        SystemCode::kNoFunction;  ///< the first function that was not yet seen, while it may end in iret
    StepIndex stub_first;
  };
  struct OpenWindow {
    SwitchWindow window;
    std::vector<std::uint32_t> instructions;
    std::set<std::uint32_t> functions;
    std::set<StepIndex> moves;       ///< steps that moved rsp between threads …
    std::set<StepIndex> iret_moves;  ///< … those of them that are iretq
  };

  std::vector<Frame>& frames() { return frames_[owner_ ? owner_->value + std::uint64_t{1} : 0]; }
  [[nodiscard]] std::optional<ThreadKind> kind() const {
    const auto found = owner_ ? threads_.find(*owner_) : threads_.end();
    return found == threads_.end() ? std::nullopt : std::optional(found->second.kind);
  }
  [[nodiscard]] bool is_kernel_side() const { return owner_ && kernel_sides_.contains(*owner_); }
  /// Whether the next step is the system's.
  bool in_system() {
    return !kind() || is_kernel_side() || kind() == ThreadKind::scheduler || arrival_ || !frames().empty();
  }
  bool in_kernel() {
    if (is_kernel_side()) return true;
    if (arrival_) return arrival_->in_kernel;
    if (!kind() || kind() == ThreadKind::scheduler) return was_in_kernel_;
    return std::any_of(frames().begin(), frames().end(), [](const Frame& frame) { return frame.is_interrupt; });
  }

  void look_at(const AccessedStep& step) {
    function_ = code_.function_of(step.instruction);
    leaves_stub_ = false;
    if (arrival_) follow_arrival(step);
    const bool was_in_system = in_system();
    was_in_kernel_ = was_in_system && in_kernel();
    if (owner_) ran_.insert(*owner_);
    if (!was_in_system && open_) close(step.step - 1, true);
    if (was_in_system && !open_) open(step.step);
    if (open_) add(step);

    const emu::Flow flow = step.decoded != nullptr ? step.decoded->flow : emu::Flow::next;
    const bool traps = flow == emu::Flow::system_call && !step.events.empty();
    if (!open_ && (enters_by_call(step, flow) || traps)) {
      open(step.step);
      add(step);
    }
    if (open_ && arrival_ && arrival_->stub != SystemCode::kNoFunction && flow == emu::Flow::interrupt_return)
      arrival_.reset();
    move_stack(step, flow);
    enter_by_call(step, flow);
    const bool is_indirect = flow == emu::Flow::call && !step.decoded->target;
    if (is_indirect && code_.function(function_).leads_to_thread) frames().clear();
    take_events(step);
    if (open_ && !in_system()) close(step.step, true);
  }

  bool enters_by_call(const AccessedStep& step, emu::Flow flow) const {
    const bool leads_away = flow == emu::Flow::call || flow == emu::Flow::jump || flow == emu::Flow::ret;
    // What leads a new thread to its own code, and what it then calls first, is its own, whatever its name.
    const bool is_its_own = arrival_ || (leaves_stub_ && !code_.is_mover(step.rip_alone));
    return leads_away && !is_its_own && code_.is_entry(step.rip_alone);
  }
  void enter_by_call(const AccessedStep& step, emu::Flow flow) {
    if (!enters_by_call(step, flow)) return;
    const bool is_call = flow == emu::Flow::call;
    push({step.rsp_alone, is_call ? step.decoded->address.value + step.decoded->size : 0, false, false});
  }
  void push(Frame frame) {
    std::vector<Frame>& chain = frames();
    while (!chain.empty() && chain.back().cell <= frame.cell) chain.pop_back();
    chain.push_back(frame);
  }
  void drop_left_frames(const AccessedStep& step) {
    std::vector<Frame>& chain = frames();
    const auto is_left = [&](const Frame& frame) {
      return step.rsp_alone > frame.cell || (step.rsp_alone == frame.cell && step.rip_alone == frame.back);
    };
    while (!chain.empty() && is_left(chain.back())) chain.pop_back();
  }

  void follow_arrival(const AccessedStep& step) {
    if (arrival_->stub == SystemCode::kNoFunction) {
      if (open_ && open_->functions.count(function_) != 0) return;
      arrival_->stub = function_;
      arrival_->stub_first = step.step;
      if (function_ == SystemCode::kNoFunction) end_arrival();
    }
    const bool leaves = step.decoded == nullptr || step.decoded->flow == emu::Flow::call || function_ != arrival_->stub;
    leaves_stub_ = arrival_ && function_ == arrival_->stub && leaves;
    if (arrival_ && leaves) end_arrival();
  }
  /// The thread has been in user code since its stub began.
  void end_arrival() {
    const StepIndex last = arrival_->stub_first - 1;
    arrival_.reset();
    if (open_) close(last, true);
  }

  /// Gives the step's own switches, if any, their place; `owner_` follows.
  void move_stack(const AccessedStep& step, emu::Flow flow) {
    while (next_switch_ < trace_.switches().size()) {
      const Switch& entry = trace_.switches()[next_switch_];
      if (entry.step != step.step || is_by_event(entry, step)) break;
      take_switch(entry);
      if (!open_) continue;
      open_->moves.insert(step.step);
      if (flow == emu::Flow::interrupt_return) {
        open_->iret_moves.insert(step.step);
      } else {
        find_context(step);
      }
    }
    drop_left_frames(step);
  }
  void find_context(const AccessedStep& step) {
    SwitchWindow& window = open_->window;
    window.next_stack_top = emu::Address{step.rsp_alone};
    window.next_context.reset();
    const auto next = owner_ ? threads_.find(*owner_) : threads_.end();
    if (next != threads_.end()) window.next_context = next->second.tcb;
    if (step.decoded == nullptr || step.decoded->flow != emu::Flow::next) return;
    for (const emu::MemoryOperand& operand : step.decoded->memory)
      if (operand.is_read && operand.base && *operand.base != emu::Register::rsp)
        window.next_context = emu::Address{step.before[*operand.base]};
  }
  [[nodiscard]] bool is_by_event(const Switch& entry, const AccessedStep& step) const {
    if (step.events.empty()) return false;
    const auto from = entry.from ? threads_.find(*entry.from) : threads_.end();
    return from != threads_.end() && (from->second.stack.contains(emu::Address{step.rsp_alone}) ||
                                      from->second.stack.high.value == step.rsp_alone);
  }
  void take_switch(const Switch& entry) {
    const bool kernel = open_ && was_in_kernel_;
    owner_ = entry.to;
    arrival_.reset();
    if (!open_) {
      lone_switch(entry);
      return;
    }
    SwitchWindow& window = open_->window;
    if (window.switches.empty()) {
      window.from = entry.from;
      window.reason = entry.reason;
    }
    window.switches.push_back(next_switch_++);
    window.to = entry.to;
    window.is_first_run = entry.to && ran_.insert(*entry.to).second;
    const bool runs_user_code = kind() && !is_kernel_side() && kind() != ThreadKind::scheduler;
    if (window.is_first_run && runs_user_code) arrival_ = Arrival{kernel, SystemCode::kNoFunction, {}};
  }
  void lone_switch(const Switch& entry) {
    SwitchWindow window;
    window.first = window.last = entry.step;
    window.switches.push_back(next_switch_++);
    window.from = entry.from;
    window.to = entry.to;
    window.reason = entry.reason;
    window.is_first_run = entry.to && ran_.insert(*entry.to).second;
    window.phases.assign(1, SwitchPhase::stack);
    windows_.push_back(std::move(window));
  }

  void take_events(const AccessedStep& step) {
    for (std::size_t i = 0; i < step.events.size(); ++i) {
      const emu::EventKind kind = step.events[i].kind;
      if (enters_kernel(kind)) {
        const bool was_user = !in_system();
        if (!open_) open(step.step + 1);
        if (was_user) open_->window.by_interrupt = true;
        ++open_->window.kernel_entries;
      } else if (is_host_kernel(kind)) {
        if (takes_up_handler(step, i)) enter_handler(step, i);
        if (open_) ++open_->window.host_kernel_entries;
      }
      const bool is_last = i + 1 == step.events.size();
      while (is_last && next_switch_ < trace_.switches().size() && trace_.switches()[next_switch_].step == step.step) {
        const std::size_t before = windows_.size();
        take_switch(trace_.switches()[next_switch_]);
        const bool is_lone = windows_.size() > before;
        if (is_lone) windows_.back().host_kernel_entries = count_host_kernel(step);
        if (is_host_kernel(kind)) (is_lone ? windows_.back() : open_->window).by_host = true;
      }
      if (enters_kernel(kind)) {
        stubs_.insert(step.step + 1);
        push({step.event_rsp[i], 0, true, false});
      }
    }
    std::vector<Frame>& chain = frames();
    while (!step.events.empty() && !chain.empty() && chain.back().is_signal && step.rsp_after > chain.back().cell)
      chain.pop_back();
  }
  /// Whether this event calls a handler on the stack that is in use: rsp goes down on it, and nobody else's is taken.
  [[nodiscard]] bool takes_up_handler(const AccessedStep& step, std::size_t event) const {
    const std::uint64_t before = event == 0 ? step.rsp_alone : step.event_rsp[event - 1];
    const auto owner = owner_ ? threads_.find(*owner_) : threads_.end();
    return step.events[event].kind == emu::EventKind::signal && owner != threads_.end() &&
           step.event_rsp[event] < before && owner->second.stack.contains(emu::Address{step.event_rsp[event]}) &&
           (next_switch_ >= trace_.switches().size() || trace_.switches()[next_switch_].step != step.step);
  }
  void enter_handler(const AccessedStep& step, std::size_t event) {
    const std::uint64_t before = event == 0 ? step.rsp_alone : step.event_rsp[event - 1];
    const bool was_user = !in_system();
    if (!open_) open(step.step + 1);
    if (was_user) open_->window.by_interrupt = true;
    push({before - 1, 0, false, true});
  }
  static std::uint64_t count_host_kernel(const AccessedStep& step) {
    return static_cast<std::uint64_t>(std::count_if(
        step.events.begin(), step.events.end(), [](const ChunkEvent& event) { return is_host_kernel(event.kind); }));
  }

  void open(StepIndex first) {
    open_.emplace();
    open_->window.first = first;
  }
  void add(const AccessedStep& step) {
    open_->instructions.push_back(step.instruction);
    open_->functions.insert(function_);
    if (was_in_kernel_) ++open_->window.kernel_steps;
    if (stubs_.count(step.step) != 0) stub_functions_.insert(function_);
  }
  void close(StepIndex last, bool complete) {
    OpenWindow& open = *open_;
    open.window.last = last;
    open.window.complete = complete;
    const bool has_steps = last >= open.window.first;
    if (!open.window.switches.empty() && has_steps) {
      // Steps of a stub that turned out to be the thread's own were counted.
      if (was_in_kernel_) open.window.kernel_steps -= open.instructions.size() - open.window.steps();
      open.instructions.resize(open.window.steps());
      divide(open);
      windows_.push_back(std::move(open.window));
    }
    open_.reset();
    stubs_.clear();
  }
  /// The rules of SwitchPhase.
  void divide(OpenWindow& open) {
    SwitchWindow& window = open.window;
    std::set<StepIndex> moves = open.moves;
    if (open.iret_moves.size() < moves.size())
      for (const StepIndex step : open.iret_moves) moves.erase(step);
    std::map<std::uint32_t, bool> restoring;                             // by routine
    std::map<std::uint32_t, std::pair<std::size_t, std::size_t>> calls;  // by function: its first and last
    for (std::size_t i = 0; i < open.instructions.size(); ++i) {
      const std::uint32_t function = code_.function_of(open.instructions[i]);
      const StepIndex step = window.first + i;
      if (moves.count(step) != 0 && open.iret_moves.count(step) == 0) restoring[function] = false;
      if (!is_call(open.instructions[i])) continue;
      calls.try_emplace(function, i, i).first->second.second = i;
    }
    std::size_t moved = 0;
    for (std::size_t i = 0; i < open.instructions.size(); ++i) {
      const std::uint32_t function = code_.function_of(open.instructions[i]);
      const std::uint64_t address = trace_.templates()[open.instructions[i]].address;
      const auto routine = restoring.find(function);
      if (moves.count(window.first + i) != 0) {
        window.phases.push_back(SwitchPhase::stack);
        if (routine != restoring.end()) routine->second = true;
        ++moved;
        continue;
      }
      if (routine != restoring.end() && address == code_.function(function).range.low.value) routine->second = false;
      const auto by_name = code_.function(function).phase;
      const auto labelled = by_name ? by_name : code_.labelled_phase(function, address);
      const auto call = calls.find(function);
      if (labelled) {
        window.phases.push_back(*labelled);
      } else if (routine != restoring.end()) {
        window.phases.push_back(routine->second ? SwitchPhase::restore : SwitchPhase::save);
      } else if (stub_functions_.count(function) != 0 &&
                 (call == calls.end() || i < call->second.first || i > call->second.second)) {
        const bool saves = call == calls.end() ? moved == 0 : i < call->second.first;
        window.phases.push_back(saves ? SwitchPhase::save : SwitchPhase::restore);
      } else if (moved == 0) {
        window.phases.push_back(SwitchPhase::enter);
      } else {
        window.phases.push_back(moved == moves.size() ? SwitchPhase::leave : SwitchPhase::between);
      }
    }
  }
  bool is_call(std::uint32_t instruction) {
    const StepTemplate& step = trace_.templates()[instruction];
    const auto [entry, is_new] = calls_.try_emplace(instruction, false);
    if (is_new) {
      const auto decoded = disassembler_.decode(emu::Address{step.address}, {step.bytes.data(), step.size});
      entry->second = decoded && decoded->flow == emu::Flow::call;
    }
    return entry->second;
  }

  Trace& trace_;
  AccessReader reader_;
  SystemCode code_;
  emu::Disassembler disassembler_;
  std::map<std::uint32_t, bool> calls_;
  std::map<ThreadId, Thread> threads_;
  std::set<ThreadId> kernel_sides_;
  std::map<std::uint64_t, std::vector<Frame>> frames_;  ///< by thread id + 1; 0: on nobody's stack
  std::set<ThreadId> ran_;
  std::optional<ThreadId> owner_;
  std::optional<Arrival> arrival_;
  std::optional<OpenWindow> open_;
  std::set<StepIndex> stubs_;               ///< steps that an interrupt led to
  std::set<std::uint32_t> stub_functions_;  ///< … and their functions
  std::size_t next_switch_ = 0;
  std::uint32_t function_ = SystemCode::kNoFunction;
  bool was_in_kernel_ = false;
  bool leaves_stub_ = false;  ///< the step under way is the call by which a new thread leaves its first function
  std::vector<SwitchWindow> windows_;
};

}  // namespace

std::string_view to_string(SwitchPhase phase) {
  switch (phase) {
    case SwitchPhase::enter:
      return "enter";
    case SwitchPhase::save:
      return "save";
    case SwitchPhase::stack:
      return "stack";
    case SwitchPhase::restore:
      return "restore";
    case SwitchPhase::between:
      return "between";
    case SwitchPhase::leave:
      break;
  }
  return "leave";
}

std::vector<SwitchWindow> switch_windows(Trace& trace) {
  return trace.switches().empty() ? std::vector<SwitchWindow>() : WindowFinder(trace).find();
}

}  // namespace fiberscope::core
