/* The note's second limitation: threads may be selfish. Two clerks serve one customer at a time and yield after each;
 * the greedy one factors a number and never yields. From its first dispatch to its end nobody else runs. */
#include "asm/runtime/console.h"
#include "asm/userthreads/user_thread.h"

enum { CUSTOMERS = 3 };

struct clerk {
  char letter;
  uint64_t served;
};

struct clerk left = {'l', 0};
struct clerk right = {'r', 0};
uint64_t number = 391; /* 17 * 23 */
uint64_t factor;

struct report {
  uint64_t served;
  uint64_t factor;
};

struct report report PLATFORM_REPORT;

static void serve_customer(struct clerk* clerk) {
  platform_put(&clerk->letter, 1);
  clerk->served += 1;
}

static void serve(void* argument) {
  struct clerk* clerk = argument;
  while (clerk->served < CUSTOMERS) {
    serve_customer(clerk);
    thread_yield();
  }
}

/* Remainder by subtraction, to be slow. */
static uint64_t remainder_of(uint64_t dividend, uint64_t divisor) {
  uint64_t rest = dividend;
  while (rest >= divisor) rest -= divisor;
  return rest;
}

static void find_factor(uint64_t* found) {
  uint64_t candidate = 2;
  while (remainder_of(number, candidate) != 0) candidate += 1;
  *found = candidate;
}

static void be_greedy(void* argument) {
  print("[greedy");
  find_factor(argument);
  print(" done]");
}

static void hire(void (*work)(void*), void* argument, const char* name) {
  thread_name_next(name);
  struct thread* thread = thread_create(work, argument);
  if (thread == NULL) platform_exit(2);
  thread_add_runqueue(thread);
}

int main(void) {
  hire(serve, &left, "left clerk");
  hire(be_greedy, &factor, "greedy");
  hire(serve, &right, "right clerk");
  thread_start_threading();
  report.served = left.served + right.served;
  report.factor = factor;
  print("\n");
  print_number(report.served);
  print(" served, ");
  print_number(number);
  print(" = ");
  print_number(factor);
  print(" * ");
  print_number(number / factor);
  print("\n");
  return report.served == 2 * CUSTOMERS && factor == 17 ? 0 : 1;
}
