/* The timer, the interrupt table, and code that is interrupted at every step. r15 is set by the test: the steps until the
 * timer fires. Handlers begin with a nop: the state behind the delivery can be seen at `…_handled`. */
        .include "machine_guest.inc"
        .section .data
        .p2align 4
        .globl  count
        .type   count, @object
count:  .quad   0
own_table_pointer: .word 5*8-1
        .quad   own_table
        .p2align 4
own_table: .quad 0, 0x00af9a000000ffff, 0x00cf92000000ffff
        .word   103, 0x1000, 0x894a, 0
        .long   0, 0
        .equ    task_state, 0x4a1000
        .section .bss
        .p2align 12
        .zero   4096
        .text

        .macro  HANDLER name
        .globl  \name, \name\()_handled
\name:
        nop
\name\()_handled:
        iretq
        .endm
        HANDLER timer
        HANDLER trap
        HANDLER debug

        .macro  TABLE
        SET_GATE 32, timer
        SET_GATE 0x30, trap
        SET_GATE 0x31, trap, 0x8f
        SET_GATE 0x33, trap, 0x8e, 3
        SET_GATE 0x34, trap, 0x0e       // not present
        SET_GATE 1, debug
        LOAD_IDT
        .endm

/* The interrupt comes behind the r15-th of these instructions. */
        .globl  _start
        .set    _start, slide
ENTRY slide
        TABLE
        sti
        xorl    %ebx, %ebx
        movl    $STRING_LENGTH, %ecx
        movl    $stack_main, %edi
        ARM     %r15d
        .globl  slide_armed
slide_armed:
        incl    %ebx
        pushq   %rbx
        popq    %r8
        rep stosb
        call    1f
        incl    %ebx
        jmp     2f
1:      ret
2:      incl    %ebx
        movw    $PORT_CLOCK, %dx
        inl     %dx, %eax
        .rept   8
        incl    %ebx
        .endr
        movl    %ebx, %eax
        EXIT
        .equ STRING_LENGTH, 100

/* Vector r15 (0x30: interrupt gate, 0x31: trap gate, 0x33: stack 3) with rsp = r14 and rflags = r13. */
ENTRY gate
        TABLE
        lgdt    own_table_pointer(%rip)
        movl    $0x18, %eax
        ltr     %ax
        movq    $stack_main + 0x1008, task_state + 36 + 16
        movq    %r14, %rsp
        pushq   %r13
        popfq
        jmp     *%r15
ENTRY raise_30
        int     $0x30
        .globl  raised_30
raised_30:
        jmp     the_end
ENTRY raise_31
        int     $0x31
        jmp     the_end
ENTRY raise_33
        int     $0x33
        jmp     the_end
ENTRY raise_34
        int     $0x34
        jmp     the_end
ENTRY raise_90
        int     $0x90                   // beyond the table
        jmp     the_end
ENTRY traced
        nop
        .globl  traced_behind
traced_behind:
        jmp     the_end
the_end:
        xorl    %eax, %eax
        EXIT

/* Which instructions hold an interrupt back that is due. The timer fires behind the first nop of each. */
        .macro  HELD name, enabled, first:vararg
ENTRY \name
        TABLE
        movl    $0x10, %ecx
        .ifeqs  "\enabled", "on"
        sti
        .endif
        ARM     $1
        nop
        \first
        .endm
        HELD    held_sti, off, nop
        nop
        sti
        incl    %ebx
        .globl  held_sti_here
held_sti_here:
        incl    %ebx
        jmp     the_end
        HELD    held_sti_cli, off, nop
        sti
        cli
        nop
        sti
        incl    %ebx
        .globl  held_sti_cli_here
held_sti_cli_here:
        incl    %ebx
        jmp     the_end
        HELD    held_popf, off, nop
        pushq   $0x202
        popfq
        .globl  held_popf_here
held_popf_here:
        incl    %ebx
        jmp     the_end
ENTRY held_stack_segment
        TABLE
        movl    $0x10, %ecx
        sti
        ARM     $1
        movw    %cx, %ss
        incl    %ebx
        .globl  held_stack_segment_here
