// POSIX threads: a mutex, a condition variable, memory of each thread's own, and values that come back from a join.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

enum { THREADS = 3, ITEMS = 5 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static pthread_cond_t emptied = PTHREAD_COND_INITIALIZER;
static int slot, has_item;
static long sum;
static __thread long own;

static void* producer(void* argument) {
  for (long i = 1; i <= ITEMS; ++i) {
    pthread_mutex_lock(&lock);
    while (has_item) pthread_cond_wait(&emptied, &lock);
    slot = (int)(i * (long)argument);
    has_item = 1;
    own += slot;
    pthread_cond_signal(&filled);
    pthread_mutex_unlock(&lock);
  }
  return (void*)own;
}

static void* consumer(void* argument) {
  for (long i = 0; i < (long)argument; ++i) {
    pthread_mutex_lock(&lock);
    while (!has_item) pthread_cond_wait(&filled, &lock);
    sum += slot;
    own += slot;
    has_item = 0;
    pthread_cond_broadcast(&emptied);
    pthread_mutex_unlock(&lock);
  }
  return (void*)own;
}

int main(void) {
  pthread_t producers[THREADS], reader;
  void* result;
  pthread_create(&reader, NULL, consumer, (void*)(long)(THREADS * ITEMS));
  for (long i = 0; i < THREADS; ++i) pthread_create(&producers[i], NULL, producer, (void*)(i + 1));
  for (int i = 0; i < THREADS; ++i) {
    pthread_join(producers[i], &result);
    printf("producer %d made %ld\n", i, (long)result);
  }
  pthread_join(reader, &result);
  printf("the consumer took %ld of %ld; main's own is %ld\n", (long)result, sum, own);

  struct timespec soon;
  clock_gettime(CLOCK_REALTIME, &soon);
  soon.tv_nsec += 1000000;
  if (soon.tv_nsec >= 1000000000) soon = (struct timespec){soon.tv_sec + 1, soon.tv_nsec - 1000000000};
  pthread_mutex_lock(&lock);
  const int late = pthread_cond_timedwait(&filled, &lock, &soon);
  pthread_mutex_unlock(&lock);
  printf("nobody came: %d\n", late == ETIMEDOUT);
  return 0;
}
