/* Is it enough to save the callee-saved registers? Two fibers add up 20 + … + 1 and 12 + … + 1 three times, taking
 * turns in the middle of it, always by the same routine, which saves just these: first by calls, then from a timer
 * interrupt that saves nothing else, then from one that saves all the others too. main prints the six sums. */
#include "asm/fibers/sums.h"
#include "asm/fibers/timer_gate.h"
#include "asm/fibers/turns.h"
#include "asm/runtime/console.h"

/* Steps of a turn: longer where more registers are popped before the interrupted code goes on. */
enum { ROUNDS = 3, QUANTUM_CALLEE_SAVED = 17, QUANTUM_ALL = 21 };

struct sums {
  uint64_t left;
  uint64_t right;
};

struct report {
  struct sums by_calls;
  struct sums by_timer_callee_saved;
  struct sums by_timer_all;
};

struct report report;

static struct tcb* left;
static struct tcb* right;

static uint64_t add_up(uint64_t first) {
  return turn_quantum == 0 ? sum_with_calls(first) : sum_with_timer(first);
}

/* Three sums, one a round. */
static void* take_part(void* argument) {
  uint64_t first = (uint64_t)argument;
  for (uint64_t round = 1; round < ROUNDS; round += 1) {
    turn_self->result = add_up(first);
    turn_wait();
  }
  return (void*)add_up(first);
}

static void run_round(struct sums* sums) {
  turn_run(left);
  sums->left = left->result;
  sums->right = right->result;
}

static void print_sums(const struct sums* sums) {
  print_number(sums->left);
  print(" ");
  print_number(sums->right);
  print("\n");
}

int main(void) {
  left = turn_create("left", KIND_FIBER, take_part, (void*)20);
  right = turn_create("right", KIND_FIBER, take_part, (void*)12);
  run_round(&report.by_calls);

  timer_gate_set(timer_interrupt_callee_saved);
  turn_quantum = QUANTUM_CALLEE_SAVED;
  run_round(&report.by_timer_callee_saved);

  timer_gate_set(timer_interrupt);
  turn_quantum = QUANTUM_ALL;
  run_round(&report.by_timer_all);

  print("calls, callee-saved: ");
  print_sums(&report.by_calls);
  print("timer, callee-saved: ");
  print_sums(&report.by_timer_callee_saved);
  print("timer, all: ");
  print_sums(&report.by_timer_all);
  return 0;
}
