/* void spin_lock(uint32_t *lock);
 * void spin_unlock(uint32_t *lock);
 *
 * xchg with memory is atomic, with or without a lock prefix (Intel SDM vol. 2, XCHG): of several processors that store 1 at
 * the same time exactly one gets 0 back, and has the lock. Who gets 1 back waits by reading, which leaves the word in every
 * processor's cache, and tries again once it is 0. pause tells the processor that this is a loop that waits.
 *
 * A plain store releases the lock: stores of one processor become visible in program order (vol. 3, 9.2.2), so whatever the
 * holder wrote before is there for the next one.
 */
        .text
        .p2align 4
        .globl  spin_lock
        .type   spin_lock, @function
spin_lock:
        .cfi_startproc

        // try: 1 goes in, and what was there comes back
1:      movl    $1, %eax
        xchgl   %eax, (%rdi)
        testl   %eax, %eax
        jz      3f

        // wait: somebody holds it
2:      pause
        cmpl    $0, (%rdi)
        jne     2b
        jmp     1b

        // it is ours
3:      retq
        .cfi_endproc
        .size   spin_lock, . - spin_lock

        .p2align 4
        .globl  spin_unlock
        .type   spin_unlock, @function
spin_unlock:
        .cfi_startproc
        movl    $0, (%rdi)
        retq
        .cfi_endproc
        .size   spin_unlock, . - spin_unlock

        .section .note.GNU-stack, "", @progbits
