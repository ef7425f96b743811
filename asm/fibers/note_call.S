/* The functions whose rsp and rip note 003 wrote down. The note has the last digits of what a debugger showed; on the bare
 * machine the code and the stack lie where these digits are the whole address (note_call.ld).
 *
 *   main            55189   its first instruction; 55195 the first behind its prologue, rsp = ffdbe0 there
 *   frame_explore   fb728a  its first instruction, rsp = ffdbd8 there; fb7292 behind its prologue, fb729b its ret
 *   frame_change    fb729c  its first instruction; rsp = ffdbc0 behind its prologue
 *
 * The prologues are those that gcc makes with -fcf-protection: endbr64 (4 bytes), push (1), mov (3), sub (4). With them all
 * distances between the note's numbers come out right.
 *
 *       ffdc00  | 0              |  saved rbp of fiber_entry
 *       ffdbf8  | return address |  of main, into fiber_entry: the note's t1 (da0d90, in its C library)
 *       ffdbf0  | saved rbp      |  <- rbp in main: the note's T
 *       ffdbe8  |                |
 *       ffdbe0  | note_main_out  |  <- rsp in main; a place to go on, the note's task pack
 *       ffdbd8  | return address |  <- rsp at the first instruction of frame_explore and of frame_change
 *       ffdbd0  | saved rbp      |  <- rbp in both
 *       ffdbc0  |                |  <- rsp in frame_change
 *
 * frame_change writes 55189 over its return address, so its ret begins main once more, with no call and no return address
 * of its own. main finds the cell at rsp in the place of one, and that is the task pack.
 */
#include "asm/fibers/note_call.h"

        .section .fiber_main, "ax"
        .globl  note_main
        .type   note_main, @function
note_main:
        .cfi_startproc
        endbr64
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register rbp
        subq    $16, %rsp

        // a place to go on, at rsp
        leaq    note_main_out(%rip), %rax
        movq    %rax, (%rsp)

        // the second time there is nothing to do
        incq    note_numbers + 32(%rip)
        cmpq    $1, note_numbers + 32(%rip)
        jne     note_main_out

        // one call, and another
        movq    %rsp, note_numbers(%rip)
        movq    %rbp, note_numbers + 8(%rip)
        callq   frame_explore
        movq    %rax, note_numbers + 16(%rip)
        callq   frame_change
        ud2                             // frame_change never comes back here
note_main_out:
        leave
        .cfi_def_cfa rsp, 8
        .cfi_restore rbp
        retq
        .cfi_endproc
        .size   note_main, . - note_main

        .section .fiber_library, "ax"
        .globl  frame_explore
        .type   frame_explore, @function
frame_explore:
        .cfi_startproc
        endbr64
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register rbp

        // where rsp was at the first instruction, and main's rbp
        leaq    8(%rbp), %rax
        movq    (%rbp), %rdx
        popq    %rbp
        .cfi_def_cfa rsp, 8
        .cfi_restore rbp
        retq
        .cfi_endproc
        .size   frame_explore, . - frame_explore

        .globl  frame_change
        .type   frame_change, @function
frame_change:
        .cfi_startproc
        endbr64
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register rbp
        subq    $16, %rsp
        movq    %rsp, note_numbers + 24(%rip)

        // T and t1: main's frame and main's return address
        movq    (%rbp), %rax
        movq    8(%rax), %rcx

        // rip = 55189
        leaq    note_main(%rip), %rdx
        movq    %rdx, 8(%rbp)
        leave
        .cfi_def_cfa rsp, 8
        .cfi_restore rbp
        retq
        .cfi_endproc
        .size   frame_change, . - frame_change

        .text
        .p2align 4
        .globl  difference_system_v
        .type   difference_system_v, @function
difference_system_v:
        .cfi_startproc
        movq    %rdi, %rax
        subq    %rsi, %rax
        retq
        .cfi_endproc
        .size   difference_system_v, . - difference_system_v

        .p2align 4
        .globl  difference_windows
        .type   difference_windows, @function
difference_windows:
        .cfi_startproc
        movq    %rcx, %rax
        subq    %rdx, %rax
        retq
        .cfi_endproc
        .size   difference_windows, . - difference_windows

        .section .stack.fiber, "aw", @nobits
        .p2align 12
        .globl  note_stack
        .type   note_stack, @object
note_stack:
        .zero   NOTE_STACK_SIZE
        .size   note_stack, NOTE_STACK_SIZE

        .section .note.GNU-stack, "", @progbits
