/* A small market: the producer puts items into a ring of three slots, the consumer takes them out. Nobody is
 * interrupted: the producer runs until the ring is full, the consumer takes one item at a time, and each lets the
 * others run by calling thread_yield. main waits for both. The program prints one character an item, '+' put in and '-'
 * taken out. */
#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/runtime/thread.h"

enum { ITEMS = 8, SLOTS = 3 };

struct ring {
  uint64_t slots[SLOTS];
  uint64_t first; /* the slot of the oldest item */
  uint64_t count; /* items in the ring */
};

struct ring shelf;

char journal[2 * ITEMS];
uint64_t journal_length;

struct report {
  uint64_t made;
  uint64_t sum;
};

struct report report PLATFORM_REPORT;

static void ring_put(struct ring* ring, uint64_t item) {
  while (ring->count == SLOTS) thread_yield();
  uint64_t slot = ring->first + ring->count;
  if (slot >= SLOTS) slot -= SLOTS;
  ring->slots[slot] = item;
  ring->count += 1;
  journal[journal_length++] = '+';
}

static uint64_t ring_get(struct ring* ring) {
  while (ring->count == 0) thread_yield();
  uint64_t slot = ring->first;
  uint64_t item = ring->slots[slot];
  ring->first = slot + 1 < SLOTS ? slot + 1 : 0;
  ring->count -= 1;
  journal[journal_length++] = '-';
  thread_yield();
  return item;
}

static void produce_item(struct ring* ring, uint64_t number) {
  uint64_t item = number + 1;
  ring_put(ring, item);
}

static uint64_t consume_item(struct ring* ring) {
  uint64_t item = ring_get(ring);
  return item;
}

/* `register` keeps a local in rbx even without optimization: one register, which means `made` in one thread and `sum`
 * in the other. Both survive every switch, because switch_to_context saves and restores rbx. */
static void* producer(void* argument) {
  register uint64_t made = 0;
  while (made < ITEMS) {
    produce_item(argument, made);
    made += 1;
  }
  return (void*)made;
}

static void* consumer(void* argument) {
  register uint64_t sum = 0;
  for (uint64_t taken = 0; taken < ITEMS; taken += 1) sum += consume_item(argument);
  return (void*)sum;
}

static void join_all(struct tcb* maker, struct tcb* taker) {
  report.made = (uint64_t)thread_join(maker);
  report.sum = (uint64_t)thread_join(taker);
}

static void run_market(void) {
  struct tcb* maker = thread_create("producer", producer, &shelf, 1);
  struct tcb* taker = thread_create("consumer", consumer, &shelf, 1);
  thread_start(maker);
  join_all(maker, taker);
}

int main(void) {
  print("3 slots, 8 items\n");
  run_market();
  platform_put(journal, journal_length);
  print("\nsum ");
  print_number(report.sum);
  print("\n");
  return report.sum == ITEMS * (ITEMS + 1) / 2 ? 0 : 1;
}
