/* void yield_now_counted(void);
 *
 * The note's yield_now with one more line, `yields += 1;`, behind the switch, as gcc -O2 compiles it (gcc 12.2, instruction
 * for instruction): there is no frame pointer, so no `leave` either. rbx keeps old_ctx over the call of pick_next, and its
 * caller's value comes back by `popq`: both it and `retq` rely on an rsp that is the same behind the call as before it.
 *
 *   what popq and retq expect           what they find behind the printed windowed_switch
 *            +----------------+                    +----------------+
 *   rsp +  8 | return address |                    | return address |
 *   rsp +  0 | rbx            |                    | rbx            |   <- retq takes this one
 *            +----------------+                    | left by call   |   <- rsp: popq takes this one
 *                                                  +----------------+
 */
        .text
        .p2align 4
        .globl  yield_now_counted
        .type   yield_now_counted, @function
yield_now_counted:
        .cfi_startproc
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbx, -16
        callq   current_thread
        movq    %rax, %rbx              // old_ctx: the context is a thread's first member
        callq   *scheduler(%rip)        // pick_next is the scheduler's first member
        movq    %rbx, %rdi
        movq    %rax, %rsi
        callq   windowed_switch
        addq    $1, yields(%rip)
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_same_value rbx
        retq
        .cfi_endproc
        .size   yield_now_counted, . - yield_now_counted

        .section .note.GNU-stack, "", @progbits
