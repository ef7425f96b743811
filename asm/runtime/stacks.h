/* The sizes of the stacks, for C and for assembly. The linker script checks them. */
#ifndef FIBERSCOPE_ASM_RUNTIME_STACKS_H
#define FIBERSCOPE_ASM_RUNTIME_STACKS_H

#define THREAD_STACK_SIZE 0x2000 /* bytes of each stack: whole pages */
#define THREAD_STACKS 9          /* threads that can have one, main included: ids 0 … 8 */

#endif
