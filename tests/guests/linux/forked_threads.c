// fork of a process with several threads copies the one that calls; threads of processes have their own futexes.
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int ticks, stop;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int sum;

static void say(const char* what, long value) {
  printf("%s: %ld\n", what, value);
  fflush(stdout);
}

static void* tick(void* nothing) {
  while (!stop) {
    ++ticks;
    sched_yield();
  }
  return nothing;
}

static void* add(void* argument) {
  for (int i = 0; i < 50; ++i) {
    pthread_mutex_lock(&mutex);
    int before = sum;
    sched_yield();
    sum = before + (int)(long)argument;
    pthread_mutex_unlock(&mutex);
  }
  return (void*)(long)(getpid() != gettid());
}

static int count(void) {
  pthread_t threads[3];
  long others = 0;
  for (long i = 0; i < 3; ++i) pthread_create(&threads[i], NULL, add, (void*)(i + 1));
  for (int i = 0; i < 3; ++i) {
    void* result;
    pthread_join(threads[i], &result);
    others += (long)result;
  }
  return sum + (int)others;
}

static void* fork_in_thread(void* nothing) {
  pid_t child = fork();
  if (child == 0) _exit(getpid() == gettid() ? 21 : 1);
  int status;
  waitpid(child, &status, 0);
  say("forked by a thread", WEXITSTATUS(status));
  return nothing;
}

int main(void) {
  pthread_t ticker, forker;
  pthread_create(&ticker, NULL, tick, NULL);
  while (ticks < 3) sched_yield();
  pid_t child = fork();
  if (child == 0) {
    int before = ticks;
    for (int i = 0; i < 20; ++i) sched_yield();
    _exit(ticks == before);
  }
  int status;
  waitpid(child, &status, 0);
  say("no other thread in the child", WEXITSTATUS(status));
  stop = 1;
  pthread_join(ticker, NULL);
  pthread_create(&forker, NULL, fork_in_thread, NULL);
  pthread_join(forker, NULL);
  child = fork();
  if (child == 0) _exit(count() % 251);
  int here = count();
  waitpid(child, &status, 0);
  say("here", here);
  say("there", WEXITSTATUS(status));
  return 0;
}
