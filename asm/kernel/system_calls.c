#include "asm/kernel/kernel.h"
#include "asm/kernel/schedule.h"

uint64_t kernel_entries;

void kernel_system_call(struct kernel_frame* frame) {
  kernel_entries += 1;
  switch (frame->rax) {
    case SYSTEM_YIELD:
      frame->rax = 0;
      kernel_yield();
      break;
    case SYSTEM_SLEEP:
      frame->rax = 0;
      kernel_sleep(frame->rdi);
      break;
    case SYSTEM_EXIT:
      kernel_exit();
      break;
    default:
      frame->rax = (uint64_t)-1; /* no such call */
  }
}
