/* Two threads that wait for each other's end. */
#include "asm/runtime/thread.h"

static void* wait_for(void* thread) {
  return thread_join(thread);
}

int main(void) {
  struct tcb* other = thread_create("other", wait_for, thread_self(), 0);
  thread_join(other);
  return 0;
}
