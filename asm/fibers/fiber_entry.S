/* fiber_entry: where a fiber begins. It has no C prototype, because nothing calls it.
 *
 * The first switch to a fiber pops the registers of a context that was built by hand, and "returns" here with the fiber's
 * control block in rbx, rbp = 0 (the end of the rbp chain) and rsp a multiple of 16 plus 8, where fiber_entry_end lies as
 * a return address that nobody uses. Calls entry(argument) of the control block, then fiber_exit(result).
 *
 * `.cfi_undefined rip` ends every chain here; the nop before the label gives a look-up of the return address at pc - 1 an
 * instruction of the same frame.
 */
#define TCB_ENTRY 48 // tcb.h asserts both
#define TCB_ARGUMENT 56

        .text
        .p2align 4
        .globl  fiber_entry, fiber_entry_end
        .type   fiber_entry, @function
        .cfi_startproc
        .cfi_undefined rip
        nop
fiber_entry:
        // the outermost frame: its saved rbp is 0
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbp, -16
        movq    %rsp, %rbp

        // run
        movq    TCB_ARGUMENT(%rbx), %rdi
        callq   *TCB_ENTRY(%rbx)

        // end
        movq    %rax, %rdi
        callq   fiber_exit
        ud2
        .cfi_endproc
        .size   fiber_entry, . - fiber_entry

/* Nobody returns from the first frame of a fiber. Whoever does traps here. */
        .type   fiber_entry_end, @function
fiber_entry_end:
        .cfi_startproc
        .cfi_undefined rip
        ud2
        .cfi_endproc
        .size   fiber_entry_end, . - fiber_entry_end

        .section .note.GNU-stack, "", @progbits
