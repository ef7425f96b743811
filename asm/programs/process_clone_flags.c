/* What a child shares with its parent, by the flags of clone: the child changes each of four things, and the parent
 * looks whether it sees the change. Then who they are: getpid against gettid. */
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "asm/processes/kernel_call.h"
#include "asm/processes/say.h"

enum { PAGE_SIZE = 4096, STACK_WORDS = 1024 };

/* The kernel's struct sigaction. */
struct kernel_action {
  long handler;
  unsigned long flags;
  long restorer;
  unsigned long mask;
};

long memory_word; /* 1: a child has been here */
long probe;       /* a descriptor for the child to close */
long parent_id;   /* getpid of the parent */
long child_seen;  /* bit 0: getpid is the parent's; bit 1: gettid is getpid */
int child_alive;  /* CLONE_CHILD_CLEARTID: the kernel writes 0 at the end of a thread */

/* A child's stack, and below it a page that nobody may touch. */
static struct {
  char guard[PAGE_SIZE];
  uint64_t words[STACK_WORDS];
} stack __attribute__((aligned(4096)));

static long set_handler(long handler) {
  struct kernel_action action = {handler, 0, 0, 0};
  return kernel_call(SYS_rt_sigaction, SIGUSR1, (long)&action, 0, 8);
}

static long child(void* nothing) {
  (void)nothing;
  memory_word = 1;
  kernel_call(SYS_close, probe, 0, 0, 0);
  kernel_call(SYS_chdir, (long)"/tmp", 0, 0, 0);
  set_handler((long)SIG_IGN);
  long process = kernel_call(SYS_getpid, 0, 0, 0, 0);
  long task = kernel_call(SYS_gettid, 0, 0, 0, 0);
  child_seen = (process == parent_id ? 1 : 0) | (task == process ? 2 : 0);
  return child_seen;
}

static void say_answer(const char* what, int yes) {
  say(what);
  say(yes ? " yes" : " no ");
}

static void look(long seen) {
  char directory[16];
  struct kernel_action action = {0, 0, 0, 0};
  kernel_call(SYS_getcwd, (long)directory, sizeof directory, 0, 0);
  kernel_call(SYS_rt_sigaction, SIGUSR1, 0, (long)&action, 8);
  say_answer("  memory", memory_word == 1);
  say_answer("  descriptors", kernel_call(SYS_fcntl, probe, F_GETFD, 0, 0) < 0);
  say_answer("  directory", directory[1] == 't');
  say_answer("  handlers", action.handler == (long)SIG_IGN);
  say(seen & 1 ? "  the same process" : "  a new process");
  say(seen & 2 ? "\n" : ", another task\n");
}

static void try_flags(const char* name, long flags, int has_stack) {
  int status = 0;
  memory_word = 0;
  child_seen = 0;
  child_alive = 1;
  probe = kernel_call(SYS_dup, 1, 0, 0, 0);
  kernel_call(SYS_chdir, (long)"/", 0, 0, 0);
  set_handler((long)SIG_DFL);
  stack.words[STACK_WORDS - 2] = (uint64_t)clone_last;
  say(name);
  long id = clone_call(flags, has_stack ? &stack.words[STACK_WORDS - 2] : 0, child, 0, &child_alive);
  if ((flags & CLONE_THREAD) != 0) {
    while (child_alive != 0) kernel_call(SYS_futex, (long)&child_alive, FUTEX_WAIT, 1, 0);
    look(child_seen);
  } else {
    kernel_call(SYS_wait4, id, (long)&status, __WALL, 0);
    look(status >> 8);
  }
  kernel_call(SYS_close, probe, 0, 0, 0);
}

int main(void) {
  kernel_call(SYS_mprotect, (long)stack.guard, PAGE_SIZE, PROT_NONE, 0);
  parent_id = kernel_call(SYS_getpid, 0, 0, 0, 0);
  try_flags("LinuxThreads: ", CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND, 1);
  try_flags("fork:         ", SIGCHLD, 0);
  try_flags("vfork:        ", CLONE_VFORK | CLONE_VM | SIGCHLD, 0);
  try_flags("CLONE_THREAD: ", CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID,
            1);
  return 0;
}
