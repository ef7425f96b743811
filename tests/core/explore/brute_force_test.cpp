// Random small programs: what dynamic programming counts is what enumerating every schedule finds. The enumeration
// knows nothing of machine code: it interprets the operations that the textbook lowering is said to have.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <map>
#include <set>

#include "core/explore/schedule.h"
#include "tests/core/explore/ask.h"

namespace fiberscope::core::explore {
namespace {

using boost::multiprecision::cpp_rational;

constexpr std::size_t kMostSchedules = 5000;

/// One instruction: an accumulator and one variable at most.
struct Operation {
  enum class Kind { load, add_variable, add_constant, multiply_constant, store, store_constant };
  Kind kind;
  int variable = 0;
  int constant = 0;

  [[nodiscard]] bool reads() const { return kind == Kind::load || kind == Kind::add_variable; }
  [[nodiscard]] bool writes() const { return kind == Kind::store || kind == Kind::store_constant; }
};

struct Thread {
  std::string text;
  std::vector<Operation> operations;
};

constexpr const char* kNames[] = {"x", "y"};

rc::Gen<Thread> statement() {
  return rc::gen::apply(
      [](int form, int to, int from, int other, int constant) {
        using Kind = Operation::Kind;
        const std::string a = kNames[from];
        const std::string head = std::string(kNames[to]) + "=";
        const std::string c = std::to_string(constant);
        switch (form) {
          case 0:
            return Thread{head + c, {{Kind::store_constant, to, constant}}};
          case 1:
            return Thread{head + a, {{Kind::load, from}, {Kind::store, to}}};
          case 2:
            return Thread{head + a + "+" + c,
                          {{Kind::load, from}, {Kind::add_constant, 0, constant}, {Kind::store, to}}};
          case 3:
            return Thread{head + a + "+" + kNames[other],
                          {{Kind::load, from}, {Kind::add_variable, other}, {Kind::store, to}}};
          default:
            return Thread{head + c + a,
                          {{Kind::load, from}, {Kind::multiply_constant, 0, constant}, {Kind::store, to}}};
        }
      },
      rc::gen::inRange(0, 5), rc::gen::inRange(0, 2), rc::gen::inRange(0, 2), rc::gen::inRange(0, 2),
      rc::gen::inRange(1, 4));
}

using Values = std::vector<std::int64_t>;

struct Expected {
  std::size_t schedules = 0;
  std::set<std::vector<int>> executions;
  cpp_rational probability = 0;
  unsigned preemptions = ~0U;
  std::vector<std::uint8_t> canonical;
};

/// What may come next: any thread; turns of at least one step ("rr"); turns of exactly `quantum` steps ("rr=2"). With
/// store buffers each store goes into its thread's, and the oldest of each may go to memory at any time.
struct Rules {
  bool round_robin = false;
  int quantum = 0;
  bool buffers = false;
};

class Enumeration {
 public:
  Enumeration(const std::vector<Thread>& threads, const Rules& rules) : threads_(threads), rules_(rules) {
    at_.resize(threads.size());
    accumulator_.resize(threads.size());
    buffers_.resize(threads.size());
    run(1, 0);
  }
  std::map<Values, Expected> outcomes;

 private:
  [[nodiscard]] bool can_run(std::size_t thread) const { return at_[thread] < threads_[thread].operations.size(); }

  [[nodiscard]] std::vector<std::size_t> choices() const {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < threads_.size(); ++i)
      if (can_run(i)) all.push_back(i);
    if (!rules_.round_robin || all.empty()) return all;
    if (order_.empty()) return {all.front()};
    const std::size_t last = order_.back();
    if (rules_.quantum != 0 && can_run(last) && length_of_last_run() % rules_.quantum != 0) return {last};
    std::vector<std::size_t> allowed;
    if (rules_.quantum == 0 && can_run(last)) allowed.push_back(last);
    for (std::size_t i = 1; i < threads_.size(); ++i) {
      const std::size_t next = (last + i) % threads_.size();
      if (!can_run(next)) continue;
      allowed.push_back(next);
      break;
    }
    if (allowed.empty()) return {last};  // nobody else is left
    std::sort(allowed.begin(), allowed.end());
    return allowed;
  }

  [[nodiscard]] int length_of_last_run() const {
    int length = 0;
    for (std::size_t i = order_.size(); i-- > 0 && order_[i] == order_.back();) ++length;
    return length;
  }

