/* void add_plain(uint64_t *x, uint64_t times);
 * void add_locked(uint64_t *x, uint64_t times);
 * void meet(uint64_t *arrived);
 *
 * add_plain is what a compiler makes of x = x + 1: three instructions. A second processor that reads x before the third one
 * has the same old value, and one of the two updates is lost. The loop has four instructions, and from reading to storing it
 * is three of them: whatever the distance of two processors in this loop, one of them reads in between.
 */
        .text
        .p2align 4
        .globl  add_plain
        .type   add_plain, @function
add_plain:
        .cfi_startproc
        movq    %rsi, %rcx
1:      movq    (%rdi), %rax
        incq    %rax
        movq    %rax, (%rdi)
        loop    1b
        retq
        .cfi_endproc
        .size   add_plain, . - add_plain

/* One instruction, and lock makes it one for all processors: nobody reads between its reading and its storing. */
        .p2align 4
        .globl  add_locked
        .type   add_locked, @function
add_locked:
        .cfi_startproc
        movq    %rsi, %rcx
1:      lock incq (%rdi)
        loop    1b
        retq
        .cfi_endproc
        .size   add_locked, . - add_locked

        .p2align 4
        .globl  meet
        .type   meet, @function
meet:
        .cfi_startproc
        lock incq (%rdi)
1:      pause
        cmpq    $2, (%rdi)
        jne     1b
        retq
        .cfi_endproc
        .size   meet, . - meet

        .section .note.GNU-stack, "", @progbits
