/* struct chain_frame *chain_follow(struct chain_frame *frame, struct chain_frame *head, uint64_t *links);
 * void chain_redirect(struct chain_frame *frame, uint64_t place);
 *
 * rbp points at the saved rbp of the caller, that one at the next, and so on; 8 above each lies the return address of the
 * same frame. Prototypes and contracts: chain.h.
 *
 *        high addresses  | return address |  + 8   into the caller's caller
 *                 head -> | saved rbp      |  + 0
 *                        |       …        |   ^
 *                        | return address |   |
 *                frame -> | saved rbp      |  -'
 *        low addresses
 */
        .text
        .p2align 4
        .globl  chain_follow
        .type   chain_follow, @function
chain_follow:
        .cfi_startproc
        jmp     2f

        // one link up
1:      movq    (%rdi), %rdi
        incq    (%rdx)

        // is this it?
2:      cmpq    %rsi, %rdi
        jne     1b
        movq    %rdi, %rax
        retq
        .cfi_endproc
        .size   chain_follow, . - chain_follow

        .p2align 4
        .globl  chain_redirect
        .type   chain_redirect, @function
chain_redirect:
        .cfi_startproc
        movq    %rsi, 8(%rdi)
        retq
        .cfi_endproc
        .size   chain_redirect, . - chain_redirect

        .section .note.GNU-stack, "", @progbits
