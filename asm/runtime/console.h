/* Text output for guest programs, on top of platform_put. */
#ifndef FIBERSCOPE_ASM_RUNTIME_CONSOLE_H
#define FIBERSCOPE_ASM_RUNTIME_CONSOLE_H

#include <stdint.h>

#include "asm/runtime/platform.h"

/* Prints a string literal. Its length is known to the compiler: no step is spent on counting. */
#define print(literal) platform_put("" literal, sizeof(literal) - 1)

/* Prints a number in decimal. */
void print_number(uint64_t number);

#endif
