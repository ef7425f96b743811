/* device_not_available_entry: the handler of #NM, vector 7. It has no C prototype, because nothing calls it.
 *
 * CR0.TS is set and somebody touched an x87 or SSE register. The instruction has done nothing, and rip still points at it:
 * once device_not_available has put the right values into the registers and cleared TS, `iretq` runs it again.
 *
 *     pushed by the CPU, from the      +----------------+
 *     next lower multiple of 16 on     | ss … rip       |   rsp + 72   five words; #NM has no error code
 *                                      | rax … r11      |   rsp +  0   nine registers: what C may destroy
 *                                      +----------------+
 */
#define TIMER_PORT 0xF20 // platform.h

        .macro  save register, offset
        pushq   %\register
        .cfi_adjust_cfa_offset 8
        .cfi_offset \register, \offset
        .endm
        .macro  restore register
        popq    %\register
        .cfi_adjust_cfa_offset -8
        .cfi_same_value \register
        .endm

        .text
        .p2align 4
        .globl  device_not_available_entry
        .type   device_not_available_entry, @function
device_not_available_entry:
        .cfi_startproc simple
        .cfi_signal_frame
        .cfi_def_cfa rsp, 40
        .cfi_offset rip, -40
        .cfi_offset rsp, -16
        save    rax, -48
        save    rcx, -56
        save    rdx, -64
        save    rsi, -72
        save    rdi, -80
        save    r8, -88
        save    r9, -96
        save    r10, -104
        save    r11, -112
        cld
        callq   device_not_available

        // the handler's steps are not the thread's: a new time slice
        movl    time_slice(%rip), %eax
        movl    $TIMER_PORT, %edx
        outl    %eax, %dx

        restore r11
        restore r10
        restore r9
        restore r8
        restore rdi
        restore rsi
        restore rdx
        restore rcx
        restore rax
        iretq
        .cfi_endproc
        .size   device_not_available_entry, . - device_not_available_entry

        .section .note.GNU-stack, "", @progbits
