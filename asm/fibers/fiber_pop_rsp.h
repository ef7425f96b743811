/* A context that lies outside all stacks, and the switch that ends with `pop rsp`. */
#ifndef FIBERSCOPE_ASM_FIBERS_FIBER_POP_RSP_H
#define FIBERSCOPE_ASM_FIBERS_FIBER_POP_RSP_H

#include <stddef.h>
#include <stdint.h>

/* From low to high addresses, in the order of the pops. rsp is the last. */
struct fiber_context {
  uint64_t r15, r14, r13, r12, rbx, rbp;
  uint64_t rsp; /* points at the cell with the address to go on at */
};

_Static_assert(offsetof(struct fiber_context, rbp) == 40, "fiber_pop_rsp.S stores rbp there");
_Static_assert(offsetof(struct fiber_context, rsp) == 48, "fiber_pop_rsp.S pops rsp from there");

/* fiber_pop_rsp.S. The stack pointer goes through save_rsp too, for those who look at the threads from outside. */
void fiber_pop_rsp(struct fiber_context* save, const struct fiber_context* load, uint64_t* save_rsp);

/* fiber_pop_rsp.S: its ret. An address, not a function to call. */
extern char fiber_pop_rsp_return[];

#endif
