// Processes: how they begin, end and are waited for. Ids are printed as whether they are what they should be.
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int global = 1;
static char page[3 * 4096];

static void say(const char* what, long value) {
  printf("%s: %ld\n", what, value);
  fflush(stdout);
}

static int ended(pid_t child) {
  int status = 0;
  pid_t got = waitpid(child, &status, 0);
  if (got != child) return -errno;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void exits(void) {
  pid_t parent = getpid();
  pid_t child = fork();
  if (child == 0) _exit(getppid() == parent && getpid() == gettid() && getpid() != parent ? 42 : 1);
  say("exit code of a child", ended(child));
  say("no child any more", ended(child));
  child = fork();
  if (child == 0) abort();
  say("a child that aborted", ended(child));
  child = fork();
  if (child == 0) *(volatile int*)8 = 1;
  say("a child that went wrong", ended(child));
  child = fork();
  if (child == 0) exit(7);
  int status = 0;
  say("any one", waitpid(-1, &status, 0) == child && WEXITSTATUS(status) == 7);
  say("none to wait for", waitpid(-1, &status, 0));
  say("errno", errno);
}

static void at_any_time(void) {
  int ends[2];
  if (pipe(ends) != 0) return;
  pid_t child = fork();
  if (child == 0) {
    char byte;
    _exit(read(ends[0], &byte, 1) == 1 ? byte : 1);
  }
  int status = 0;
  say("it has not ended", waitpid(child, &status, WNOHANG));
  if (write(ends[1], "A", 1) != 1) return;
  siginfo_t info;
  memset(&info, 0, sizeof info);
  say("waitid", waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
  say("its code", info.si_status);
  say("its reason", info.si_code == CLD_EXITED && info.si_pid == child && info.si_signo == SIGCHLD);
  say("still there", ended(child));
  close(ends[0]);
  close(ends[1]);
}

static void copies(void) {
  int* shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int* private = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char* heap = malloc(20000);
  memset(heap, 'h', 20000);
  *private = 5;
  page[4095] = 1;
  global = 10;
  int ends[2];
  if (pipe(ends) != 0) return;
  pid_t child = fork();
  if (child == 0) {
    char go;
    // The parent writes first here, …
    if (read(ends[0], &go, 1) != 1) _exit(1);
    int sum = global + *private + page[4095] + (heap[19999] == 'h');
    // … and the child there.
    global = 20;
    page[4096] = 9;
    *(long*)(page + 4092) = 0x0102030405060708;
    *shared = 77;
    _exit(sum);
  }
  global = 30;
  *private = 50;
  heap[19999] = 'x';
  if (write(ends[1], "!", 1) != 1) return;
  say("what the child saw", ended(child));
  say("shared", *shared);
  say("global", global);
  say("private", *private);
  say("page", page[4095] + page[4096]);
  close(ends[0]);
  close(ends[1]);
  // A grandchild, and three that have the same page.
  child = fork();
  if (child == 0) {
    pid_t grandchild = fork();
    if (grandchild == 0) {
      global += 3;
      _exit(global);
    }
    global += 5;
    _exit(ended(grandchild) * 2 + global);
  }
  global += 1;
  say("grandchild and child", ended(child));
  say("global", global);
  munmap(shared, 4096);
  munmap(private, 4096);
  free(heap);
}

static volatile sig_atomic_t children, got;
static void on_child(int number) {
  (void)number;
  ++children;
}
static void on_signal(int number) {
  got = number;
}

static void signals(void) {
  signal(SIGCHLD, on_child);
  sigset_t block, before;
  sigemptyset(&block);
  sigaddset(&block, SIGUSR1);
  sigaddset(&block, SIGCHLD);
  signal(SIGUSR1, on_signal);
  sigprocmask(SIG_BLOCK, &block, &before);
  pid_t child = fork();
  if (child == 0) {
    // Pending signals are not inherited, handlers and the mask are.
    while (got == 0) sigsuspend(&before);
    kill(getppid(), SIGUSR1);
    _exit(got);
  }
  kill(child, SIGUSR1);
  while (got == 0) sigsuspend(&before);
  say("signal to the parent", got);
  while (children == 0) sigsuspend(&before);
  sigprocmask(SIG_SETMASK, &before, NULL);
  say("signal to the child", ended(child));
  say("SIGCHLD", children);
  signal(SIGCHLD, SIG_DFL);
  child = fork();
  if (child == 0) {
    signal(SIGTERM, SIG_DFL);
    for (;;) pause();
  }
  say("kill 0", kill(child, 0));
  kill(child, SIGTERM);
  say("killed by", ended(child) - 1000);
  say("nobody there", kill(child, 0));
  say("errno", errno);
  signal(SIGCHLD, SIG_IGN);
  child = fork();
  if (child == 0) _exit(3);
  say("reaps itself", ended(child));
  signal(SIGCHLD, SIG_DFL);
}

static void refusals(void) {
  say("thread without handlers", syscall(SYS_clone, CLONE_VM | CLONE_THREAD, 0, 0, 0, 0));
  say("errno", errno);
  say("handlers without memory", syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0));
  say("errno", errno);
  int status;
  say("unknown option", waitpid(-1, &status, 0x12345));
  say("errno", errno);
  char* arguments[] = {"nothing", NULL};
  say("no such program", execve("/proc/self/nothing", arguments, NULL));
  say("errno", errno);
  say("no such process", kill(999999, 0));
  say("errno", errno);
}

int main(void) {
  exits();
  at_any_time();
  copies();
  signals();
  refusals();
  return 0;
}
