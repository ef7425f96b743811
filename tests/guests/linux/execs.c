// vfork and execve: what a program begun anew keeps, and who waits for whom.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;
static int global = 1;
static char* volatile heap;

static void on_signal(int number) {
  (void)number;
}

static void say(const char* what, long value) {
  printf("%s: %ld\n", what, value);
  fflush(stdout);
}

static int ended(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) return -errno;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int second_life(int argc, char** argv) {
  struct sigaction user, ignored;
  sigset_t mask;
  sigaction(SIGUSR1, NULL, &user);
  sigaction(SIGUSR2, NULL, &ignored);
  sigprocmask(SIG_BLOCK, NULL, &mask);
  printf("anew: %d arguments, last %s, %s, global %d, heap %d\n", argc, argv[argc - 1], getenv("COLOUR"), global,
         heap == NULL);
  printf("handler %d, ignored %d, blocked %d\n", user.sa_handler == SIG_DFL, ignored.sa_handler == SIG_IGN,
         sigismember(&mask, SIGUSR1));
  printf("descriptors %d %d, process %d\n", fcntl(10, F_GETFD), fcntl(11, F_GETFD), atoi(argv[2]) == getppid());
  fflush(stdout);
  global = 100;
  return 5;
}

int main(int argc, char** argv) {
  if (argc > 1) return second_life(argc, argv);
  heap = malloc(100);
  global = 7;

  // The child of vfork has the parent's memory, and the parent waits.
  pid_t child = vfork();
  if (child == 0) {
    global = 8;
    _exit(9);
  }
  say("child of vfork", ended(child));
  say("it wrote the parent's memory", global);

  int ends[2];
  if (pipe(ends) != 0) return 1;
  dup2(ends[0], 10);
  dup2(ends[0], 11);
  fcntl(11, F_SETFD, FD_CLOEXEC);
  signal(SIGUSR1, on_signal);
  signal(SIGUSR2, SIG_IGN);
  sigset_t block;
  sigemptyset(&block);
  sigaddset(&block, SIGUSR1);
  sigprocmask(SIG_BLOCK, &block, NULL);
  char id[16];
  snprintf(id, sizeof id, "%d", getpid());
  char* arguments[] = {argv[0], "child", id, "the last", NULL};
  char* environment[] = {"COLOUR=red", NULL};
  for (int round = 0; round < 2; ++round) {
    child = round == 0 ? vfork() : fork();
    if (child == 0) {
      execve("/proc/self/exe", arguments, environment);
      _exit(99);
    }
    say("code of the program", ended(child));
    say("nobody touched", global);
  }
  child = vfork();
  if (child == 0) {
    execve("/nowhere", arguments, environment);
    _exit(errno);
  }
  say("no such program", ended(child));
  say("closed again", close(11));
  // And at last without any child.
  if (getenv("COLOUR") == NULL) {
    snprintf(id, sizeof id, "%d", getppid());
    execve("/proc/self/exe", arguments, environment);
  }
  return 1;
}
