#include "asm/runtime/stack_pool.h"

#include <stddef.h>

extern char stack_1[], stack_2[], stack_3[], stack_4[], stack_5[], stack_6[], stack_7[], stack_8[];
static char* const stacks[THREAD_STACKS - 1] = {stack_1, stack_2, stack_3, stack_4, stack_5, stack_6, stack_7, stack_8};
static int taken;

void* take_stack(void) {
  return taken < THREAD_STACKS - 1 ? stacks[taken++] : NULL;
}
