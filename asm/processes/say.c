#include "asm/processes/say.h"

#include <sys/syscall.h>

#include "asm/processes/kernel_call.h"

void say(const char* text) {
  long length = 0;
  while (text[length] != '\0') ++length;
  kernel_call(SYS_write, 1, (long)text, length, 0);
}

void say_number(long number) {
  char digits[24];
  int at = sizeof digits;
  digits[--at] = '\0';
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  say(digits + at);
}
