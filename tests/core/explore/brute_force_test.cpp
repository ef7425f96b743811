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

class Enumeration {
 public:
  Enumeration(const std::vector<Thread>& threads, bool round_robin) : threads_(threads), round_robin_(round_robin) {
    at_.resize(threads.size());
    accumulator_.resize(threads.size());
    run(1, 0);
  }
  std::map<Values, Expected> outcomes;

 private:
  [[nodiscard]] bool can_run(std::size_t thread) const { return at_[thread] < threads_[thread].operations.size(); }

  [[nodiscard]] std::vector<std::size_t> choices() const {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < threads_.size(); ++i)
      if (can_run(i)) all.push_back(i);
    if (!round_robin_ || all.empty()) return all;
    if (order_.empty()) return {all.front()};
    const std::size_t last = order_.back();
    std::vector<std::size_t> allowed;
    if (can_run(last)) allowed.push_back(last);
    for (std::size_t i = 1; i < threads_.size(); ++i) {
      const std::size_t next = (last + i) % threads_.size();
      if (!can_run(next)) continue;
      allowed.push_back(next);
      break;
    }
    std::sort(allowed.begin(), allowed.end());
    return allowed;
  }

  void run(const cpp_rational& chance, unsigned preemptions) {
    const auto all = choices();
    if (all.empty()) return end(chance, preemptions);
    for (const std::size_t thread : all) {
      const bool preempts = !order_.empty() && order_.back() != thread && can_run(order_.back());
      const auto memory = memory_;
      const auto accumulator = accumulator_;
      step(thread);
      order_.push_back(static_cast<std::uint8_t>(thread));
      run(chance / static_cast<int>(all.size()), preemptions + (preempts ? 1 : 0));
      order_.pop_back();
      --at_[thread];
      memory_ = memory;
      accumulator_ = accumulator;
    }
  }

  void step(std::size_t thread) {
    const Operation& operation = threads_[thread].operations[at_[thread]++];
    std::int32_t& a = accumulator_[thread];
    switch (operation.kind) {
      case Operation::Kind::load:
        a = memory_[operation.variable];
        break;
      case Operation::Kind::add_variable:
        a += memory_[operation.variable];
        break;
      case Operation::Kind::add_constant:
        a += operation.constant;
        break;
      case Operation::Kind::multiply_constant:
        a *= operation.constant;
        break;
      case Operation::Kind::store:
        memory_[operation.variable] = a;
        break;
      case Operation::Kind::store_constant:
        memory_[operation.variable] = operation.constant;
        break;
    }
  }

  /// Executions are told apart by the order of each two conflicting accesses.
  [[nodiscard]] std::vector<int> order_of_conflicts() const {
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

  const std::vector<Thread>& threads_;
  bool round_robin_;
  std::vector<std::size_t> at_;
  std::vector<std::int32_t> accumulator_;
  std::vector<std::int32_t> memory_ = {0, 0};
  std::vector<std::uint8_t> order_;
};

void compare(const std::vector<Thread>& threads, bool round_robin) {
  ExploreRequest request;
  for (const Thread& thread : threads) request.threads.push_back(thread.text);
  request.initial = "";
  request.scheduler = round_robin ? "rr" : "any";
  // Both variables must be there, whatever the threads use.
  request.threads[0] += "; ";
  const Answer answer = ask(request);
  const Enumeration enumeration(threads, round_robin);
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

/// Threads of few enough operations that all schedules can be enumerated.
std::vector<Thread> random_threads(std::size_t most) {
  const auto count = *rc::gen::inRange<std::size_t>(2, most + 1);
  std::vector<Thread> threads(count);
  double schedules = 1;
  std::size_t operations = 0;
  for (Thread& thread : threads) {
    const auto statements = *rc::gen::inRange(1, 4);
    for (int i = 0; i < statements; ++i) {
      const Thread more = *statement();
      double after = schedules;
      for (std::size_t n = 0; n < more.operations.size(); ++n)
        after = after * static_cast<double>(operations + n + 1) / static_cast<double>(thread.operations.size() + n + 1);
      if (after > kMostSchedules && !thread.operations.empty()) break;
      if (after > kMostSchedules) return {};
      schedules = after;
      operations += more.operations.size();
      thread.text += (thread.text.empty() ? "" : "; ") + more.text;
      thread.operations.insert(thread.operations.end(), more.operations.begin(), more.operations.end());
    }
  }
  return threads;
}

RC_GTEST_PROP(BruteForce, AnyScheduler, ()) {
  const auto threads = random_threads(4);
  RC_PRE(!threads.empty());
  compare(threads, false);
}

RC_GTEST_PROP(BruteForce, RoundRobin, ()) {
  const auto threads = random_threads(4);
  RC_PRE(!threads.empty());
  compare(threads, true);
}

}  // namespace
}  // namespace fiberscope::core::explore
