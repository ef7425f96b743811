/* The same buffer with the mutex taken before the semaphore: whoever finds it empty waits inside, and nobody can put
   anything in. */
#include <fiberscope.h>

int places = 2, items, mutex;
int buffer[2], in, out, sum;

static void put(int value) {
  lock(&mutex);
  wait(&places);
  buffer[in] = value;
  in = 1 - in;
  unlock(&mutex);
  signal(&items);
}

static void take(void) {
  lock(&mutex);
  wait(&items);
  sum = sum + buffer[out];
  out = 1 - out;
  unlock(&mutex);
  signal(&places);
}

void thread_1(void) {
  put(1);
}
void thread_2(void) {
  take();
}
