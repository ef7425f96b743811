/* The stacks: stack_main for thread 0, stack_1 … stack_8 for the others (stack_pool.h). Each is a section of its
 * own, so that the linker script can leave unmapped pages between them; the sections' names are what the tool shows.
 *
 * The machine starts with rsp = boot_stack_top. It lies 16 bytes below the end of main's stack and not at it: a symbol at
 * the very end of a section belongs to no section. The two zero words above it are all that _start's frame has.
 */
#include "asm/runtime/stacks.h"

        .macro  stack name
        .section .stack.\name, "aw", @nobits
        .p2align 12
        .globl  stack_\name
        .type   stack_\name, @object
stack_\name:
        .zero   THREAD_STACK_SIZE
        .size   stack_\name, THREAD_STACK_SIZE
        .endm

        stack   main
        .globl  boot_stack_top
        .type   boot_stack_top, @object
        .set    boot_stack_top, stack_main + THREAD_STACK_SIZE - 16
        .size   boot_stack_top, 16

        stack   1
        stack   2
        stack   3
        stack   4
        stack   5
        stack   6
        stack   7
        stack   8

        .section .note.GNU-stack, "", @progbits
