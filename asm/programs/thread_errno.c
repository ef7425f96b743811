/* Three threads call a function that may fail, let the others run, and only then look at what went wrong. Once with an
 * errno that all share, once with one of their own. */
#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/runtime/thread.h"
#include "asm/scheduling/scheduler.h"
#include "asm/thread_area/thread_area.h"

enum { THREADS = 3, LARGEST = 255, FAILED_NOT_A_NUMBER = 22, FAILED_TOO_LARGE = 34, KEY_TEXT = 0, KEY_CALLS = 1 };

const uint32_t quantum = 0;

/* What a thread was given and what it found. */
struct request {
  const char* text;
  uint64_t value;
  uint64_t seen_shared; /* the errno of all, read after the others had run */
  uint64_t seen_own;
  uint64_t calls; /* counted in a value of its own, by a key */
};

struct request requests[THREADS] = {{.text = "97"}, {.text = "fig"}, {.text = "999"}};
struct thread_area areas[THREADS];
uint64_t shared_errno;

struct report {
  uint64_t seen_shared[THREADS];
  uint64_t seen_own[THREADS];
};

struct report report PLATFORM_REPORT;

static void fail(uint64_t error) {
  shared_errno = error;
  set_own_errno(error);
}

/* In the manner of strtoul: the value, or 0 and an errno. */
static uint64_t parse_number(const char* text) {
  set_own_value(KEY_CALLS, own_value(KEY_CALLS) + 1);
  fail(0);
  uint64_t value = 0;
  for (const char* digit = text; *digit != 0; ++digit) {
    if (*digit < '0' || *digit > '9') {
      fail(FAILED_NOT_A_NUMBER);
      return 0;
    }
    value = 10 * value + (uint64_t)(*digit - '0');
  }
  if (value <= LARGEST) return value;
  fail(FAILED_TOO_LARGE);
  return 0;
}

static void* reader(void* argument) {
  struct request* request = argument;
  set_own_value(KEY_TEXT, (uint64_t)request->text);
  for (uint64_t attempt = 0; attempt < 2; ++attempt) {
    request->value = parse_number((const char*)own_value(KEY_TEXT));
    thread_yield();
    request->seen_shared = shared_errno;
    request->seen_own = own_errno();
    thread_yield();
  }
  request->calls = own_value(KEY_CALLS);
  return argument;
}

static void tell(uint64_t index) {
  const struct request* request = &requests[index];
  report.seen_shared[index] = request->seen_shared;
  report.seen_own[index] = request->seen_own;
  print_number(request->value);
  print(": shared errno ");
  print_number(request->seen_shared);
  print(", own errno ");
  print_number(request->seen_own);
  print(", calls ");
  print_number(request->calls);
  print("\n");
}

int main(void) {
  static const char* const names[THREADS] = {"reads 97", "reads fig", "reads 999"};
  struct tcb* threads[THREADS];
  for (uint64_t i = 0; i < THREADS; ++i) {
    threads[i] = thread_create(names[i], reader, &requests[i], 1);
    give_area(threads[i], &areas[i]);
  }
  for (uint64_t i = 0; i < THREADS; ++i) thread_join(threads[i]);
  for (uint64_t i = 0; i < THREADS; ++i) tell(i);
  return 0;
}
