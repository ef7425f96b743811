// Programs that end in all the ways there are, chosen by the argument.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static volatile int zero;

static int overflow(int depth) {
  volatile char room[1024];
  room[0] = (char)depth;
  return zero == 0 ? overflow(depth + 1) + room[0] : depth;
}

static void* other(void* argument) {
  pthread_mutex_lock(&second);
  sched_yield();
  pthread_mutex_lock(&first);
  return argument;
}

static void answer(long result) {
  printf("%ld, errno %d\n", result, errno);
}

static void on_fault(int number) {
  (void)number;
  write(1, "handled\n", 8);
  _exit(3);
}

int main(int argc, char** argv) {
  const char* how = argc > 1 ? argv[1] : "";
  if (strcmp(how, "null") == 0) *(volatile int*)16 = 1;
  if (strcmp(how, "divide") == 0) return 7 / zero;
  if (strcmp(how, "undefined") == 0) __asm__ volatile("ud2");
  if (strcmp(how, "privileged") == 0) __asm__ volatile("cli");
  if (strcmp(how, "port") == 0) __asm__ volatile("inb $0x70, %%al" ::: "rax");
  if (strcmp(how, "gate") == 0) __asm__ volatile("int $0x21");
  if (strcmp(how, "breakpoint") == 0) __asm__ volatile("int3");
  if (strcmp(how, "code") == 0) *(volatile char*)main = 0;
  if (strcmp(how, "jump") == 0) ((void (*)(void)) & zero)();
  if (strcmp(how, "overflow") == 0) return overflow(0);
  if (strcmp(how, "overflow_handled") == 0) {
    signal(SIGSEGV, on_fault);
    return overflow(0);
  }
  if (strcmp(how, "overflow_survived") == 0) {
    static char alternate[65536];
    const stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    sigaltstack(&stack, NULL);
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
    sigaction(SIGSEGV, &action, NULL);
    return overflow(0);
  }
  if (strcmp(how, "blocked") == 0) {
    sigset_t all;
    sigfillset(&all);
    signal(SIGSEGV, on_fault);
    sigprocmask(SIG_BLOCK, &all, NULL);
    *(volatile int*)16 = 1;
  }
  if (strcmp(how, "abort") == 0) abort();
  if (strcmp(how, "alarm") == 0) {
    alarm(1);
    pause();
  }
  if (strcmp(how, "kill") == 0) kill(getpid(), SIGKILL);
  if (strcmp(how, "stop") == 0) raise(SIGSTOP);
  if (strcmp(how, "pause") == 0) pause();
  if (strcmp(how, "deadlock") == 0) {
    pthread_t thread;
    pthread_mutex_lock(&first);
    pthread_create(&thread, NULL, other, NULL);
    for (int i = 0; i < 10; ++i) sched_yield();
    pthread_mutex_lock(&second);
  }
  if (strcmp(how, "namespace") == 0) answer(syscall(SYS_clone, 0x04000000 | SIGCHLD, 0, 0, 0, 0));
  if (strcmp(how, "unknown") == 0) answer(syscall(SYS_socket, 1, 2, 3));
  if (strcmp(how, "bad_address") == 0) answer(syscall(SYS_write, 1, 16, 1));
  if (strcmp(how, "thread_exit") == 0) {
    puts("main leaves first");
    pthread_exit(NULL);
  }
  fflush(stdout);
  return 5;
}