held_stack_segment_here:
        jmp     the_end
ENTRY held_twice
        TABLE
        movl    $0x10, %ecx
        sti
        ARM     $1
        movw    %cx, %ss
        movw    %cx, %ss                // only the first of a row counts
        .globl  held_twice_here
held_twice_here:
        incl    %ebx
        jmp     the_end
ENTRY held_sti_again
        TABLE
        sti
        ARM     $1
        sti                             // changes nothing, so holds nothing back
        .globl  held_sti_again_here
held_sti_again_here:
        incl    %ebx
        jmp     the_end
ENTRY held_sti_hlt
        TABLE
        ARM     $1
        nop
        nop
        sti
        hlt
        .globl  held_sti_hlt_here
held_sti_hlt_here:
        jmp     the_end

/* hlt passes over the time until the timer. Exits with what the clock moved on. */
ENTRY sleeping
        TABLE
        sti
        movw    $PORT_CLOCK, %dx
        inl     %dx, %eax
        movl    %eax, %ebx
        ARM     %r15d
        hlt
        movw    $PORT_CLOCK, %dx
        inl     %dx, %eax
        subl    %ebx, %eax
        EXIT
ENTRY sleeping_for_ever
        sti
        hlt
ENTRY sleeping_deaf
        ARM     $5
        hlt
ENTRY rearmed
        TABLE
        sti
        ARM     $3
        ARM     $20                     // 3 instructions: armed again in time
        ARM     $0                      // and disarmed
        .rept   30
        nop
        .endr
        movl    count(%rip), %eax
        EXIT

/* A leaf function with locals, interrupted behind every step. Exits with its result. */
        .macro  LEAF name, reserve
ENTRY \name
        TABLE
        sti
        ARM     %r15d
        movl    $9, %edi
        call    1f
        EXIT
1:      pushq   %rbp
        movq    %rsp, %rbp
        .if     \reserve
        subq    $48, %rsp
        .endif
        movl    %edi, -4(%rbp)
        movl    $0, -8(%rbp)
        movq    $1, -16(%rbp)
        movq    $1, -48(%rbp)
2:      movq    -16(%rbp), %rax
        addq    -48(%rbp), %rax
        movq    -48(%rbp), %rcx
        movq    %rcx, -16(%rbp)
        movq    %rax, -48(%rbp)
        incl    -8(%rbp)
        movl    -8(%rbp), %ecx
        cmpl    -4(%rbp), %ecx
        jl      2b
        movq    -48(%rbp), %rax
        .if     \reserve
        leave
        .else
        popq    %rbp
        .endif
        ret
        .endm
        LEAF    leaf, 1
        LEAF    leaf_with_red_zone, 0

/* 512 interrupts, every 997 steps, each through pushing all registers; r14 = 0: none. The sum is in rax at the end. */
ENTRY busy
        TABLE
        SET_GATE 32, busy_handler
        movl    $512, count(%rip)
        xorl    %r12d, %r12d
        testl   %r14d, %r14d
        jz      1f
        sti
        ARM     $997
1:      movl    $0x12345, %ebx
        movl    $60000, %ecx
        xorl    %esi, %esi
2:      movabsq $6364136223846793005, %rdx
        imulq   %rdx, %rbx
        addq    $1442695, %rbx
        pushq   %rbx
        xorq    %rbx, %rsi
        rolq    $7, %rsi
        popq    %rax
        addq    %rax, %rsi
        cvtsi2sdq %rax, %xmm1
        addsd   %xmm1, %xmm2
        decl    %ecx
        jnz     2b
        movq    %xmm2, %rax
        xorq    %rsi, %rax
        movq    %rax, %r13
        cli
        EXIT
busy_handler:
        .irp    reg, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r13
        pushq   %\reg
        .endr
        movl    $-1, %ebx
        movl    $-1, %ecx
        movl    $-1, %esi
        incl    %r12d
        decl    count(%rip)
        jz      1f
        ARM     $997-21                 // the steps from the handler's first to the out
1:      .irp    reg, r13, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax
        popq    %\reg
        .endr
        iretq
