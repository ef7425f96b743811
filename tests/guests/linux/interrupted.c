// A task that spins, one that sleeps again and again, and waits that a handler interrupts or lets begin anew.
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int naps, released, handled;
static unsigned futex_word;
static pthread_t waiter;

static void rest(long nanoseconds) {
  const struct timespec time = {0, nanoseconds};
  nanosleep(&time, NULL);
}

static void* sleeper(void* argument) {
  for (int i = 0; i < 5; ++i) {
    rest(30000);
    ++naps;
  }
  return argument;
}

static void on_signal(int number) {
  (void)number;
  ++handled;
}

static void* waker(void* argument) {
  rest(100000000);
  pthread_kill(waiter, SIGUSR1);
  rest(100000000);
  released = 1;
  syscall(SYS_futex, &futex_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  return argument;
}

static void wait_for_waker(int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = flags;
  sigaction(SIGUSR1, &action, NULL);
  pthread_t thread;
  handled = released = 0;
  waiter = pthread_self();
  pthread_create(&thread, NULL, waker, NULL);
  const long result = syscall(SYS_futex, &futex_word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
  printf("futex: %ld, interrupted: %d, handled %d, released before: %d\n", result, result < 0 && errno == EINTR,
         handled, released);
  pthread_join(thread, NULL);
}

int main(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, sleeper, NULL);
  unsigned long turns = 0;
  while (naps < 5) ++turns;
  pthread_join(thread, NULL);
  printf("naps: %d, turns in between: %d\n", naps, turns > 0);
  wait_for_waker(SA_RESTART);
  wait_for_waker(0);
  return 0;
}
