/* Three fibers take turns under a scheduler that has a stack of its own. euclid and squares compute something in small
 * steps; marks puts a number into each of seven registers, yields, and looks at them again. Then main lets the
 * scheduler run once more, for a fiber that comes late. */
#include "asm/fibers/scheduled_fiber.h"
#include "asm/runtime/console.h"

struct report {
  uint64_t divisor;
  uint64_t squares;
  uint64_t late;
  struct register_marks marks;
};

struct report report PLATFORM_REPORT;

struct pair {
  uint64_t larger;
  uint64_t smaller;
};

static struct pair numbers = {48, 18};

/* `register` keeps a local in rbx even without optimization. */
static uint64_t divide_on(uint64_t larger, uint64_t smaller) {
  register uint64_t rest = larger % smaller;
  fiber_yield(NULL);
  return rest == 0 ? smaller : divide_on(smaller, rest);
}

static void* euclid(void* argument) {
  struct pair* pair = argument;
  return (void*)divide_on(pair->larger, pair->smaller);
}

static void* squares(void* argument) {
  uint64_t last = (uint64_t)argument;
  register uint64_t sum = 0;
  for (uint64_t number = 1; number <= last; number += 1) {
    sum += number * number;
    fiber_yield(NULL);
  }
  return (void*)sum;
}

static void* look_at_registers(void* argument) {
  struct register_marks* marks = argument;
  for (uint64_t i = 0; i < MARKED_REGISTERS; i += 1) marks->before[i] = i + 1;
  fiber_yield(marks);
  return NULL;
}

static struct tcb* start(const char* name, fiber_function entry, void* argument) {
  struct tcb* fiber = fiber_create(name, entry, argument);
  fiber_make_ready(fiber);
  return fiber;
}

static void print_marks(void) {
  static const char names[MARKED_REGISTERS][4] = {"rax ", "rcx ", "rdx ", "r8  ", "r9  ", "r10 ", "r11 "};
  for (uint64_t i = 0; i < MARKED_REGISTERS; i += 1) {
    platform_put(names[i], sizeof names[i]);
    print_number(report.marks.before[i]);
    print(" ");
    print_number(report.marks.after[i]);
    print("\n");
  }
}

static void run_three(void) {
  struct tcb* divisor = start("euclid", euclid, &numbers);
  struct tcb* sum = start("squares", squares, (void*)4);
  start("marks", look_at_registers, &report.marks);
  fiber_run();
  report.divisor = divisor->result;
  report.squares = sum->result;
}

static void run_late(void) {
  struct tcb* sum = start("late", squares, (void*)2);
  fiber_run();
  report.late = sum->result;
}

static void print_result(uint64_t result) {
  print_number(result);
  print("\n");
}

int main(void) {
  scheduler_create();
  run_three();
  run_late();
  print_marks();
  print("divisor ");
  print_result(report.divisor);
  print("squares ");
  print_result(report.squares);
  print("late ");
  print_result(report.late);
  return report.divisor == 6 && report.squares == 30 && report.late == 5 ? 0 : 1;
}
