#include "asm/runtime/stacks.h"
#include "asm/runtime/thread_table.h"

extern char stack_main[THREAD_STACK_SIZE];

/* On a page of its own. Hosted, main's real stack is the one that the process came with. */
struct tcb thread_table[THREAD_TABLE_SIZE] __attribute__((section(".tcb"), aligned(4096))) = {
    [0] =
        {
            .id = 0,
            .state = THREAD_RUNNING,
            .kind = KIND_MAIN,
            .name = "main",
            .stack_base = (uint64_t)stack_main,
            .stack_size = THREAD_STACK_SIZE,
        },
};
