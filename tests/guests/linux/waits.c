// Waiting calls and the signals that end them.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t count;

static void on_alarm(int number) {
  (void)number;
  ++count;
}

int main(void) {
  struct sigaction action = {.sa_handler = on_alarm};
  sigemptyset(&action.sa_mask);
  sigaction(SIGALRM, &action, NULL);
  const struct itimerval soon = {{0, 0}, {0, 3000}};

  setitimer(ITIMER_REAL, &soon, NULL);
  int result = pause();
  printf("pause: %d %d, %d\n", result, errno == EINTR, (int)count);

  setitimer(ITIMER_REAL, &soon, NULL);
  const struct timespec second = {1, 0};
  struct timespec left = {0, 0};
  result = nanosleep(&second, &left);
  printf("nanosleep: %d %d, %d, rest below a second: %d\n", result, errno == EINTR, (int)count,
         left.tv_sec == 0 && left.tv_nsec > 0);

  sigset_t blocked, none;
  sigemptyset(&none);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGALRM);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  raise(SIGALRM);
  printf("blocked: %d\n", (int)count);
  result = sigsuspend(&none);
  printf("sigsuspend: %d %d, %d\n", result, errno == EINTR, (int)count);
  sigprocmask(SIG_SETMASK, &none, NULL);

  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  const struct timespec two = {0, 2000000};
  nanosleep(&two, NULL);
  clock_gettime(CLOCK_MONOTONIC, &after);
  printf("slept long enough: %d\n",
         (after.tv_sec - before.tv_sec) * 1000000000L + after.tv_nsec - before.tv_nsec >= 2000000);
  alarm(100);
  printf("alarm had %u seconds left\n", alarm(0));
  return 0;
}
