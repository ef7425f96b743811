/* Two ways to add up the numbers from n down to 1. sums.S. */
#ifndef FIBERSCOPE_ASM_FIBERS_SUMS_H
#define FIBERSCOPE_ASM_FIBERS_SUMS_H

#include <stdint.h>

/* The sum of n … 1, kept in rcx, with n in rbx. At every fourth number it calls turn_switch. */
uint64_t sum_with_calls(uint64_t n);

/* The same without any call, open to the timer's interrupts. */
uint64_t sum_with_timer(uint64_t n);

#endif
