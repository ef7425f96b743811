/* The little that a guest program needs from below. Two implementations, linked with the same object files:
 * platform_bare.c talks to the machine's devices, platform_hosted.c to the C library of an ordinary process. */
#ifndef FIBERSCOPE_ASM_RUNTIME_PLATFORM_H
#define FIBERSCOPE_ASM_RUNTIME_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

/* Ports of the bare machine. The console takes bytes, the others 32 bits. */
enum platform_port {
  PORT_CONSOLE = 0xE9,     /* out: prints al */
  PORT_EXIT = 0xF10,       /* out: ends the run with exit code eax */
  PORT_TIMER = 0xF20,      /* out: one interrupt of vector 32 after eax steps; 0 disarms */
  PORT_SCHEDULER = 0xF30,  /* in: id of the thread that is to run next, or PLATFORM_NO_OPINION */
  PORT_CLOCK = 0xF40,      /* in: low 32 bits of the number of steps so far */
  PORT_DEADLOCK = 0xF50,   /* out: ends the run, which can never go on */
  PORT_PROCESSORS = 0xF70, /* in: how many processors there are */
  PORT_START_RIP = 0xF80,  /* out: where the next processor started will begin … */
  PORT_START_RSP = 0xF90,  /* … and its stack pointer */
  PORT_START = 0xFA0       /* out: number of a processor, which starts */
};

#define PLATFORM_NO_OPINION 0xFFFFFFFFu

/* Where a program keeps the values it reports: the native and the emulated run must leave the same bytes there. Hosted,
 * they are written at exit to the file that the environment variable FIBERSCOPE_REPORT names. */
#define PLATFORM_REPORT __attribute__((section("program_report")))

/* Prints size bytes. */
void platform_put(const char* text, size_t size);

__attribute__((noreturn)) void platform_exit(int code);

/* The end of a run in which every thread waits for another one. Hosted: exit code 70. */
__attribute__((noreturn)) void platform_deadlock(void);

/* Time: steps on the bare machine, microseconds hosted. It wraps. */
uint32_t platform_now(void);

/* One timer interrupt after so many steps; 0 disarms. Hosted it does nothing: there is no clock of steps. */
void platform_arm_timer(uint32_t steps);

/* Whom an outside scheduler wants to run next: a thread's id, or PLATFORM_NO_OPINION. Asked once for each decision.
 * Hosted, the answers come from the environment variable FIBERSCOPE_PICKS, ids separated by blanks, one an answer. */
uint32_t platform_pick(void);

#endif
