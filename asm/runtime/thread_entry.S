/* thread_entry: where a new thread begins. It has no C prototype, because nothing calls it.
 *
 * thread_create builds a stack as if thread_entry had called switch_to_context: the first switch to the thread pops the
 * registers and "returns" to thread_entry, with the thread's control block in rbx and rbp = 0, the end of the rbp chain.
 * thread_entry calls entry(argument) of that control block, then thread_exit(result), which never returns. At each of its
 * calls rsp is a multiple of 16 (System V ABI for x86-64, 3.2.2).
 *
 *                  as thread_create builds it          as thread_entry leaves it
 *                  +------------------+                +------------------+   <- stack_base + stack_size
 *        top -  8  | thread_entry_end |                | thread_entry_end |   a return address that nobody uses
 *        top - 16  | thread_entry     |                | 0                |   <- rbp; rsp at both calls
 *        top - 24  | rbp = 0          |                | return address   |   of entry, then of thread_exit
 *        top - 32  | rbx = tcb        |                +------------------+
 *        top - 40  | r12 = 0          |
 *        top - 48  | r13 = 0          |
 *        top - 56  | r14 = 0          |
 *        top - 64  | r15 = 0          |   <- saved rsp
 *                  +------------------+
 *
 * `.cfi_undefined rip` ends every chain here. Return addresses are looked up at pc - 1, and thread_entry itself is one (on
 * the stack of a thread that never ran): the nop before the label gives that look-up an instruction of the same frame.
 */
#define TCB_ENTRY 48 // tcb.h asserts both
#define TCB_ARGUMENT 56

        .text
        .p2align 4
        .globl  thread_entry, thread_entry_end
        .type   thread_entry, @function
        .cfi_startproc
        .cfi_undefined rip
        nop
thread_entry:
        // the outermost frame: its saved rbp is 0
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbp, -16
        movq    %rsp, %rbp

        // run
        movq    TCB_ARGUMENT(%rbx), %rdi
        callq   *TCB_ENTRY(%rbx)

        // end
        movq    %rax, %rdi
        callq   thread_exit
        ud2
        .cfi_endproc
        .size   thread_entry, . - thread_entry

/* Nobody returns from the first frame of a thread. Whoever does traps here, instead of running what lies on the stack. */
        .type   thread_entry_end, @function
thread_entry_end:
        .cfi_startproc
        .cfi_undefined rip
        ud2
        .cfi_endproc
        .size   thread_entry_end, . - thread_entry_end

        .section .note.GNU-stack, "", @progbits
