/* Three philosophers who take the fork with the lower number first: nobody waits in a circle. */
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
  eat(2, 0, 2);
}
