// Descriptors: pipes between processes, copies of descriptors, and who shares them.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char* what, long value) {
  printf("%s: %ld\n", what, value);
  fflush(stdout);
}

static char buffer[200000];

static void through_a_pipe(void) {
  int ends[2];
  if (pipe(ends) != 0) return;
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    for (size_t i = 0; i < sizeof buffer; ++i) buffer[i] = (char)(i * 7 % 251);
    // More than a pipe holds.
    size_t sent = 0;
    while (sent < sizeof buffer) {
      ssize_t count = write(ends[1], buffer + sent, sizeof buffer - sent);
      if (count <= 0) _exit(1);
      sent += (size_t)count;
    }
    _exit(0);
  }
  close(ends[1]);
  size_t received = 0;
  unsigned sum = 0;
  char piece[3001];
  for (ssize_t count; (count = read(ends[0], piece, sizeof piece)) > 0; received += (size_t)count)
    for (ssize_t i = 0; i < count; ++i) sum = sum * 31 + (unsigned char)piece[i];
  say("bytes", (long)received);
  say("sum", sum);
  int status;
  say("child", waitpid(child, &status, 0) == child && status == 0);
  say("at the end", read(ends[0], piece, 1));
  close(ends[0]);
}

static void broken(void) {
  int ends[2];
  if (pipe(ends) != 0) return;
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    char go;
    (void)go;
    signal(SIGPIPE, SIG_DFL);
    for (;;)
      if (write(ends[1], "x", 1) != 1) _exit(1);
  }
  close(ends[1]);
  char byte;
  say("one byte", read(ends[0], &byte, 1));
  close(ends[0]);
  int status;
  waitpid(child, &status, 0);
  say("ended by SIGPIPE", WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
  if (pipe2(ends, O_NONBLOCK) != 0) return;
  say("empty", read(ends[0], &byte, 1));
  say("errno", errno);
  signal(SIGPIPE, SIG_IGN);
  close(ends[0]);
  say("nobody reads", write(ends[1], "x", 1));
  say("errno", errno);
  close(ends[1]);
}

static void copies_of_descriptors(void) {
  int ends[2];
  if (pipe(ends) != 0) return;
  say("first", ends[0]);
  int copy = dup(ends[1]);
  say("copy", copy - ends[1]);
  say("to a place", dup2(ends[1], 20));
  close(ends[1]);
  close(copy);
  say("still open", write(20, "abc", 3));
  say("closed", write(ends[1], "abc", 3));
  say("errno", errno);
  char text[8] = {0};
  struct iovec parts[] = {{text, 2}, {text + 4, 4}};
  say("in parts", readv(ends[0], parts, 2));
  printf("%s %s\n", text, text + 4);
  say("flags", fcntl(20, F_GETFD));
  fcntl(20, F_SETFD, FD_CLOEXEC);
  say("flags", fcntl(20, F_GETFD));
  say("higher", fcntl(20, F_DUPFD, 30));
  close(30);
  close(20);
  say("nobody writes", read(ends[0], text, 1));
  close(ends[0]);
  say("closed twice", close(ends[0]));
  say("errno", errno);
}

static void who_shares(unsigned long flags, const char* name) {
  int ends[2];
  char path[64];
  struct stat status;
  if (pipe(ends) != 0 || chdir("/") != 0) return;
  umask(022);
  pid_t child = (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) {
    syscall(SYS_close, ends[0]);
    syscall(SYS_chdir, "/tmp");
    syscall(SYS_umask, 077);
    syscall(SYS_exit, 0);
  }
  int code;
  waitpid(child, &code, 0);
  printf("%s: descriptor %s, directory %s, umask %o\n", name, fstat(ends[0], &status) == 0 ? "open" : "closed",
         getcwd(path, sizeof path), umask(022));
  fflush(stdout);
  close(ends[0]);
  close(ends[1]);
}

int main(void) {
  // Whoever runs the tests may have left some open.
  for (int descriptor = 3; descriptor < 64; ++descriptor) close(descriptor);
  through_a_pipe();
  broken();
  copies_of_descriptors();
  who_shares(0, "fork");
  who_shares(CLONE_FILES, "CLONE_FILES");
  who_shares(CLONE_FS, "CLONE_FS");
  who_shares(CLONE_FILES | CLONE_FS, "both");
  say("no such directory", chdir("/nowhere"));
  say("errno", errno);
  return 0;
}
