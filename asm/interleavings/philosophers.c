/* Three philosophers who all take their left fork first: each may hold one and wait for the next. */
#include <fiberscope.h>

int fork[3], meals[3];

static void eat(int self, int left, int right) {
  lock(&fork[left]);
  lock(&fork[right]);
  meals[self] = meals[self] + 1;
  unlock(&fork[right]);
  unlock(&fork[left]);
}

void thread_1(void) {
  eat(0, 0, 1);
}
void thread_2(void) {
  eat(1, 1, 2);
}
void thread_3(void) {
  eat(2, 2, 0);
}
