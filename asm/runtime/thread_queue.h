/* Queues of threads, first in, first out: a head and the links in the control blocks, both addresses as 64-bit numbers.
 * A thread is in one queue at most. */
#ifndef FIBERSCOPE_ASM_RUNTIME_THREAD_QUEUE_H
#define FIBERSCOPE_ASM_RUNTIME_THREAD_QUEUE_H

#include "asm/runtime/tcb.h"

void queue_append(uint64_t* head, struct tcb* thread);

void queue_prepend(uint64_t* head, struct tcb* thread);

/* Takes the first thread out; NULL where the queue is empty. */
struct tcb* queue_take_first(uint64_t* head);

/* Takes the thread with this id out; NULL where it is not in the queue. */
struct tcb* queue_take(uint64_t* head, uint32_t id);

#endif
