#include "asm/fibers/stackmalloc.h"

/* frame_dealloc.S: an address, not a function to call. */
extern char frame_dealloc[];

/* On pages of its own, as the other stacks are. */
static char stack_blocks[STACK_BLOCKS][STACK_BLOCK_SIZE] __attribute__((aligned(4096)));
static uint64_t blocks_taken;
static struct stack_bottom* free_blocks;

struct stack_bottom* stack_bottom_of(uint64_t address) {
  uint64_t block = address & ~(uint64_t)(STACK_BLOCK_SIZE - 1);
  return (struct stack_bottom*)(block + STACK_BLOCK_SIZE) - 1;
}

void* stack_block_of(struct stack_bottom* bottom) {
  return (char*)(bottom + 1) - STACK_BLOCK_SIZE;
}

uint64_t stack_block_number(struct stack_bottom* bottom) {
  return (uint64_t)((char*)stack_block_of(bottom) - stack_blocks[0]) / STACK_BLOCK_SIZE;
}

struct stack_bottom* stackmalloc(void) {
  struct stack_bottom* bottom = free_blocks;
  if (bottom != NULL) {
    free_blocks = (struct stack_bottom*)bottom->next_free;
  } else if (blocks_taken < STACK_BLOCKS) {
    bottom = stack_bottom_of((uint64_t)stack_blocks[blocks_taken]);
    blocks_taken += 1;
  } else {
    return NULL;
  }
  bottom->last_rbp = 0;
  bottom->last_rip = 0;
  bottom->next_free = 0;
  ((uint64_t*)bottom)[-1] = (uint64_t)frame_dealloc;
  return bottom;
}

void stackfree(struct stack_bottom* bottom) {
  bottom->owner = 0;
  bottom->next_free = (uint64_t)free_blocks;
  free_blocks = bottom;
}
