#include "asm/runtime/thread_queue.h"

void queue_append(uint64_t* head, struct tcb* thread) {
  uint64_t* link = head;
  while (*link != 0) link = &((struct tcb*)*link)->next;
  *link = (uint64_t)thread;
}

void queue_prepend(uint64_t* head, struct tcb* thread) {
  thread->next = *head;
  *head = (uint64_t)thread;
}

struct tcb* queue_take_first(uint64_t* head) {
  struct tcb* thread = (struct tcb*)*head;
  if (thread == NULL) return NULL;
  *head = thread->next;
  thread->next = 0;
  return thread;
}

struct tcb* queue_take(uint64_t* head, uint32_t id) {
  uint64_t* link = head;
  while (*link != 0 && ((struct tcb*)*link)->id != id) link = &((struct tcb*)*link)->next;
  return queue_take_first(link);
}
