/* void swtch(uint64_t *save_rsp, uint64_t load_rsp);
 *
 * The switch of note 003: 15 x 8 = 120 bytes on the stack of the one that leaves. The call pushed rip; fourteen pushes
 * follow, in the note's order. rsp itself goes through save_rsp (rdi), and the one that goes on is found through load_rsp
 * (rsi). All registers but two come back with its own values, its rdi and rsi too: rsp, which is what was switched, and
 * rdx, which the note's list leaves out. Whatever the one that left had in rdx, the one that goes on finds there.
 *
 *   what a parked fiber's saved rsp points at       high addresses
 *                                   rsp + 112   | rip |  pushed by the call
 *                                   rsp + 104   | rbp |
 *                                   rsp +  96   | rcx |
 *                                   rsp +  88   | rax |
 *                                   rsp +  80   | rbx |
 *                                   rsp +  72   | rsi |
 *                                   rsp +  64   | rdi |
 *                                   rsp +  56   | r15 |
 *                                        …      |  …  |  r14 r13 r12 r11 r10 r9
 *                        saved rsp: rsp +   0   | r8  |
 *                                                   low addresses
 *
 * Another way in, with rsp on a context already: swtch_loaded.
 */
#include "asm/fibers/swtch_frame.inc"

        .text
        .p2align 4
        .globl  swtch, swtch_loaded
        .type   swtch, @function
swtch:
        .cfi_startproc

        // save: fourteen registers below the return address
        pushq   %rbp
        SAVED   rbp, 16
        pushq   %rcx
        SAVED   rcx, 24
        pushq   %rax
        SAVED   rax, 32
        pushq   %rbx
        SAVED   rbx, 40
        pushq   %rsi
        SAVED   rsi, 48
        pushq   %rdi
        SAVED   rdi, 56
        pushq   %r15
        SAVED   r15, 64
        pushq   %r14
        SAVED   r14, 72
        pushq   %r13
        SAVED   r13, 80
        pushq   %r12
        SAVED   r12, 88
        pushq   %r11
        SAVED   r11, 96
        pushq   %r10
        SAVED   r10, 104
        pushq   %r9
        SAVED   r9, 112
        pushq   %r8
        SAVED   r8, 120
        movq    %rsp, (%rdi)

        // switch
        movq    %rsi, %rsp
swtch_loaded:

        // restore: the same registers, from the stack of the one that goes on
        popq    %r8
        RESTORED r8
        popq    %r9
        RESTORED r9
        popq    %r10
        RESTORED r10
        popq    %r11
        RESTORED r11
        popq    %r12
        RESTORED r12
        popq    %r13
        RESTORED r13
        popq    %r14
        RESTORED r14
        popq    %r15
        RESTORED r15
        popq    %rdi
        RESTORED rdi
        popq    %rsi
        RESTORED rsi
        popq    %rbx
        RESTORED rbx
        popq    %rax
        RESTORED rax
        popq    %rcx
        RESTORED rcx
        popq    %rbp
        RESTORED rbp
        retq
        .cfi_endproc
        .size   swtch, . - swtch

        .section .note.GNU-stack, "", @progbits
