/* One fault a label. Each program begins with the instruction that faults, or sets up for the one at `…_at`. With r15 = 1
 * the interrupt table is loaded first (see `prepare`); the handlers begin with a nop, so that the state right after
 * delivery can be seen at `…_handled`. */
        .include "machine_guest.inc"

        .equ UNMAPPED, 0x700000
        .equ STACK_END, 0x604000

        .section .edge, "aw"
        .globl  edge
        .type   edge, @object
edge:   .zero   4096
        .section .edge_read_only, "a"
        .globl  edge_read_only
        .type   edge_read_only, @object
edge_read_only:
        .fill   4096, 1, 0x5a
        .section .rodata, "a"
        .p2align 4
        .globl  constant
        .type   constant, @object
constant: .quad 0x1111111111111111, 0x2222222222222222
        .section .data, "aw"
        .p2align 4
        .globl  data
        .type   data, @object
data:   .quad   1, 2, 3, 4
        .section .text.edge, "ax"
        .zero   4096 - 5
        .globl  straddling
straddling:
        nop
        .byte   0x48, 0xb8, 0x11, 0x22          // the rest of the movabs would lie where nothing is mapped

        .text
/* ---- handlers ---- */
        .macro HANDLER vector
        .globl  handler_\vector, handled_\vector
handler_\vector:
        nop
handled_\vector:
        jmp     handled_\vector
        .endm
        .irp    vector, 0, 1, 6, 7, 12, 13, 14
        HANDLER \vector
        .endr

/* r15 = where to go once the table is loaded */
        .globl  _start
        .set    _start, prepare
ENTRY prepare
        SET_GATE 0, handler_0
        SET_GATE 1, handler_1
        SET_GATE 6, handler_6
        SET_GATE 7, handler_7
        SET_GATE 12, handler_12
        SET_GATE 13, handler_13
        SET_GATE 14, handler_14
        LOAD_IDT
        xorl    %eax, %eax
        xorl    %edi, %edi
        jmp     *%r15

/* \name sets up, \name_at is the instruction that faults */
        .macro FAULT name, set_up, insn:vararg
ENTRY \name
        \set_up
        .globl  \name\()_at
\name\()_at:
        \insn
        nop
        EXIT
        .endm

        FAULT read_unmapped, "movl $UNMAPPED, %ebx", movq (%rbx), %rax
        FAULT write_unmapped, "movl $UNMAPPED, %ebx", movq %rax, 8(%rbx)
        FAULT write_read_only, "movl $constant, %ebx", movq %rax, (%rbx)
        FAULT add_read_only, "movl $constant, %ebx", addq %rbx, (%rbx)
        FAULT exchange_read_only, "movl $constant, %ebx", xaddq %rbx, (%rbx)
        FAULT push_unmapped, "movl $0x600000, %esp", pushq %rax
        FAULT pop_unmapped, "movl $STACK_END, %esp", popq %rax
        FAULT pop_to_read_only, "movl $constant, %ebx", popq (%rbx)
        FAULT call_from_full_stack, "movl $0x600000, %esp", call prepare
        FAULT torn_word, "movabsq $0x1122334455667788, %rax", movq %rax, STACK_END-3
        FAULT torn_into_read_only, "movabsq $0x1122334455667788, %rax", movq %rax, edge_read_only-5
        FAULT torn_add, "movl $0x80000001, %eax; cmpl $0x7fffffff, %eax; stc", addq %rax, edge_read_only-5
        FAULT torn_sse, "movups constant(%rip), %xmm0", movups %xmm0, STACK_END-8
        FAULT torn_sse_odd, "movups constant(%rip), %xmm0", movups %xmm0, edge_read_only-11
        FAULT torn_fxsave, "movups constant(%rip), %xmm0", fxsave STACK_END-256
        FAULT torn_fnsave, "fld1", fnsave edge_read_only-40
        FAULT torn_real, "fld1", fstpt STACK_END-8
        FAULT torn_enter, "movl $0x600018, %esp; movl $data+24, %ebp", enter $0, $4
        FAULT rep_store_up, "movl $STACK_END-21, %edi; movl $9, %ecx; movabsq $0x1122334455667788, %rax", rep stosq
        FAULT rep_store_down, "movl $0x600000+19, %edi; movl $9, %ecx; movabsq $0x1122334455667788, %rax; std", rep stosq
        FAULT rep_copy_reads_unmapped, "movl $edge+4096-6, %edi; movl $STACK_END-5, %esi; movl $9, %ecx", rep movsb
        FAULT rep_scan, "movl $STACK_END-5, %edi; movl $99, %ecx; movb $1, %al", repne scasb
        FAULT undefined, "nop", ud2
        FAULT vector_extension, "nop", vaddps %ymm1, %ymm2, %ymm3
        FAULT extended_state, "nop", xsave data
        FAULT random, "nop", rdrand %rax
        FAULT random_seed, "nop", rdseed %ebx
        FAULT divide_by_zero, "xorl %ecx, %ecx", divl %ecx
        FAULT divide_overflow, "movl $1, %edx; movl $1, %ecx", divl %ecx
        FAULT misaligned_move, "movl $data+8, %ebx", movaps (%rbx), %xmm0
        FAULT misaligned_fxsave, "movl $data+8, %ebx", fxsave (%rbx)
        FAULT real_unmapped, "fld1; movl $UNMAPPED, %ebx", fstpl (%rbx)
        FAULT integer_read_only, "fld1; movl $constant, %ebx", fistpl (%rbx)
        FAULT not_canonical, "movabsq $0x8000000000000000, %rbx", movq (%rbx), %rax
        FAULT not_canonical_stack, "movabsq $0x8000000000000000, %rbp", movq 8(%rbp), %rax
        FAULT breakpoint_register, "movl $0x401, %eax", movq %rax, %db7
        FAULT breakpoint_register_alias, "movl $3, %eax", .byte 0x0f, 0x23, 0xe8  // mov %rax, %db5
        FAULT bad_selector, "movl $0x48, %eax", movw %ax, %ds

