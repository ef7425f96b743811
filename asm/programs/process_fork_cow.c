/* fork copies no memory: parent and child share five pages of data, each marked writable=0, and whoever writes one
 * first gets a copy of it. Pipes decide whose turn it is. */
#include <signal.h>
#include <sys/syscall.h>

#include "asm/processes/kernel_call.h"
#include "asm/processes/say.h"

enum { PAGES = 5, PAGE_SIZE = 4096 };

char pages[PAGES][PAGE_SIZE] __attribute__((aligned(4096)));

static int to_child[2], to_parent[2];

static void wait_for_turn(const int* pipe) {
  char turn;
  kernel_call(SYS_read, pipe[0], (long)&turn, 1, 0);
}

static void give_turn(const int* pipe) {
  kernel_call(SYS_write, pipe[1], (long)"!", 1, 0);
}

static void say_pages(const char* who) {
  char line[2 * PAGES + 1];
  for (int i = 0; i < PAGES; ++i) {
    line[2 * i] = pages[i][0];
    line[2 * i + 1] = i + 1 < PAGES ? ' ' : '\n';
  }
  line[2 * PAGES] = '\0';
  say(who);
  say(line);
}

static long child(void* nothing) {
  (void)nothing;
  write_byte(pages[0], 'c');
  write_byte(pages[1], 'c');
  give_turn(to_parent);
  wait_for_turn(to_child);
  write_byte(pages[2], 'c');
  write_byte(pages[3], 'c');
  say_pages("child:  ");
  return 0;
}

int main(void) {
  for (int i = 0; i < PAGES; ++i) write_byte(pages[i], 'p');
  kernel_call(SYS_pipe, (long)to_child, 0, 0, 0);
  kernel_call(SYS_pipe, (long)to_parent, 0, 0, 0);
  long id = clone_call(SIGCHLD, 0, child, 0, 0);
  wait_for_turn(to_parent);
  write_byte(pages[1], 'q');
  write_byte(pages[2], 'q');
  give_turn(to_child);
  int status = 1;
  kernel_call(SYS_wait4, id, (long)&status, 0, 0);
  write_byte(pages[4], 'q');
  say_pages("parent: ");
  return status;
}
