#include "asm/windowed/yield_until.h"

#include "asm/windowed/yield_now.h"

void yield_until(const volatile uint64_t* value, uint64_t wanted, void (*resumed)(uint64_t sunk)) {
  uint64_t rsp_at_first = stack_pointer();
  while (*value < wanted) {
    yield_now_inlined();
    resumed(rsp_at_first - stack_pointer());
  }
}
