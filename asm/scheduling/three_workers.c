/* Three workers count the primes of a range each, block by block. They print nothing while they work, so that the
 * output is the same however they are scheduled; the journal says who finished a block when. */
#include "asm/scheduling/three_workers.h"

#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/runtime/thread.h"
#include "asm/scheduling/preemption.h"

enum { BLOCK = 8, JOURNAL_SIZE = 32 };

struct range {
  uint64_t first; /* a number that is tried is odd */
  uint64_t end;
  char letter; /* in the journal */
};

struct range short_range = {.first = 3, .end = 3 + 2 * BLOCK, .letter = 's'};
struct range middle_range = {.first = 3, .end = 3 + 4 * BLOCK, .letter = 'm'};
struct range long_range = {.first = 3, .end = 3 + 6 * BLOCK, .letter = 'l'};

char journal[JOURNAL_SIZE];
uint64_t journal_length;

struct report {
  uint64_t short_primes;
  uint64_t middle_primes;
  uint64_t long_primes;
};

struct report report PLATFORM_REPORT;

static int is_prime(uint64_t number) {
  for (uint64_t divisor = 3; divisor * divisor <= number; divisor += 2)
    if (number % divisor == 0) return 0;
  return 1;
}

static uint64_t primes_of_block(uint64_t first) {
  uint64_t found = 0;
  for (uint64_t number = first; number < first + BLOCK; number += 2) found += (uint64_t)is_prime(number);
  return found;
}

/* In the journal nobody is interrupted: two threads write it. */
static void finish_block(char letter) {
  preemption_off();
  journal[journal_length++] = letter;
  between_blocks();
  preemption_on();
}

static void* worker(void* argument) {
  preemption_on();
  const struct range* range = argument;
  register uint64_t primes = 0;
  for (uint64_t number = range->first; number < range->end; number += BLOCK) {
    primes += primes_of_block(number);
    finish_block(range->letter);
  }
  preemption_off();
  return (void*)primes;
}

static void print_result(const char* name, uint64_t size, uint64_t primes) {
  platform_put(name, size);
  print_number(primes);
  print("\n");
}

int run_workers(void) {
  preemption_prepare();
  struct tcb* brief = thread_create("short", worker, &short_range, 1);
  struct tcb* middle = thread_create("middle", worker, &middle_range, 1);
  struct tcb* lengthy = thread_create("long", worker, &long_range, 1);
  report.short_primes = (uint64_t)thread_join(brief);
  report.middle_primes = (uint64_t)thread_join(middle);
  report.long_primes = (uint64_t)thread_join(lengthy);
  print("odd primes\n");
  print_result("below 19: ", 10, report.short_primes);
  print_result("below 35: ", 10, report.middle_primes);
  print_result("below 51: ", 10, report.long_primes);
  return report.short_primes + report.middle_primes + report.long_primes == 6 + 10 + 14 ? 0 : 1;
}
