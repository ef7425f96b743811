/* void work_on_jobs(const struct scheduler_place *place);
 *
 * A kernel thread's loop: enter the scheduler for a job, do it, until there is none. The timer may strike at any instruction
 * of it, also while rsp is on the scheduler's stack; all code that is open to interrupts is in this file. Contracts:
 * kernel_jobs.h.
 *
 * enter_scheduler puts rsp on the stack that it was given, keeps its own in rbp, and calls choose_job there. Nothing keeps a
 * second thread from entering on the same stack: then both have the same cells.
 *
 *       stack_top        +----------------+
 *                  -   8 | return address |  of choose_job, into enter_scheduler
 *                  -  16 | the job        |  chosen, while choose_job counts those that wait
 *                        +----------------+
 */
#include "asm/fibers/kernel_jobs.h"

#define PORT_TIMER 0xf20
#define PLACE_STACK_TOP 0 // kernel_jobs.h asserts all three
#define PLACE_THREAD 8
#define PLACE_FIRST_TURN 16
#define TCB_STATE 12 // tcb.h asserts it
#define STATE_READY 2
#define STATE_RUNNING 3

        .text
        .p2align 4
        .globl  work_on_jobs
        .type   work_on_jobs, @function
work_on_jobs:
        .cfi_startproc
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbx, -16
        movq    %rdi, %rbx

        // open to interrupts
        movl    PLACE_FIRST_TURN(%rbx), %eax
        movl    $PORT_TIMER, %edx
        outl    %eax, %dx
        sti

        // a job
1:      movq    %rbx, %rdi
        callq   enter_scheduler
        cmpq    job_count(%rip), %rax
        jae     2f
        movq    %rax, %rdi
        callq   do_job
        jmp     1b

        // closed again, and no timer
2:      cli
        xorl    %eax, %eax
        movl    $PORT_TIMER, %edx
        outl    %eax, %dx
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbx
        retq
        .cfi_endproc
        .size   work_on_jobs, . - work_on_jobs

/* uint64_t enter_scheduler(const struct scheduler_place *place): the number of a job, or one that is too large. */
        .p2align 4
        .globl  enter_scheduler
        .type   enter_scheduler, @function
enter_scheduler:
        .cfi_startproc
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbp, -16
        movq    %rsp, %rbp
        pushq   %rdi
        .cfi_adjust_cfa_offset 8

        // onto the scheduler's stack
        movq    PLACE_THREAD(%rdi), %rsi
        movb    $STATE_RUNNING, TCB_STATE(%rsi)
        movq    PLACE_STACK_TOP(%rdi), %rsp
        .cfi_endproc

        // nothing on this stack belongs to a caller
        .cfi_startproc
        .cfi_undefined rip
        callq   choose_job

        // back to the kernel thread's own
        leaq    -8(%rbp), %rsp
        .cfi_endproc
        .cfi_startproc
        .cfi_def_cfa rsp, 24
        .cfi_offset rbp, -16
        popq    %rdi
        .cfi_adjust_cfa_offset -8
        movq    PLACE_THREAD(%rdi), %rsi
        movb    $STATE_READY, TCB_STATE(%rsi)
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbp
        retq
        .cfi_endproc
        .size   enter_scheduler, . - enter_scheduler

/* uint64_t choose_job(void): takes the next job and counts how many are not done. */
        .p2align 4
        .globl  choose_job
        .type   choose_job, @function
choose_job:
        .cfi_startproc
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8

        // take a job: nobody else can get the same number
        movl    $1, %eax
        lock xaddq %rax, next_job(%rip)
        movq    %rax, (%rsp)

        // count those that wait
        xorl    %ecx, %ecx
        xorl    %edx, %edx
        leaq    job_done(%rip), %rsi
1:      cmpq    $1, (%rsi,%rcx,8)       // carry: not done
        adcq    $0, %rdx
        incq    %rcx
        cmpq    job_count(%rip), %rcx
        jb      1b
        movq    %rdx, jobs_waiting(%rip)

        // hand it out
        movq    (%rsp), %rax
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        retq
        .cfi_endproc
        .size   choose_job, . - choose_job

/* void do_job(uint64_t job) */
        .p2align 4
        .globl  do_job
        .type   do_job, @function
do_job:
        .cfi_startproc
        leaq    job_effort(%rip), %rsi
        movq    (%rsi,%rdi,8), %rcx
        xorl    %eax, %eax
1:      addq    %rcx, %rax
        decq    %rcx
        jnz     1b
        leaq    job_result(%rip), %rsi
        movq    %rax, (%rsi,%rdi,8)
        leaq    job_done(%rip), %rsi
        lock incq (%rsi,%rdi,8)
        retq
        .cfi_endproc
        .size   do_job, . - do_job

        .section .note.GNU-stack, "", @progbits
