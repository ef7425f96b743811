// The signal stack trick: a handler that runs on an alternate stack keeps its context with setjmp and returns; later
// longjmp goes back into it, and a new stack is in use that nothing but portable calls has made.
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>

static char stack[32768];
static jmp_buf main_context, new_context;
static volatile sig_atomic_t made;
static volatile int on_new_stack;

static int is_inside(const void* address) {
  return (const char*)address >= stack && (const char*)address < stack + sizeof stack;
}

static void body(void) {
  int local = 0;
  for (;;) {
    on_new_stack = is_inside(&local);
    printf("body, turn %d\n", ++local);
    if (setjmp(new_context) == 0) longjmp(main_context, 1);
  }
}

static void handler(int number) {
  (void)number;
  if (setjmp(new_context) == 0) {
    made = 1;
    return;
  }
  body();
}

int main(void) {
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  stack_t disabled = {.ss_flags = SS_DISABLE}, old;
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  sigaltstack(&alternate, NULL);
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
  sigaltstack(&disabled, &old);
  printf("made: %d, the stack was %s\n", made, old.ss_sp == stack ? "ours" : "another");
  for (volatile int turn = 0; turn < 3; ++turn) {
    if (setjmp(main_context) == 0) longjmp(new_context, 1);
    printf("main, the other ran on its own stack: %d\n", on_new_stack);
  }
  return 0;
}
