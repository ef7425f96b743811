#include "asm/scheduling/preemption.h"

void preemption_prepare(void) {}

void preemption_on(void) {}

void preemption_off(void) {}
