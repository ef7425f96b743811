#include "asm/fibers/fiber_pop_rsp.h"
#include "asm/fibers/fiber_switch.h"

/* By the number of the fiber. */
static struct fiber_context contexts[THREAD_TABLE_SIZE];

void build_first_context(struct tcb* fiber) {
  uint64_t* top = (uint64_t*)(fiber->stack_base + fiber->stack_size);
  top[-1] = (uint64_t)fiber_entry_end;
  top[-2] = (uint64_t)fiber_entry; /* return address of the first switch */
  contexts[fiber->id] = (struct fiber_context){.rbx = (uint64_t)fiber, .rbp = 0, .rsp = (uint64_t)&top[-2]};
  fiber->saved_rsp = (uint64_t)&top[-2];
  fiber->resume = (uint64_t)fiber_pop_rsp_return;
}

void fiber_switch(struct tcb* from, struct tcb* to) {
  fiber_pop_rsp(&contexts[from->id], &contexts[to->id], &from->saved_rsp);
}
