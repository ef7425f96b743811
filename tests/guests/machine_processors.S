/* Several processors. Each program starts all that there are at its own label, and processor 0 waits until all have said
 * that they are done. The test sets `rounds`. r13d is the number of the processor. */
        .include "machine_guest.inc"
        .equ PORT_PROCESSOR, 0xf60
        .equ PORT_PROCESSORS, 0xf70
        .equ PORT_INTERRUPT, 0xfb0

        .section .data
        .p2align 4
        .irp    name, rounds, shared, done, lock_word, inside, broken, seen, wide
        .globl  \name
        .type   \name, @object
        .endr
rounds: .quad   0
shared: .quad   0
done:   .quad   0
lock_word: .quad 0
inside: .quad   0
broken: .quad   0
seen:   .zero   64
        .p2align 4
wide:   .quad   1, 2
        .text

/* Starts the processors 1 … at the label, each with a stack of 512 bytes of its own. */
        .macro  START_ALL label
        movw    $PORT_PROCESSORS, %dx
        inl     %dx, %eax
        movl    %eax, %r12d
        OUT     PORT_START_RIP, $\label
        movl    $1, %ebx
1:      cmpl    %r12d, %ebx
        jae     2f
        movl    %ebx, %ecx
        shll    $9, %ecx
        leal    stack_main(%rcx), %ecx
        OUT     PORT_START_RSP, %ecx
        OUT     PORT_START, %ebx
        incl    %ebx
        jmp     1b
2:
        .endm

        .macro  NUMBER
        movw    $PORT_PROCESSOR, %dx
        inl     %dx, %eax
        movl    %eax, %r13d
        .endm

/* Says that this processor is done; number 0 waits for the others and ends the guest with the value as its exit code. */
        .macro  DONE value
        lock incq done(%rip)
        testl   %r13d, %r13d
        jz      8f
7:      cli
        hlt
        jmp     7b
8:      pause
        cmpq    %r12, done(%rip)
        jne     8b
        movl    \value, %eax
        EXIT
        .endm

        .globl  _start
        .set    _start, count_plain
        .macro  COUNT name, work:vararg
ENTRY \name
        START_ALL \name\()_go
\name\()_go:
        NUMBER
        movq    rounds(%rip), %r15
3:      \work
        decq    %r15
        jnz     3b
        DONE    shared(%rip)
        .endm
        COUNT count_plain, incl shared(%rip)
        COUNT count_locked, lock incl shared(%rip)

ENTRY count_three_steps
        START_ALL three_go
three_go:
        NUMBER
        movq    rounds(%rip), %r15
3:      movl    shared(%rip), %eax
        incl    %eax
        movl    %eax, shared(%rip)
        decq    %r15
        jnz     3b
        DONE    shared(%rip)

ENTRY spin
        START_ALL spin_go
spin_go:
        NUMBER
        movq    rounds(%rip), %r15
3:      movl    $1, %eax
        xchgl   %eax, lock_word(%rip)
        testl   %eax, %eax
        jz      5f
4:      pause
        cmpl    $0, lock_word(%rip)
        jne     4b
        jmp     3b
5:      cmpl    $0, inside(%rip)
        je      6f
        movl    $1, broken(%rip)
6:      movl    $1, inside(%rip)
        incl    shared(%rip)
        movl    $0, inside(%rip)
        movl    $0, lock_word(%rip)
        decq    %r15
        jnz     3b
        DONE    shared(%rip)

/* Processor 0 changes what the others run. */
ENTRY changing_code
        START_ALL changing_go
        xorl    %r13d, %r13d
        movl    $1, %ebx
3:      movb    %bl, changed+1(%rip)
        movl    $20, %ecx
4:      loop    4b
        incl    %ebx
        cmpl    $9, %ebx
        jb      3b
        DONE    seen+8(%rip)
changing_go:
        NUMBER
        movl    $400, %ecx
3:      call    changed
        movb    $1, seen(%rax)
        loop    3b
        DONE    $0
        .section .changing, "awx", @progbits
        .globl  changed
changed:
        movl    $1, %eax
        ret
        .text

