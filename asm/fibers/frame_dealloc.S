/* frame_dealloc: where a fiber returns to when its work is done. It has no C prototype, because nothing calls it.
 *
 * Its address lies as a return address on the fiber's stack: in cell 0, put there by stackmalloc, or in place of another
 * one that was overwritten. rsp may be anywhere on the fiber's block then, up to the stack bottom; clearing nine bits of an
 * address finds the block.
 *
 * One cannot give back the stack that one stands on. So rsp moves to main's stack first, where a saved context waits that
 * swtch has pushed; only then release_block is called, below that context, and main goes on through the pops of swtch.
 */
#include "asm/fibers/swtch_frame.inc"

        .text
        .p2align 4
        .globl  frame_dealloc
        .type   frame_dealloc, @function
        .cfi_startproc
        .cfi_undefined rip
        nop
frame_dealloc:
        // which block? The last cell that was popped lies in it
        leaq    -8(%rsp), %rdi

        // leave the stack that is to be given back
        movq    thread_table(%rip), %rsp  // main's saved rsp
        .cfi_endproc

        // from here on rsp lies on a context of swtch
        ON_A_CONTEXT
        subq    $8, %rsp                // a call needs rsp at a multiple of 16
        .cfi_adjust_cfa_offset 8
        callq   release_block
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        jmp     swtch_loaded
        .cfi_endproc
        .size   frame_dealloc, . - frame_dealloc

        .section .note.GNU-stack, "", @progbits
