/* Never runs. Its unwind information is checked row by row against what unwind_table_test.cpp works out by hand from
 * these instructions, its sections against image_test.cpp. DEBUG_CFI_SECTIONS chooses where the call frame information
 * goes. */
#ifndef DEBUG_CFI_SECTIONS
#define DEBUG_CFI_SECTIONS .eh_frame
#endif
    .cfi_sections DEBUG_CFI_SECTIONS

    .text
/* void debug_switch(void **save, void *load): CFA stays rsp-based through the switch. */
    .globl debug_switch
    .type debug_switch, @function
debug_switch:
    .cfi_startproc
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_offset rbp, -16
    movq %rsp, %rbp
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_offset rbx, -24
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_offset r12, -32
    movq %rsp, (%rdi)
debug_switch_point:
    movq %rsi, %rsp
    popq %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore r12
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbx
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbp
    retq
    .cfi_endproc
    .size debug_switch, . - debug_switch

/* An interrupt handler: the CPU pushed ss, rsp, rflags, cs, rip. */
    .globl debug_interrupt
    .type debug_interrupt, @function
debug_interrupt:
    .cfi_startproc simple
    .cfi_signal_frame
    .cfi_def_cfa rsp, 40
    .cfi_offset rip, -40
    .cfi_offset rsp, -16
    pushq %rax
    .cfi_adjust_cfa_offset 8
    .cfi_offset rax, -48
    popq %rax
    .cfi_adjust_cfa_offset -8
    .cfi_restore rax
    iretq
    .cfi_endproc
    .size debug_interrupt, . - debug_interrupt

/* The outermost frame. */
    .globl debug_outermost
    .type debug_outermost, @function
debug_outermost:
    .cfi_startproc
    .cfi_undefined rip
    hlt
    .cfi_endproc
    .size debug_outermost, . - debug_outermost

/* CFA = memory[rsp + 16], then = rsp + 8 + 24 as an expression, then one that nobody can evaluate without registers. */
    .globl debug_expressions
    .type debug_expressions, @function
debug_expressions:
    .cfi_startproc
    .cfi_escape 0x0f, 3, 0x77, 16, 0x06
    nop
    .cfi_escape 0x0f, 4, 0x77, 8, 0x23, 24
    nop
    .cfi_escape 0x0f, 5, 0x77, 8, 0x80, 0, 0x22
    nop
    .cfi_def_cfa rsp, 16
    .cfi_register rbx, r10
    .cfi_val_offset r13, -8
    .cfi_escape 0x10, 14, 2, 0x77, 0
    nop
    .cfi_endproc
    .size debug_expressions, . - debug_expressions

/* Assembled without a line of call frame information or a size. */
    .globl debug_bare_label
debug_bare_label:
    nop
    nop
    .globl debug_second_label
debug_second_label:
    nop

    .globl _start
    .type _start, @function
_start:
    hlt
    .size _start, . - _start

    .data
    .globl debug_words
    .type debug_words, @object
debug_words:
    .quad 0x1122334455667788, 0x99aabbccddeeff00
    .size debug_words, . - debug_words
debug_untyped_data:
    .quad 1

    .bss
    .balign 4096
    .globl debug_zeros
    .type debug_zeros, @object
debug_zeros:
    .skip 4096
    .size debug_zeros, . - debug_zeros

    .section .tbss, "awT", @nobits
    .globl debug_thread_local
    .type debug_thread_local, @object
debug_thread_local:
    .skip 65536

    .section .tcb, "aw", @nobits
    .balign 4096
    .globl debug_tcb
    .type debug_tcb, @object
debug_tcb:
    .skip 4096
    .size debug_tcb, . - debug_tcb

    .section .stack.alice, "aw", @nobits
    .balign 4096
    .skip 8192
    .section .stack.bob, "aw", @nobits
    .balign 4096
    .skip 12288
    .section .note.GNU-stack, "", @progbits
