/* The stacks of note 003: blocks of 512 bytes, each at a multiple of 512. The block of any address inside it is found
 * by clearing nine bits, so nobody has to remember where a stack began. */
#ifndef FIBERSCOPE_ASM_FIBERS_STACKMALLOC_H
#define FIBERSCOPE_ASM_FIBERS_STACKMALLOC_H

#include <stddef.h>
#include <stdint.h>

#include "asm/runtime/tcb.h"

enum { STACK_BLOCK_SIZE = 512, STACK_BLOCKS = 4 };

/* The highest bytes of a block: what the note calls the bottom of the stack, since the stack grows away from it.
 *
 *       high addresses  | next_free      |
 *                       | owner          |
 *                       | 0              |
 *                       | 0              |  <- stack bottom: a frame without caller, the end of the rbp chain
 *                    0: | rip            |  frame_dealloc: where the outermost function of the fiber returns to
 *                    1: | rbp            |  pointer to the stack bottom
 *        low addresses  | …              |
 *
 * Cells 0 and 1 are the note's. It draws five cells above them; here there are four, because rsp must be 8 more than a
 * multiple of 16 where a function is entered (System V ABI for x86-64, 3.2.2), and it points at cell 0 then. */
struct stack_bottom {
  uint64_t last_rbp;  /* 0 */
  uint64_t last_rip;  /* 0 */
  uint64_t owner;     /* struct tcb *: the fiber on this stack */
  uint64_t next_free; /* struct stack_bottom *: while the block is free */
};

_Static_assert((STACK_BLOCK_SIZE & (STACK_BLOCK_SIZE - 1)) == 0, "a block is found by clearing low bits");
_Static_assert((STACK_BLOCK_SIZE - sizeof(struct stack_bottom)) % 16 == 0, "cell 0 lies at a multiple of 16 plus 8");

/* A block that nobody has, the one given back last first. NULL where there is none. Cell 0 is filled in. */
struct stack_bottom* stackmalloc(void);

/* Gives a block back. Nobody may stand on it any more. */
void stackfree(struct stack_bottom* bottom);

/* The bottom of the block that an address lies in. rsp belongs to it, unless the stack is empty. */
struct stack_bottom* stack_bottom_of(uint64_t address);

/* Lowest address of the block, and its number from 0 on. */
void* stack_block_of(struct stack_bottom* bottom);
uint64_t stack_block_number(struct stack_bottom* bottom);

#endif
