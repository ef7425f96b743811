/* The table of all threads: what a debugger looks at to know which stacks there are. Every system of threads keeps it,
 * whatever else it uses itself. */
#ifndef FIBERSCOPE_ASM_RUNTIME_THREAD_TABLE_H
#define FIBERSCOPE_ASM_RUNTIME_THREAD_TABLE_H

#include "asm/runtime/tcb.h"

/* By id. Thread 0 is main and complete before the first step. */
extern struct tcb thread_table[THREAD_TABLE_SIZE];

/* Takes the first unused block: id, name (cut to THREAD_NAME_SIZE - 1 characters), kind and state init are set, all
 * else is zero. NULL where the table is full. */
struct tcb* table_take(const char* name, enum thread_kind kind);

/* Says where a thread's stack lies: size bytes from its lowest address on. */
void table_set_stack(struct tcb* thread, void* lowest, uint64_t size);

#endif
