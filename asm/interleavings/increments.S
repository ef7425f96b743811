// Two threads that add one to x by a single instruction. On one processor no update is lost; on two, the other's store
// may come between its read and its write: fiberscope explore increments.S --cpus many
        .intel_syntax noprefix
        .data
        .globl  x
        .type   x, @object
        .size   x, 4
x:      .long   0

        .text
        .globl  thread_1
        .type   thread_1, @function
thread_1:
        add     dword ptr [x], 1
        ret
        .size   thread_1, . - thread_1

        .globl  thread_2
        .type   thread_2, @function
thread_2:
        add     dword ptr [x], 1
        ret
        .size   thread_2, . - thread_2
