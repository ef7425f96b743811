#include "asm/runtime/console.h"

void print_number(uint64_t number) {
  char digits[24]; /* 2^64 has 20 */
  char* end = digits + sizeof digits;
  char* first = end;
  do {
    *--first = (char)('0' + number % 10);
    number /= 10;
  } while (number != 0);
  platform_put(first, (size_t)(end - first));
}
