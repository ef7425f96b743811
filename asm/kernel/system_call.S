/* uint64_t system_call(uint64_t number, uint64_t argument);
 *
 * The user's side of a system call: the number goes into rax, the argument into rdi, and int $0x80 makes the processor
 * leave this stack. The result comes back in rax; every other register is what it was.
 */
#include "asm/kernel/system_call_numbers.h"

        .text
        .p2align 4
        .globl  system_call
        .type   system_call, @function
system_call:
        .cfi_startproc
        movq    %rdi, %rax
        movq    %rsi, %rdi
        int     $0x80
        retq
        .cfi_endproc
        .size   system_call, . - system_call

/* task_start: where the user's side of a new task begins, reached by its first iretq. rbx is the function to run, rdi its
 * argument (task.c, build_first_frame). The end of every chain on a user's stack.
 */
        .p2align 4
        .globl  task_start
        .type   task_start, @function
        .cfi_startproc
        .cfi_undefined rip
        .cfi_def_cfa_offset 16
task_start:
        callq   *%rbx
        xorl    %esi, %esi
        movl    $SYSTEM_EXIT, %edi
        callq   system_call
        ud2
        .cfi_endproc
        .size   task_start, . - task_start

        .section .note.GNU-stack, "", @progbits
