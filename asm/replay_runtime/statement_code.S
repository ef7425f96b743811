/* Room for the bodies of statements that were typed, and for their variables: filled in before the image starts
 * (core/explore). A body never pushes anything, so its frame is the return address alone, at every instruction. */
#define BODY_SIZE 1024

        .macro  body number
        .p2align 4
        .globl  thread_\number
        .type   thread_\number, @function
thread_\number:
        .cfi_startproc
        .fill   BODY_SIZE, 1, 0xcc // int3
        .cfi_endproc
        .size   thread_\number, BODY_SIZE
        .endm

        .text
        .irp    number, 1, 2, 3, 4, 5, 6, 7, 8
        body    \number
        .endr

        .data
        .p2align 6
        .globl  shared_words
        .type   shared_words, @object
shared_words:
        .zero   64 * 4
        .size   shared_words, 64 * 4

        .section .note.GNU-stack, "", @progbits
