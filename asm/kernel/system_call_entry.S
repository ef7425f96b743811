/* The gate of int $0x80. It has no C prototype, because nothing calls it: the processor comes here, with rsp already on the
 * kernel stack of the task, interrupts off, and five words pushed.
 *
 * The other fifteen registers are pushed below them (picture: interrupts/frame.inc) and the address of all twenty words is handed to
 * the kernel: void kernel_system_call(struct kernel_frame *). If another task is chosen in there, this call comes back much
 * later, on the same stack. system_call_return is where a task that never ran begins: its kernel stack is built as if it
 * had made a system call and were parked in it (task.c).
 */
#include "asm/interrupts/frame.inc"

        .text
        .p2align 4
        .globl  system_call_entry, system_call_return
        .type   system_call_entry, @function
system_call_entry:
        BEGIN_INTERRUPT_FRAME

        // save: the kernel's C code may use any register, and so may the next task
        SAVE_REGISTERS

        // serve
        movq    %rsp, %rdi
        callq   kernel_system_call
system_call_return:

        // restore: the registers of whoever owns this stack
        RESTORE_REGISTERS
        iretq
        .cfi_endproc
        .size   system_call_entry, . - system_call_entry

        .section .note.GNU-stack, "", @progbits
