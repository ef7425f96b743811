#include "asm/runtime/thread_queue.h"
#include "asm/scheduling/lottery.h"
#include "asm/scheduling/scheduler.h"

uint32_t lottery_seed = 2026;
uint64_t wins[THREAD_TABLE_SIZE];

/* The low bits of such a generator are poor: the upper half is used. */
static uint32_t draw_ticket(uint32_t tickets) {
  lottery_seed = lottery_seed * 1664525u + 1013904223u;
  return (lottery_seed >> 16) % tickets;
}

static uint32_t count_tickets(const uint64_t* queue) {
  uint32_t tickets = 0;
  for (struct tcb* thread = (struct tcb*)*queue; thread != NULL; thread = (struct tcb*)thread->next)
    tickets += thread->priority;
  return tickets;
}

/* Each ready thread holds the next tickets in the order of the queue; whoever holds the drawn one wins. */
struct tcb* policy_choose(uint64_t* queue) {
  uint32_t tickets = count_tickets(queue);
  if (tickets == 0) return queue_take_first(queue);
  uint32_t drawn = draw_ticket(tickets);
  struct tcb* winner = (struct tcb*)*queue;
  while (drawn >= winner->priority) {
    drawn -= winner->priority;
    winner = (struct tcb*)winner->next;
  }
  wins[winner->id] += 1;
  return queue_take(queue, winner->id);
}
