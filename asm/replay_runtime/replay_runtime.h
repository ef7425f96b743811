/* Threads whose interleaving somebody else decides: up to eight bodies, each run by a thread of its own and preempted
 * wherever a schedule says (docs/machine.md, "Schedules"). Who they are is written into the image before it starts. */
#ifndef FIBERSCOPE_ASM_REPLAY_RUNTIME_REPLAY_RUNTIME_H
#define FIBERSCOPE_ASM_REPLAY_RUNTIME_REPLAY_RUNTIME_H

#include <stdint.h>

enum { REPLAY_BODIES = 8, REPLAY_VARIABLES = 64, REPLAY_NAME_SIZE = 32 };

/* A variable that all bodies see; its last value is printed. */
struct replay_variable {
  uint64_t address;
  uint32_t size;               /* 1, 2, 4 or 8 bytes */
  uint32_t is_unsigned;        /* 1: its value is a number without a sign, at most INT64_MAX */
  char name[REPLAY_NAME_SIZE]; /* NUL-terminated */
};

#ifndef __cplusplus
/* void (*)(void): the code of threads 1 … 8; 0 where there are fewer. */
extern uint64_t replay_bodies[REPLAY_BODIES];
/* processor_calls.c: that thread, from 1, has finished, and its control block says so. */
void replay_has_finished(uint64_t thread);
/* Up to the first without an address. */
extern struct replay_variable replay_variables[REPLAY_VARIABLES];
#endif

#endif
