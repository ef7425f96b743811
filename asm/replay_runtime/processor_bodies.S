/* Where the processor of a thread begins, with rsp at the end of its thread's stack, less 16 bytes of zeros. It has no C
 * prototype, because nothing calls it: a processor that another one starts (port 0xfa0) lies here. */
#define PORT_PROCESSOR 0xF60

        .text
        .p2align 4
        .cfi_startproc
        .cfi_undefined rip
        .cfi_def_cfa_offset 16         // to the end of the stack
        nop                            // return addresses are looked up at pc - 1 (thread_entry.S)
        .globl  processor_body
        .type   processor_body, @function
processor_body:
        xorl    %ebp, %ebp             // the end of the rbp chain
        movw    $PORT_PROCESSOR, %dx
        inl     %dx, %eax
        movl    %eax, %edi
        callq   run_body
        ud2
        .cfi_endproc
        .size   processor_body, . - processor_body

        .section .note.GNU-stack, "", @progbits
