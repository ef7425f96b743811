/* What switch_to_context moves between registers and memory. */
#ifndef FIBERSCOPE_ASM_RUNTIME_SWITCH_COST_H
#define FIBERSCOPE_ASM_RUNTIME_SWITCH_COST_H

enum {
  /* Six registers pushed, rsp stored, six popped, and the return address. */
  SWITCH_ROUTINE_BYTES = 6 * 8 + 8 + 6 * 8 + 8
};

#endif
