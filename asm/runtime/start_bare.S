/* _start: where the machine begins, with rsp = boot_stack_top (a multiple of 16) and all other registers 0.
 *
 * The thread that runs from here on is thread 0, "main": its control block is complete before the first step. The code
 * that main returns is the exit code of the machine.
 */
        .text
        .p2align 4
        .globl  _start
        .type   _start, @function
_start:
        .cfi_startproc
        .cfi_undefined rip
        .cfi_def_cfa_offset 16         // to the end of the stack: the two words above boot_stack_top
        xorl    %ebp, %ebp              // the end of the rbp chain
        callq   main
        movl    %eax, %edi
        callq   platform_exit
        ud2
        .cfi_endproc
        .size   _start, . - _start

        .section .note.GNU-stack, "", @progbits
