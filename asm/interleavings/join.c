/* The second thread reads what the first one left, once that has finished: no race. */
#include <fiberscope.h>

int result, seen;

void thread_1(void) {
  result = 1;
}

void thread_2(void) {
  join(1);
  seen = result;
}
