/* Three workers share thirty turns by a lottery: six tickets, three, and one. main has none; it waits. */
#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/runtime/thread.h"
#include "asm/scheduling/lottery.h"
#include "asm/scheduling/scheduler.h"

enum { TURNS = 30, WORKERS = 3 };

const uint32_t quantum = 0;

struct worker {
  char letter;
  uint64_t turns; /* had so far */
};

struct worker workers[WORKERS] = {{.letter = 'a'}, {.letter = 'b'}, {.letter = 'c'}};

char journal[TURNS];
uint64_t turns_had;

struct report {
  uint64_t turns[WORKERS];
  uint64_t wins[WORKERS];
};

struct report report PLATFORM_REPORT;

static void take_turn(struct worker* worker) {
  journal[turns_had++] = worker->letter;
  worker->turns += 1;
}

static void* work(void* argument) {
  while (turns_had < TURNS) {
    take_turn(argument);
    thread_yield();
  }
  return NULL;
}

static void tell(uint64_t index, struct tcb* thread) {
  report.turns[index] = workers[index].turns;
  report.wins[index] = wins[thread->id];
  platform_put(&workers[index].letter, 1);
  print(": tickets ");
  print_number(thread->priority);
  print(", turns ");
  print_number(report.turns[index]);
  print("\n");
}

int main(void) {
  struct tcb* many = thread_create("a (6 tickets)", work, &workers[0], 6);
  struct tcb* some = thread_create("b (3 tickets)", work, &workers[1], 3);
  struct tcb* one = thread_create("c (1 ticket)", work, &workers[2], 1);
  thread_join(many);
  thread_join(some);
  thread_join(one);
  platform_put(journal, TURNS);
  print("\n");
  tell(0, many);
  tell(1, some);
  tell(2, one);
  return 0;
}
