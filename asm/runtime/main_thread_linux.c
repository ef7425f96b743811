#include "asm/runtime/thread_table.h"

/* The kernel says where main's stack lies: a block without a size stands for that. */
struct tcb thread_table[THREAD_TABLE_SIZE] __attribute__((section(".tcb"), aligned(4096))) = {
    [0] = {.id = 0, .state = THREAD_RUNNING, .kind = KIND_MAIN, .name = "main"},
};
