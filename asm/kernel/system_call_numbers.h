/* Numbers of system calls, in rax, for C and for assembly. The argument is in rdi. */
#ifndef FIBERSCOPE_ASM_KERNEL_SYSTEM_CALL_NUMBERS_H
#define FIBERSCOPE_ASM_KERNEL_SYSTEM_CALL_NUMBERS_H

#define SYSTEM_YIELD 0 /* let the other tasks run */
#define SYSTEM_SLEEP 1 /* wait for so many steps */
#define SYSTEM_EXIT 2  /* never come back */

#endif
