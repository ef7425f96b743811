#include "asm/replay_runtime/shared_variables.h"

#include <stdbool.h>

#include "asm/replay_runtime/replay_runtime.h"
#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"

struct replay_variable replay_variables[REPLAY_VARIABLES] __attribute__((section(".data")));

static int64_t value_of(const struct replay_variable* variable) {
  const bool is_unsigned = variable->is_unsigned != 0;
  const uint64_t address = variable->address;
  switch (variable->size) {
    case 1:
      return is_unsigned ? *(uint8_t*)address : *(int8_t*)address;
    case 2:
      return is_unsigned ? *(uint16_t*)address : *(int16_t*)address;
    case 4:
      return is_unsigned ? (int64_t) * (uint32_t*)address : *(int32_t*)address;
    default:
      return *(int64_t*)address;
  }
}

void print_shared_variables(void) {
  for (int i = 0; i < REPLAY_VARIABLES && replay_variables[i].address != 0; ++i) {
    const struct replay_variable* variable = &replay_variables[i];
    int64_t value = value_of(variable);
    uint64_t length = 0;
    while (variable->name[length] != 0) length += 1;
    if (i > 0) print(" ");
    platform_put(variable->name, length);
    print("=");
    if (value < 0) print("-");
    print_number(value < 0 ? -(uint64_t)value : (uint64_t)value);
  }
  print("\n");
}
