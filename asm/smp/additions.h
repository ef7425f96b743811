/* x = x + 1, many times, in two ways; and a place where two threads wait for each other. */
#ifndef FIBERSCOPE_ASM_SMP_ADDITIONS_H
#define FIBERSCOPE_ASM_SMP_ADDITIONS_H

#include <stdint.h>

void add_plain(uint64_t* x, uint64_t times);
void add_locked(uint64_t* x, uint64_t times);

/* Comes back when it has been called twice with the same word, which is 0 at first. */
void meet(uint64_t* arrived);

#endif
