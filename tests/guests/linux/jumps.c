// setjmp and longjmp, whose buffer holds rsp, rbp and rip mangled with the guard at fs:0x30.
#include <setjmp.h>
#include <stdio.h>

static jmp_buf back;

static volatile int deepest;

static void dive(int depth) {
  if (depth == 0) longjmp(back, 42);
  if (deepest < depth) deepest = depth;
  if (deepest > 0) dive(depth - 1);
}

int main(void) {
  volatile int kept = 5;
  const int value = setjmp(back);
  if (value == 0) {
    kept = 6;
    dive(10);
    puts("not reached");
  }
  printf("back with %d, kept %d, deepest %d\n", value, kept, deepest);
  return 0;
}
