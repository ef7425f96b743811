/* Which numbers are both squares and triangular numbers? Each of two fibers goes through one of the two rows and yields
 * a number at a time; main resumes the one that is behind and prints where they meet. */
#include "asm/fibers/fiber.h"
#include "asm/runtime/console.h"

enum { LAST = 36 };

struct report {
  uint64_t met[2];
  uint64_t count;
};

struct report report PLATFORM_REPORT;

/* `register` keeps a local in rbx even without optimization: here it goes through the context, not through the stack.
 */
static void add_up(uint64_t first, uint64_t increment) {
  register uint64_t number = 0;
  for (uint64_t next = first; number < LAST; next += increment) {
    number += next;
    fiber_yield(number);
  }
}

/* 1 + 3 + 5 + … */
static void* squares(void* argument) {
  add_up(1, 2);
  return argument;
}

/* 1 + 2 + 3 + … */
static void* triangles(void* argument) {
  add_up(1, 1);
  return argument;
}

static void note_down(uint64_t number) {
  report.met[report.count] = number;
  report.count += 1;
  print_number(number);
  print("\n");
}

static void meet(struct tcb* one, struct tcb* other) {
  uint64_t left = fiber_resume(one);
  uint64_t right = fiber_resume(other);
  for (;;) {
    if (left == right) note_down(left);
    if (left == LAST && right == LAST) return;
    if (left <= right)
      left = fiber_resume(one);
    else
      right = fiber_resume(other);
  }
}

int main(void) {
  struct tcb* one = fiber_create("squares", squares, NULL);
  struct tcb* other = fiber_create("triangles", triangles, NULL);
  meet(one, other);
  fiber_resume(one);
  fiber_resume(other);
  return report.count == 2 ? 0 : 1;
}
