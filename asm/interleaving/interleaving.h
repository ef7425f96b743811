/* Threads whose interleaving somebody else decides: up to eight bodies, each run by a thread of its own and preempted
 * wherever a schedule says (docs/machine.md, "Schedules"). Who they are is written into the image before it starts. */
#ifndef FIBERSCOPE_ASM_INTERLEAVING_INTERLEAVING_H
#define FIBERSCOPE_ASM_INTERLEAVING_INTERLEAVING_H

#include <stdint.h>

enum { MAX_BODIES = 8, MAX_SHARED = 16, SHARED_NAME_SIZE = 24 };

/* A variable that all bodies see; its last value is printed. */
struct shared {
  uint64_t address;            /* int32_t * */
  char name[SHARED_NAME_SIZE]; /* NUL-terminated */
};

extern uint64_t bodies[MAX_BODIES];      /* void (*)(void): the code of threads 1 … 8; 0 where there are fewer */
extern struct shared shared[MAX_SHARED]; /* up to the first without an address */

#endif
