// makecontext and swapcontext: two contexts on stacks of their own hand over to each other.
#include <stdio.h>
#include <ucontext.h>

enum { STACK = 16384, ROUNDS = 3 };

static ucontext_t main_context, ping_context, pong_context;
static char ping_stack[STACK], pong_stack[STACK];

static void ping(int from) {
  for (int i = from; i < from + ROUNDS; ++i) {
    printf("ping %d\n", i);
    swapcontext(&ping_context, &pong_context);
  }
}

static void pong(int from) {
  for (int i = from; i < from + ROUNDS; ++i) {
    printf("pong %d\n", i);
    swapcontext(&pong_context, &ping_context);
  }
}

static void make(ucontext_t* context, char* stack, ucontext_t* link, void (*entry)(int), int argument) {
  getcontext(context);
  context->uc_stack.ss_sp = stack;
  context->uc_stack.ss_size = STACK;
  context->uc_link = link;
  makecontext(context, (void (*)(void))entry, 1, argument);
}

int main(void) {
  make(&ping_context, ping_stack, &main_context, ping, 10);
  make(&pong_context, pong_stack, &main_context, pong, 20);
  swapcontext(&main_context, &ping_context);
  puts("back in main");
  return 0;
}