ENTRY breakpoint_register_clear
        movl    $0x400, %eax
        movq    %rax, %db7
        movl    $11, %eax
        EXIT

/* A jump completes; what fails is the fetch behind it. */
        .macro TO_NOWHERE name, set_up, insn:vararg
ENTRY \name
        \set_up
        .globl  \name\()_at
\name\()_at:
        \insn
        .endm
        TO_NOWHERE jump_unmapped, "movl $UNMAPPED, %eax", jmp *%rax
        TO_NOWHERE call_unmapped, "movl $UNMAPPED, %eax", call *%rax
        TO_NOWHERE return_unmapped, "pushq $UNMAPPED", ret
        TO_NOWHERE jump_to_data, "movl $data, %eax", jmp *%rax
        TO_NOWHERE jump_straddling, "movl $straddling, %eax", jmp *%rax
        TO_NOWHERE branch_unmapped, "cmpl %eax, %eax", je UNMAPPED

/* Exits with the number of faults that came back: #DE, then in its handler #PF, then in that one's #GP, and ud2. */
ENTRY nested
        movl    $0, %r12d
        SET_GATE 0, nested_divide
        SET_GATE 14, nested_page
        SET_GATE 13, nested_protection
        SET_GATE 6, nested_undefined
        SET_GATE 8, nested_double
        LOAD_IDT
        xorl    %ecx, %ecx
        movl    $50, %ebp
1:      divl    %ecx                    // 2 bytes
        ud2
        decl    %ebp
        jnz     1b
        movl    %r12d, %eax
        EXIT
nested_divide:
        movl    UNMAPPED, %ebx          // 7 bytes
        incl    %r12d
        addq    $2, (%rsp)
        iretq
nested_page:
        movaps  data+1, %xmm0           // 8 bytes
        incl    %r12d
        addq    $8, %rsp
        addq    $7, (%rsp)
        iretq
nested_protection:
        incl    %r12d
        addq    $8, %rsp
        addq    $8, (%rsp)
        iretq
nested_undefined:
        incl    %r12d
        addq    $2, (%rsp)
        iretq
nested_double:
        movl    $-1, %eax
        EXIT

/* Lazy FPU: TS set by the guest, the handler clears it and returns to the same instruction. */
ENTRY lazy_fpu
        SET_GATE 7, lazy_handler
        SET_GATE 6, nested_undefined
        LOAD_IDT
        xorl    %r12d, %r12d
        xorl    %r13d, %r13d
        movq    %cr0, %rax
        orl     $8, %eax
        movq    %rax, %cr0
        testl   %r14d, %r14d
        jz      1f
        ud2                             // another fault while TS is set
1:      .globl  lazy_sse
lazy_sse:
        movaps  constant(%rip), %xmm3
        addps   %xmm3, %xmm4
        movq    %cr0, %rax
        orl     $8, %eax
        movq    %rax, %cr0
        .globl  lazy_x87
lazy_x87:
        fld1
        movl    %r13d, %eax
        EXIT
lazy_handler:
        clts
        incl    %r13d
        iretq

/* What belongs to the processor but not to the trace outlives an engine: each ud2 makes a new one. */
ENTRY hidden_state
        SET_GATE 6, nested_undefined
        LOAD_IDT
        movl    $0xc0000102, %ecx
        movl    $0x1234567, %eax
        movl    $0x89, %edx
        wrmsr
        movl    $0x5000, %eax
        movq    %rax, %db2
        movl    $0xc0000082, %ecx
        movl    $0x765432, %eax
        wrmsr
        movl    $0x11223344, %eax
        movl    $0xc0000101, %ecx
        xorl    %edx, %edx
        wrmsr
        ud2
        ud2
        movq    %db2, %r8
        movl    $0xc0000082, %ecx
        rdmsr
        movl    %eax, %r10d
        swapgs
        movl    $0xc0000101, %ecx
        rdmsr
        shlq    $32, %rdx
        orq     %rax, %rdx
        movq    %rdx, %r11
        xorl    %eax, %eax
        EXIT

/* The handler of #PF lies where nothing is mapped, and has a stack of its own that never runs out. */
ENTRY endless_faults
        movl    $UNMAPPED, %eax
        movl    $interrupt_table, %edi
        movw    %ax, 16*14(%rdi)
        movw    $8, 16*14+2(%rdi)
        movb    $1, 16*14+4(%rdi)
        movb    $0x8e, 16*14+5(%rdi)
        shrl    $16, %eax
        movw    %ax, 16*14+6(%rdi)
        LOAD_IDT
        sgdt    table_pointer(%rip)
        lgdt    own_table_pointer(%rip)
        movl    $0x18, %eax
        ltr     %ax
        movq    $0x602000, task_state+36
        movl    UNMAPPED, %eax
        .section .data
        .p2align 4
table_pointer: .word 0, 0, 0, 0, 0
own_table_pointer: .word 5*8-1
        .quad   own_table
        .p2align 4
own_table: .quad 0, 0x00af9a000000ffff, 0x00cf92000000ffff
        .word   103, task_state_low, 0x8900 | task_state_middle, 0
        .long   0, 0
        .equ    task_state, 0x4a1000
        .equ    task_state_low, task_state & 0xffff
        .equ    task_state_middle, task_state >> 16
        .section .bss
        .p2align 12
        .zero   4096
        .text
