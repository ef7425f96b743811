/* Four workers count the primes of a range each. With one processor they share it, with two they are really at work at
 * the same time: the program is the same, and so is what it prints. */
#include <stddef.h>

#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/smp/smp.h"

enum { WORKERS = 4, NUMBERS = 14, BLOCK = 7 }; /* numbers that a worker tries, and how many before it yields */

struct range {
  uint64_t first; /* odd, like all numbers that are tried */
  struct tcb* worker;
};

struct range ranges[WORKERS] = {{.first = 3}, {.first = 31}, {.first = 59}, {.first = 87}};
uint64_t primes_found;
uint32_t finished_at; /* the clock when the last worker had ended */

static int is_prime(uint64_t number) {
  for (uint64_t divisor = 3; divisor * divisor <= number; divisor += 2)
    if (number % divisor == 0) return 0;
  return 1;
}

static uint64_t primes_of_block(uint64_t first) {
  uint64_t found = 0;
  for (uint64_t number = first; number < first + 2 * BLOCK; number += 2) found += (uint64_t)is_prime(number);
  return found;
}

static void* worker(void* argument) {
  const struct range* range = argument;
  register uint64_t primes = 0;
  for (uint64_t number = range->first; number < range->first + 2 * NUMBERS; number += 2 * BLOCK) {
    primes += primes_of_block(number);
    thread_yield();
  }
  return (void*)primes;
}

int main(void) {
  static const char* const names[WORKERS] = {"worker a", "worker b", "worker c", "worker d"};
  for (int i = 0; i < WORKERS; ++i) ranges[i].worker = thread_create(names[i], worker, &ranges[i]);
  processors_start();
  for (int i = 0; i < WORKERS; ++i) primes_found += (uint64_t)thread_join(ranges[i].worker);
  finished_at = platform_now();
  print("odd primes below 115: ");
  print_number(primes_found);
  print("\n");
  return primes_found == 29 ? 0 : 1;
}
