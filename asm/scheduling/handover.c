#include "asm/scheduling/handover.h"

void hand_over_to(struct tcb* next) {
  (void)next;
}
