/* For threads that a library switches, which knows nothing of thread_table. */
#ifndef FIBERSCOPE_ASM_RUNTIME_SAVED_RSP_H
#define FIBERSCOPE_ASM_RUNTIME_SAVED_RSP_H

/* Notes rsp in the block of the thread that is about to leave: what setjmp or swapcontext, called from this very
 * function, keeps as its stack pointer too. */
#define note_saved_rsp(block) __asm__ volatile("movq %%rsp, %0" : "=m"((block)->saved_rsp))

#endif
