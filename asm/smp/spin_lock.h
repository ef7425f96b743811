/* A lock for several processors: a word that is 1 while somebody holds it. */
#ifndef FIBERSCOPE_ASM_SMP_SPIN_LOCK_H
#define FIBERSCOPE_ASM_SMP_SPIN_LOCK_H

#include <stdint.h>

void spin_lock(uint32_t* lock);
void spin_unlock(uint32_t* lock);

#endif
