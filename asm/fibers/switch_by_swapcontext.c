#include "asm/fibers/fiber_switch.h"

void fiber_swapcontext(const uint64_t* restore_rsp, uint64_t* save_rsp);

/* fiber_swapcontext.S: the instruction behind the load of rsp. */
extern char fiber_swapcontext_loaded[];

void build_first_context(struct tcb* fiber) {
  uint64_t* top = (uint64_t*)(fiber->stack_base + fiber->stack_size);
  top[-1] = (uint64_t)fiber_entry_end;
  top[-2] = (uint64_t)fiber_entry; /* return address of the first switch */
  top[-3] = 0;                     /* r12 */
  top[-4] = 0;                     /* r13 */
  top[-5] = 0;                     /* r14 */
  top[-6] = 0;                     /* r15 */
  top[-7] = (uint64_t)fiber;       /* rbx */
  top[-8] = 0;                     /* rbp: the end of the chain */
  fiber->saved_rsp = (uint64_t)&top[-8];
  fiber->resume = (uint64_t)fiber_swapcontext_loaded;
}

void fiber_switch(struct tcb* from, struct tcb* to) {
  fiber_swapcontext(&to->saved_rsp, &from->saved_rsp);
}
