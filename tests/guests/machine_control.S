/* Programs for counting steps exactly, and code that changes itself. */
        .include "machine_guest.inc"
        .section .data, "aw"
        .p2align 4
        .globl  data
        .type   data, @object
data:   .zero   64
        .text

/* A bit of everything; exits with what it computed. */
ENTRY _start
        xorl    %ebx, %ebx
        movl    $3, %ecx
1:      call    double_it
        incl    data(%rip)
        loop    1b
        movl    $40, %ecx
        movl    $stack_main, %edi
        movb    $7, %al
        rep stosb
        movl    $stack_main, %esi
        movl    $3, %ecx
        rep movsq
        xorl    %ecx, %ecx
        rep movsq                       // nothing moves: still a step
        movl    $5, %ecx
        .globl  one_instruction_loop
one_instruction_loop:
        loop    one_instruction_loop    // five steps at one address
        int3_free = .
        pushq   %rbx
        movw    $PORT_CLOCK, %dx
        inl     %dx, %eax
        movb    $'!', %al
        outb    %al, $PORT_CONSOLE
        rdtsc
        movl    %eax, data+8(%rip)
        ARM     $0
        pushfq
        popq    %rax
        movdqu  %xmm0, data+16(%rip)
        popq    %rax
        EXIT
        nop
double_it:
        leal    1(%rbx,%rbx), %ebx
        ret

ENTRY clocks
        movl    $0x10, %ecx             // the time-stamp counter, by another way
        rdmsr
        movl    %eax, %r8d
        rdtscp
        movl    %eax, %r9d
        .rept   10
        nop
        .endr
        rdtsc
        subl    %r9d, %eax
        movl    %eax, %r10d
        movl    $0x10, %ecx
        rdmsr
        subl    %r8d, %eax
        movl    %eax, %r11d
        xorl    %eax, %eax
        EXIT

ENTRY spin
        incq    %rbx
        jmp     spin

/* Sums 1 … 16 by changing the number in an instruction that was already run; the instruction's length changes too. */
        .section .changing, "awx"
ENTRY changing
        movl    $1, %ecx
        xorl    %eax, %eax
1:      movb    %cl, changed+2(%rip)
        .globl  changed
changed:
        addl    $0, %eax
        incl    %ecx
        cmpl    $17, %ecx
        jne     1b
        movl    $0xd8f7d8f7, changed(%rip)      // two times neg eax, and what is left of the add is not reached
        .globl  changed_length
        movb    $0xeb, changed+4(%rip)
        movb    $(behind-changed-6), changed+5(%rip)
        movl    $17, %ecx
        jmp     changed
        .zero   32
behind:
        EXIT
/* An instruction that overwrites the one right behind it, in the same block. */
ENTRY changing_next
        xorl    %eax, %eax
        movb    $5, 1f+1(%rip)
1:      movl    $3, %eax
        EXIT

/* Writes its own code over and over: r15 rounds, each of which makes the engine translate the block again. */
        .macro REWRITING name, between:vararg
ENTRY \name
        xorl    %ebx, %ebx
        xorl    %eax, %eax
1:      movb    %bl, 2f+1(%rip)
        andb    $7, 2f+1(%rip)
        \between
2:      movl    $0, %eax
        addq    %rax, %r12
        .rept   400
        leal    1(%r13), %r13d
        .endr
        incl    %ebx
        cmpq    %r15, %rbx
        jne     1b
        movq    %r12, %rax
        EXIT
        .endm
        REWRITING rewriting, jmp 2f
        REWRITING rewriting_itself, nop         // in the block that is running

/* The frame of an interrupt lands on code that was already run: at `framed` the saved cs, 08 00 = or %al,(%rax). */
ENTRY frame_on_code
        SET_GATE 0x30, frame_handler
        LOAD_IDT
        int     $0x30                           // translations from before an iretq are not found behind it
        call    framed
        movl    %ecx, %ebx
        leaq    framed_end(%rip), %rsp
        movl    $0x10000000, %eax               // where nothing is mapped
        int     $0x30
        movl    $boot_stack_top, %esp
        call    framed
        EXIT
frame_handler:
        iretq
        .p2align 4
        .zero   16
        .globl  framed
framed: movl    $5, %ecx
        ret
        .zero   34
framed_end:
        nop
