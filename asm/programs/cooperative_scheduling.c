/* The three workers of asm/scheduling, cooperatively: each lets the others run by calling thread_yield behind every
 * block, and nobody takes the CPU from it. */
#include "asm/runtime/thread.h"
#include "asm/scheduling/scheduler.h"
#include "asm/scheduling/three_workers.h"

const uint32_t quantum = 0;

void between_blocks(void) {
  thread_yield();
}

int main(void) {
  return run_workers();
}
