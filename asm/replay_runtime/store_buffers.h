/* The store buffers of the processors by their number, oldest store first. The machine keeps them here, where it has
 * any, and nobody else writes here: so they are seen like all other memory (emu/store_buffer.h). */
#ifndef FIBERSCOPE_ASM_REPLAY_RUNTIME_STORE_BUFFERS_H
#define FIBERSCOPE_ASM_REPLAY_RUNTIME_STORE_BUFFERS_H

#include <stdint.h>

enum { STORE_BUFFER_ENTRIES = 32, STORE_BUFFERS = 9 };

struct store_buffer {
  uint64_t count;
  struct {
    uint64_t address;
    uint64_t size; /* bytes, 1 … 8 */
    uint64_t value;
  } stores[STORE_BUFFER_ENTRIES];
};

#endif
