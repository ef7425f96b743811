/* Two threads that do nothing but switch to each other: the densest code a recorder can meet. */
#include "asm/runtime/tcb.h"
#include "asm/runtime/thread.h"

extern void switch_to_context(uint64_t* save_rsp, uint64_t load_rsp);
extern struct tcb thread_table[];

static void* other(void* argument) {
  (void)argument;
  for (;;) switch_to_context(&thread_table[1].saved_rsp, thread_table[0].saved_rsp);
  return 0;
}

int main(void) {
  thread_create("other", other, 0, 0);
  for (;;) switch_to_context(&thread_table[0].saved_rsp, thread_table[1].saved_rsp);
}
