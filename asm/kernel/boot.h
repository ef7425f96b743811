/* The tables of the processor. */
#ifndef FIBERSCOPE_ASM_KERNEL_BOOT_H
#define FIBERSCOPE_ASM_KERNEL_BOOT_H

#include <stdint.h>

/* From now on the processor puts its frame at the end of this stack, whatever is interrupted. */
void set_kernel_stack(uint64_t top);

#endif
