// Note 000 refers to www.boost.org: this is Boost.Context, the library there that does what the note's routine does.
// Two fibers hand numbers over: one generates the prime numbers, one adds them up. Each runs on a stack of its own;
// jump_fcontext, forty lines of assembly in libboost_context.a, goes from one to the other.
#include <boost/context/fiber.hpp>
#include <boost/context/stack_context.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <new>

extern "C" {
#include "asm/runtime/console.h"
#include "asm/runtime/mapped_stack.h"
#include "asm/runtime/thread_table.h"
}

namespace context = boost::context;

struct Market {
  std::uint64_t number = 0;  ///< the prime handed over last; 0: no more
  std::uint64_t sum = 0;
  context::fiber generator;
  tcb* generator_block = nullptr;
  tcb* adder_block = nullptr;
};

Market market;

namespace {

constexpr std::size_t kStackSize = 0x4000;
constexpr std::uint64_t kPrimes = 7;

/// Stacks for fibers, each entered into the table of threads under the fiber's name.
class TableStack {
 public:
  TableStack(const char* name, tcb*& block) : name_(name), block_(&block) {}

  context::stack_context allocate() {
    void* lowest = map_stack(kStackSize);
    if (lowest == nullptr) throw std::bad_alloc();
    *block_ = table_take(name_, KIND_FIBER);
    table_set_stack(*block_, lowest, kStackSize);
    context::stack_context stack;
    stack.size = kStackSize;
    stack.sp = static_cast<char*>(lowest) + kStackSize;
    return stack;
  }

  /// A finished fiber's stack stays, to be looked at.
  void deallocate(context::stack_context& stack) { stack.sp = nullptr; }

 private:
  const char* name_;
  tcb** block_;
};

void mark(tcb* from, thread_state state, tcb* to) {
  from->state = static_cast<std::uint8_t>(state);
  to->state = THREAD_RUNNING;
}

}  // namespace

extern "C" {

struct report {
  std::uint64_t sum;
  std::uint64_t primes;
};

report report PLATFORM_REPORT;

/// Goes on in `to`, which comes back as what resume() returns.
static context::fiber thread_yield(context::fiber to, tcb* from_block, tcb* to_block) {
  mark(from_block, THREAD_READY, to_block);
  return std::move(to).resume();
}

/// A fiber on a stack of its own. It runs for a moment at once: its first frame waits there for the first resume().
static context::fiber thread_create(const char* name, tcb*& block, context::fiber (*function)(context::fiber)) {
  context::fiber made(std::allocator_arg, TableStack(name, block), function);
  block->state = THREAD_READY;
  return made;
}

static context::fiber thread_start(context::fiber first, tcb* block) {
  mark(&thread_table[0], THREAD_WAITING, block);
  return std::move(first).resume();
}
}

namespace {

bool is_prime(std::uint64_t number) {
  for (std::uint64_t divisor = 2; divisor < number; ++divisor)
    if (number % divisor == 0) return false;
  return true;
}

context::fiber generate(context::fiber adder) {
  std::uint64_t candidate = 2;
  std::uint64_t found = 0;
  while (found < kPrimes) {
    if (is_prime(candidate)) {
      found += 1;
      market.number = candidate;
      adder = thread_yield(std::move(adder), market.generator_block, market.adder_block);
    }
    candidate += 1;
  }
  market.number = 0;
  mark(market.generator_block, THREAD_FINISHED, market.adder_block);
  return adder;
}

std::uint64_t next_number() {
  market.generator = thread_yield(std::move(market.generator), market.adder_block, market.generator_block);
  return market.number;
}

context::fiber add_up(context::fiber main_line) {
  for (std::uint64_t number = next_number(); number != 0; number = next_number()) {
    if (market.sum != 0) print(" + ");
    print_number(number);
    market.sum += number;
    report.primes += 1;
  }
  mark(market.adder_block, THREAD_FINISHED, &thread_table[0]);
  return main_line;
}

}  // namespace

int main() {
  market.generator = thread_create("generator", market.generator_block, generate);
  context::fiber adder = thread_create("adder", market.adder_block, add_up);
  adder = thread_start(std::move(adder), market.adder_block);
  report.sum = market.sum;
  print(" = ");
  print_number(report.sum);
  print("\n");
  return report.sum == 58 && report.primes == kPrimes && !adder && !market.generator ? 0 : 1;
}
