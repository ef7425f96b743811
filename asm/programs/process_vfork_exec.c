/* vfork copies nothing, not even page tables: the child borrows its parent's memory, and the parent stands still until
 * the child has begun another program, which is this one again. */
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

#include "asm/processes/kernel_call.h"
#include "asm/processes/say.h"

long balance = 100;

static long child(void* name) {
  char* arguments[] = {name, "again", 0};
  char* environment[] = {0};
  balance = 175;
  kernel_call(SYS_execve, (long)"/proc/self/exe", (long)arguments, (long)environment, 0);
  return 127;
}

int main(int argc, char** argv) {
  int status = 0;
  if (argc > 1) {
    say("the program begun anew: balance ");
    say_number(balance);
    say("\n");
    kernel_call(SYS_exit_group, 7, 0, 0, 0);
  }
  balance = 150;
  long id = clone_call(CLONE_VFORK | CLONE_VM | SIGCHLD, 0, child, argv[0], 0);
  kernel_call(SYS_wait4, id, (long)&status, 0, 0);
  say("the parent: balance ");
  say_number(balance);
  say(", its child ended with ");
  say_number(status >> 8);
  say("\n");
  return 0;
}