/* Every processor reads the clock, then halts; number 0 reads it three times as often, so that the others wait. */
ENTRY clock_reads
        START_ALL clock_go
clock_go:
        NUMBER
        movq    rounds(%rip), %r15
        testl   %r13d, %r13d
        jnz     3f
        leaq    (%r15,%r15,2), %r15
3:      movw    $PORT_CLOCK, %dx
        inl     %dx, %eax
        incl    shared(%rip)
        decq    %r15
        jnz     3b
        DONE    $9

/* Every processor halts until its own timer, which fires after 100 + 50 times its number. */
ENTRY timers
        SET_GATE 32, timer_handler
        START_ALL timers_go
timers_go:
        NUMBER
        LOAD_IDT
        movw    $PORT_CLOCK, %dx
        inl     %dx, %eax
        movl    %eax, seen+32(,%r13,4)
        imull   $50, %r13d, %eax
        addl    $100, %eax
        movw    $PORT_TIMER, %dx
        outl    %eax, %dx
        sti
        hlt
        DONE    $7
timer_handler:
        movw    $PORT_CLOCK, %dx
        inl     %dx, %eax
        movl    %eax, seen(,%r13,4)
        iretq

/* Processor 0 interrupts number 1, which waits for it; the others are not there. */
ENTRY interrupting
        SET_GATE 33, processor_handler
        START_ALL interrupted_go
        xorl    %r13d, %r13d
        movl    $50, %ecx
3:      loop    3b
        OUT     PORT_INTERRUPT, $1
        DONE    shared(%rip)
interrupted_go:
        NUMBER
        LOAD_IDT
        sti
        hlt
        DONE    $0
processor_handler:
        addl    $40, shared(%rip)
        addl    %r13d, shared(%rip)
        iretq

/* A store on one processor, a load on the other one. */
ENTRY message
        START_ALL message_go
        xorl    %r13d, %r13d
        .globl  message_store, message_load
message_store:
        movl    $77, shared(%rip)
        DONE    seen(%rip)
message_go:
        NUMBER
message_load:
        movl    shared(%rip), %eax
        movl    %eax, seen(%rip)
        DONE    $0

/* An instruction that is not atomic and faults: it has no first half. */
ENTRY fault_in_two
        START_ALL idle
        incl    read_only(%rip)
idle:   hlt
        .section .rodata
read_only: .quad 5
        .text

/* Nothing can ever wake anybody. */
ENTRY all_halt
        START_ALL all_halt_go
all_halt_go:
        cli
        hlt

/* Each form that reads memory and writes it back. The last word of each line is the address of the operand. */
ENTRY forms
        movl    $3, %ecx
        movl    $0x21, %eax
        movl    $-9, %ebx
        addb    %cl, shared(%rip)
        adcw    %ax, shared(%rip)
        subl    $100000, shared(%rip)
        sbbq    $1, shared(%rip)
        andl    %ebx, shared(%rip)
        orb     $0x40, shared(%rip)
        xorq    %rax, shared(%rip)
        notw    shared(%rip)
        negl    shared(%rip)
        incb    shared(%rip)
        decq    shared(%rip)
        shll    $3, shared(%rip)
        sarb    shared(%rip)
        rolw    %cl, shared(%rip)
        rcrq    $5, shared(%rip)
        shldl   $4, %eax, shared(%rip)
        shrdq   %cl, %rax, shared(%rip)
        btsl    %eax, shared(%rip)      // bit 0x21: of the next word
        btcl    %ebx, done(%rip)        // bit -9: of the one before
        btrq    $3, shared(%rip)
        xaddl   %eax, shared(%rip)
        cmpxchgq %rbx, shared(%rip)     // fails
        movq    shared(%rip), %rax
        cmpxchgq %rbx, shared(%rip)
        movq    $1, %rax
        movl    $2, %edx
        movl    $8, %ecx
        cmpxchg16b wide(%rip)
        cmpxchg8b wide(%rip)            // fails
        movl    $shared, %esi
        addl    $1, (%esi)              // a prefix cuts the address
        .globl  forms_done
forms_done:
        movl    $0, %eax
        EXIT
