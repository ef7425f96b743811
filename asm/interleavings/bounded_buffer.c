/* A buffer of two places between two producers and a consumer: semaphores count places and items, a mutex guards the
   indices. */
#include <fiberscope.h>

int places = 2, items, mutex;
int buffer[2], in, out, sum;

static void put(int value) {
  wait(&places);
  lock(&mutex);
  buffer[in] = value;
  in = 1 - in;
  unlock(&mutex);
  signal(&items);
}

static void take(void) {
  wait(&items);
  lock(&mutex);
  sum = sum + buffer[out];
  out = 1 - out;
  unlock(&mutex);
  signal(&places);
}

void thread_1(void) {
  put(1);
}
void thread_2(void) {
  put(2);
}
void thread_3(void) {
  take();
  take();
}
