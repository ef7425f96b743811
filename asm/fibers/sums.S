/* Two loops that add up n + (n - 1) + … + 1. The number is in rbx, a register that calls preserve; the sum is in rcx, one
 * that a call may lose. Prototypes and contracts: sums.h.
 *
 * sum_with_calls switches by a call, so it puts rcx away first, as a compiler would. sum_with_timer calls nobody and has no
 * reason to: the timer strikes between two of its instructions.
 */
#define PORT_TIMER 0xf20

        .text
        .p2align 4
        .globl  sum_with_calls
        .type   sum_with_calls, @function
sum_with_calls:
        .cfi_startproc
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbx, -16
        movq    %rdi, %rbx
        xorl    %ecx, %ecx

        // add
1:      addq    %rbx, %rcx
        testl   $3, %ebx
        jnz     2f

        // let another fiber run: rcx would not survive the call
        pushq   %rcx
        .cfi_adjust_cfa_offset 8
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        callq   turn_switch
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        popq    %rcx
        .cfi_adjust_cfa_offset -8

2:      decq    %rbx
        jnz     1b
        movq    %rcx, %rax
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbx
        retq
        .cfi_endproc
        .size   sum_with_calls, . - sum_with_calls

        .p2align 4
        .globl  sum_with_timer
        .type   sum_with_timer, @function
sum_with_timer:
        .cfi_startproc
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbx, -16
        movq    %rdi, %rbx
        xorl    %ecx, %ecx

        // open to interrupts
        movl    turn_quantum(%rip), %eax
        movl    $PORT_TIMER, %edx
        outl    %eax, %dx
        sti

        // add
1:      addq    %rbx, %rcx
        decq    %rbx
        jnz     1b

        // closed again, and no timer
        cli
        xorl    %eax, %eax
        movl    $PORT_TIMER, %edx
        outl    %eax, %dx
        movq    %rcx, %rax
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbx
        retq
        .cfi_endproc
        .size   sum_with_timer, . - sum_with_timer

        .section .note.GNU-stack, "", @progbits
