#include "asm/runtime/mapped_stack.h"

#include <sys/mman.h>

enum { GUARD_SIZE = 0x1000 };

void* map_stack(size_t size) {
  char* guard = mmap(NULL, GUARD_SIZE + size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (guard == MAP_FAILED) return NULL;
  if (mprotect(guard + GUARD_SIZE, size, PROT_READ | PROT_WRITE) != 0) return NULL;
  return guard + GUARD_SIZE;
}
