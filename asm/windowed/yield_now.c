#include "asm/windowed/yield_now.h"

void yield_now(void) {
  struct ThreadContext* old_ctx = &current_thread()->context;
  struct thread* new_thread = scheduler.pick_next();
  const struct ThreadContext* new_ctx = &new_thread->context;
  windowed_switch(old_ctx, new_ctx);
}