  /// A drain is no switch: who ran before it is still on its processor.
  [[nodiscard]] bool preempts(std::size_t thread) const {
    for (std::size_t i = order_.size(); i-- > 0;)
      if (order_[i] < threads_.size()) return order_[i] != thread && can_run(order_[i]);
    return false;
  }

  void run(const cpp_rational& chance, unsigned preemptions) {
    auto all = choices();
    for (std::size_t i = 0; i < threads_.size(); ++i)
      if (!buffers_[i].empty()) all.push_back(threads_.size() + i);
    if (all.empty()) return end(chance, preemptions);
    for (const std::size_t action : all) {
      const bool drains = action >= threads_.size();
      const bool more = !drains && preempts(action);
      const auto memory = memory_;
      const auto accumulator = accumulator_;
      const auto buffers = buffers_;
      const auto coherence = coherence_;
      const auto sources = sources_;
      if (drains) {
        drain(action - threads_.size());
      } else {
        step(action);
      }
      order_.push_back(static_cast<std::uint8_t>(action));
      run(chance / static_cast<int>(all.size()), preemptions + (more ? 1 : 0));
      order_.pop_back();
      if (!drains) --at_[action];
      memory_ = memory;
      accumulator_ = accumulator;
      buffers_ = buffers;
      coherence_ = coherence;
      sources_ = sources;
    }
  }

  /// Its own newest store that has not reached memory, else memory.
  std::int32_t read(std::size_t thread, int variable) {
    std::int32_t value = memory_[variable];
    int source = coherence_[variable].empty() ? 0 : coherence_[variable].back();
    for (const Buffered& one : buffers_[thread]) {
      if (one.variable != variable) continue;
      value = one.value;
      source = one.name;
    }
    sources_[name_of(thread)] = source;
    return value;
  }

  void write(std::size_t thread, int variable, std::int32_t value) {
    buffers_[thread].push_back({variable, value, name_of(thread)});
    if (!rules_.buffers) drain(thread);
  }

  void drain(std::size_t thread) {
    const Buffered oldest = buffers_[thread].front();
    buffers_[thread].erase(buffers_[thread].begin());
    memory_[oldest.variable] = oldest.value;
    coherence_[oldest.variable].push_back(oldest.name);
  }

  /// Of the operation that the thread is just at.
  [[nodiscard]] int name_of(std::size_t thread) const { return static_cast<int>((thread + 1) * 1000 + at_[thread]); }

  void step(std::size_t thread) {
    const Operation& operation = threads_[thread].operations[at_[thread]++];
    std::int32_t& a = accumulator_[thread];
    switch (operation.kind) {
      case Operation::Kind::load:
        a = read(thread, operation.variable);
        break;
      case Operation::Kind::add_variable:
        a += read(thread, operation.variable);
        break;
      case Operation::Kind::add_constant:
        a += operation.constant;
        break;
      case Operation::Kind::multiply_constant:
        a *= operation.constant;
        break;
      case Operation::Kind::store:
        write(thread, operation.variable, a);
        break;
      case Operation::Kind::store_constant:
        write(thread, operation.variable, operation.constant);
        break;
    }
  }

  /// Executions are told apart by the order of each two conflicting accesses.
  [[nodiscard]] std::vector<int> order_of_conflicts() const {
    if (rules_.buffers) return reads_from_and_coherence();
    std::vector<std::vector<std::size_t>> when(threads_.size());
    for (std::size_t i = 0; i < order_.size(); ++i) when[order_[i]].push_back(i);
    std::vector<int> bits;
    for (std::size_t t = 0; t < threads_.size(); ++t)
      for (std::size_t u = t + 1; u < threads_.size(); ++u)
        for (std::size_t i = 0; i < when[t].size(); ++i)
          for (std::size_t j = 0; j < when[u].size(); ++j) {
            const Operation& one = threads_[t].operations[i];
            const Operation& other = threads_[u].operations[j];
            const bool both = (one.reads() || one.writes()) && (other.reads() || other.writes());
            if (both && one.variable == other.variable && (one.writes() || other.writes()))
              bits.push_back(when[t][i] < when[u][j] ? 1 : 0);
          }
    return bits;
  }

  [[nodiscard]] std::vector<int> reads_from_and_coherence() const {
    std::vector<int> all;
    for (const auto& [read, source] : sources_) all.insert(all.end(), {read, source});
    for (const auto& stores : coherence_) {
      all.push_back(-1);
      all.insert(all.end(), stores.begin(), stores.end());
    }
    return all;
  }

