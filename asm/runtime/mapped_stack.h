/* Stacks for threads of a Linux process, from the kernel. */
#ifndef FIBERSCOPE_ASM_RUNTIME_MAPPED_STACK_H
#define FIBERSCOPE_ASM_RUNTIME_MAPPED_STACK_H

#include <stddef.h>

/* The lowest address of a stack of size bytes, whole pages. Below it lies a page that nobody may touch: a stack that
 * grows too far ends the program instead of running into its neighbour. NULL where there is no memory. */
void* map_stack(size_t size);

#endif
