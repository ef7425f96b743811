/* Waiting without being put to sleep. */
#ifndef FIBERSCOPE_ASM_WINDOWED_YIELD_UNTIL_H
#define FIBERSCOPE_ASM_WINDOWED_YIELD_UNTIL_H

#include <stdint.h>

/* Yields until *value is at least `wanted`. After each resume it calls resumed(sunk): by how many bytes rsp lies below
 * the place that it had in this frame before the first switch. */
void yield_until(const volatile uint64_t* value, uint64_t wanted, void (*resumed)(uint64_t sunk));

#endif
