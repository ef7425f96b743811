/* Where a processor begins, with interrupts off and rsp at the end of its scheduler's stack, less 16 bytes of zeros, as main
 * has them. It has no C prototype, because nothing calls it: a processor that another one starts (port 0xfa0) lies here.
 *
 * void set_processor(struct processor *processor);
 *
 * The GS base is a model-specific register (IA32_GS_BASE, Intel SDM vol. 4, table 2-2); wrmsr loads it from edx:eax.
 */
#define IA32_GS_BASE 0xC0000101
#define PORT_PROCESSOR 0xF60
#define PROCESSOR_SHIFT 5 // of sizeof(struct processor); smp.h asserts it

        .text
        .p2align 4
        .globl  processor_start
        .type   processor_start, @function
processor_start:
        .cfi_startproc
        .cfi_undefined rip
        .cfi_def_cfa_offset 16         // to the end of the stack

        // who am I: the number is the place of my data
        movw    $PORT_PROCESSOR, %dx
        inl     %dx, %eax
        shlq    $PROCESSOR_SHIFT, %rax
        leaq    processors(%rax), %rdi
        callq   set_processor

        // run threads for ever
        xorl    %ebp, %ebp
        callq   run_scheduler
        ud2
        .cfi_endproc
        .size   processor_start, . - processor_start

        .p2align 4
        .globl  set_processor
        .type   set_processor, @function
set_processor:
        .cfi_startproc
        movl    $IA32_GS_BASE, %ecx
        movq    %rdi, %rdx
        shrq    $32, %rdx
        movl    %edi, %eax
        wrmsr
        retq
        .cfi_endproc
        .size   set_processor, . - set_processor

/* A new scheduler on processor 0 begins here, by the same switch as a new thread: it has no entry to be called. */
        .p2align 4
        .cfi_startproc
        .cfi_undefined rip
        nop
        .globl  scheduler_entry
        .type   scheduler_entry, @function
scheduler_entry:
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbp, -16
        movq    %rsp, %rbp
        callq   go_on_scheduling
        ud2
        .cfi_endproc
        .size   scheduler_entry, . - scheduler_entry

        .section .note.GNU-stack, "", @progbits
