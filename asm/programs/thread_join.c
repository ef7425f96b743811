/* Create and join, with an argument and a result: two threads sum half of the numbers each, a third one waits for both
 * and adds their results, main waits for the third. */
#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/runtime/pthread_shape.h"
#include "asm/runtime/thread.h"

enum { NUMBERS = 8 };

const uint64_t numbers[NUMBERS] = {1, 2, 3, 4, 5, 6, 7, 8};

/* The argument of a thread that sums. */
struct slice {
  const uint64_t* first;
  uint64_t count;
};

/* The argument of the thread that adds. */
struct halves {
  uthread_t left, right;
};

struct report {
  uint64_t left;
  uint64_t right;
  uint64_t total;
  uint64_t self_join; /* what joining oneself returned */
};

struct report report PLATFORM_REPORT;

static void* sum_slice(void* argument) {
  const struct slice* slice = argument;
  register uint64_t sum = 0;
  for (uint64_t i = 0; i < slice->count; ++i) {
    sum += slice->first[i];
    thread_yield();
  }
  return (void*)sum;
}

static void* add_halves(void* argument) {
  const struct halves* halves = argument;
  void* left;
  void* right;
  uthread_join(halves->left, &left);
  uthread_join(halves->right, &right);
  return (void*)((uint64_t)left + (uint64_t)right);
}

static void print_line(const char* name, uint64_t size, uint64_t value) {
  platform_put(name, size);
  print_number(value);
  print("\n");
}

int main(void) {
  struct slice slices[2] = {{numbers, 3}, {numbers + 3, NUMBERS - 3}};
  struct uthread_attr attr[3] = {{"left", 1}, {"right", 1}, {"total", 1}};
  struct halves halves;
  uthread_t total;
  void* value;
  uthread_create(&halves.left, &attr[0], sum_slice, &slices[0]);
  uthread_create(&halves.right, &attr[1], sum_slice, &slices[1]);
  uthread_create(&total, &attr[2], add_halves, &halves);
  uthread_join(total, &value);
  report.total = (uint64_t)value;
  uthread_join(halves.left, &value); /* finished long ago: its result is still there */
  report.left = (uint64_t)value;
  uthread_join(halves.right, &value);
  report.right = (uint64_t)value;
  report.self_join = (uint64_t)uthread_join(thread_self(), NULL);
  print_line("left ", 5, report.left);
  print_line("right ", 6, report.right);
  print_line("total ", 6, report.total);
  print_line("joining oneself: error ", 23, report.self_join);
  return report.total == NUMBERS * (NUMBERS + 1) / 2 ? 0 : 1;
}
