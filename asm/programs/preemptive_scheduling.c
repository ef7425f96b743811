/* The three workers of asm/scheduling, preemptively: no worker gives up the CPU, the timer takes it away. */
#include "asm/scheduling/scheduler.h"
#include "asm/scheduling/three_workers.h"

const uint32_t quantum = 320;

void between_blocks(void) {}

int main(void) {
  return run_workers();
}