  void end(const cpp_rational& chance, unsigned preemptions) {
    Expected& expected = outcomes[{memory_[0], memory_[1]}];
    ++expected.schedules;
    expected.probability += chance;
    expected.executions.insert(order_of_conflicts());
    if (preemptions < expected.preemptions || (preemptions == expected.preemptions && order_ < expected.canonical)) {
      expected.preemptions = preemptions;
      expected.canonical = order_;
    }
  }

  struct Buffered {
    int variable;
    std::int32_t value;
    int name;
  };

  const std::vector<Thread>& threads_;
  Rules rules_;
  std::vector<std::size_t> at_;
  std::vector<std::int32_t> accumulator_;
  std::vector<std::int32_t> memory_ = {0, 0};
  std::vector<std::vector<Buffered>> buffers_;
  std::vector<std::vector<int>> coherence_ = {{}, {}};  // of each variable, its stores as they reached memory
  std::map<int, int> sources_;                          // of each read, the store that it saw
  std::vector<std::uint8_t> order_;
};

void compare(const std::vector<Thread>& threads, const Rules& rules) {
  ExploreRequest request;
  for (const Thread& thread : threads) request.threads.push_back(thread.text);
  request.initial = "";
  request.scheduler = !rules.round_robin ? "any" : rules.quantum == 0 ? "rr" : "rr=" + std::to_string(rules.quantum);
  request.memory = rules.buffers ? "tso" : "sc";
  // Both variables must be there, whatever the threads use.
  request.threads[0] += "; ";
  const Answer answer = ask(request);
  const Enumeration enumeration(threads, rules);
  std::map<Values, Expected> expected;
  // Threads may leave x or y out; then it is no observable.
  for (const auto& [values, one] : enumeration.outcomes) {
    Values shown;
    for (const std::string& name : answer.found.observables) shown.push_back(values[name == "x" ? 0 : 1]);
    expected[shown] = one;
  }
  RC_ASSERT(answer.found.outcomes.size() == expected.size());
  for (const auto& [values, one] : expected) {
    const Outcome* outcome = answer.outcome(values);
    RC_ASSERT(outcome != nullptr);
    RC_ASSERT(outcome->schedules.text() == std::to_string(one.schedules));
    RC_ASSERT(outcome->executions.text() == std::to_string(one.executions.size()));
    RC_ASSERT(cpp_rational(*outcome->chance, answer.found.chances) == one.probability);
    RC_ASSERT(outcome->preemptions == one.preemptions);
    RC_ASSERT(outcome->witness == schedule_text(one.canonical, threads.size()));
  }
}

/// Threads of few enough operations that all schedules can be enumerated; a store is two where it has a drain.
std::vector<Thread> random_threads(std::size_t most, bool buffers = false) {
  const auto count = *rc::gen::inRange<std::size_t>(2, most + 1);
  std::vector<Thread> threads(count);
  double schedules = 1;
  std::size_t operations = 0;
  for (Thread& thread : threads) {
    std::size_t own = 0;
    const auto statements = *rc::gen::inRange(1, 4);
    for (int i = 0; i < statements; ++i) {
      const Thread more = *statement();
      double after = schedules;
      const std::size_t actions = more.operations.size() + (buffers ? 1 : 0);
      for (std::size_t n = 0; n < actions; ++n)
        after = after * static_cast<double>(operations + n + 1) / static_cast<double>(own + n + 1);
      if (after > kMostSchedules && !thread.operations.empty()) break;
      if (after > kMostSchedules) return {};
      schedules = after;
      operations += actions;
      own += actions;
      thread.text += (thread.text.empty() ? "" : "; ") + more.text;
      thread.operations.insert(thread.operations.end(), more.operations.begin(), more.operations.end());
    }
  }
  return threads;
}

RC_GTEST_PROP(BruteForce, AnyScheduler, ()) {
  const auto threads = random_threads(4);
  RC_PRE(!threads.empty());
  compare(threads, {});
}

RC_GTEST_PROP(BruteForce, RoundRobin, ()) {
  const auto threads = random_threads(4);
  RC_PRE(!threads.empty());
  compare(threads, {true});
}

RC_GTEST_PROP(BruteForce, RoundRobinOfExactTurns, ()) {
  const auto threads = random_threads(4);
  RC_PRE(!threads.empty());
  compare(threads, {true, *rc::gen::inRange(1, 5)});
}

RC_GTEST_PROP(BruteForce, StoreBuffers, ()) {
  const auto threads = random_threads(3, true);
  RC_PRE(!threads.empty());
  compare(threads, {false, 0, true});
}

}  // namespace
}  // namespace fiberscope::core::explore
