/* System calls without a C library in between: what stands here is what the kernel gets. */
#ifndef FIBERSCOPE_ASM_PROCESSES_KERNEL_CALL_H
#define FIBERSCOPE_ASM_PROCESSES_KERNEL_CALL_H

/* Up to four arguments; the kernel's answer, a negative errno for a failure. */
long kernel_call(long number, long first, long second, long third, long fourth);

/* clone. The child calls function(argument) and exits with what that returns. Its stack is `stack`, which points at the
 * last but one word of it and at clone_last; or, where that is 0, the parent's or a copy of it. `child_id` is the word
 * that CLONE_CHILD_CLEARTID names. To the parent the child's id is returned. */
long clone_call(long flags, void* stack, long (*function)(void*), void* argument, int* child_id);

/* The end of the chain of a child with a stack of its own. */
extern const char clone_last[];

/* *place = letter: one instruction that writes. */
void write_byte(char* place, char letter);

#endif
