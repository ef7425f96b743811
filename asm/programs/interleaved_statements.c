/* The three statements of the note as threads: x = x + 1, y = y + x, z = x + 5 * y, each done twice. Behind every
 * statement the scheduler is asked who is next, so that any order can be had: by the scheduler port, or in turn. */
#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/runtime/thread.h"

enum { ROUNDS = 2, STATEMENTS = 3 };

uint64_t x = 1, y = 2, z = 0;

char order[ROUNDS * STATEMENTS];
uint64_t done; /* statements so far */

struct report {
  uint64_t x, y, z;
};

struct report report PLATFORM_REPORT;

/* The statement is over, and another thread may come before the next one. Behind a thread's last statement its end lets
 * the others run. */
static void end_statement(char letter, uint64_t round) {
  order[done++] = letter;
  if (round + 1 < ROUNDS) thread_yield();
}

static void* increment_x(void* argument) {
  for (uint64_t round = 0; round < ROUNDS; ++round) {
    x = x + 1;
    end_statement('x', round);
  }
  return argument;
}

static void* add_x_to_y(void* argument) {
  for (uint64_t round = 0; round < ROUNDS; ++round) {
    y = y + x;
    end_statement('y', round);
  }
  return argument;
}

static void* compute_z(void* argument) {
  for (uint64_t round = 0; round < ROUNDS; ++round) {
    z = x + 5 * y;
    end_statement('z', round);
  }
  return argument;
}

int main(void) {
  struct tcb* first = thread_create("x = x + 1", increment_x, NULL, 1);
  struct tcb* second = thread_create("y = y + x", add_x_to_y, NULL, 1);
  struct tcb* third = thread_create("z = x + 5y", compute_z, NULL, 1);
  thread_join(first);
  thread_join(second);
  thread_join(third);
  report = (struct report){x, y, z};
  print("order ");
  platform_put(order, sizeof order);
  print("\nx ");
  print_number(x);
  print(", y ");
  print_number(y);
  print(", z ");
  print_number(z);
  print("\n");
  return 0;
}
