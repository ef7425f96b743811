/* Instructions at whose translation the engine gives up, taking its process with it. Known number of steps before. */
        .include "machine_guest.inc"
        .section .data, "aw"
        .globl  marks
        .type   marks, @object
marks:  .zero   4096
        .text
ENTRY _start
        movl    $DELAY, %ecx
        xorl    %ebx, %ebx
1:      incl    %ebx
        movl    %ebx, marks(,%ebx,4)
        andl    $1023, %ebx
        decl    %ecx
        jnz     1b
        movabsq $0x1122334455667788, %rax
        movq    %rax, marks(%rip)
        jmp     bad
        .p2align 6
        .globl  bad
bad:
#if FORM == 1
        .byte   0xff, 0xd8              // lcall *%rax: not an instruction
#elif FORM == 2
        .byte   0xf0, 0x48, 0x0f, 0xa3, 0xc3    // lock bt %rax, %rbx
#elif FORM == 3
        .byte   0xf0, 0x39, 0x03        // lock cmp %eax, (%rbx)
#endif
        nop
        xorl    %eax, %eax
        EXIT
