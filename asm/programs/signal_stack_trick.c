/* The signal-stack trick of note 004's reference (R. S. Engelschall, Portable Multithreading, 2000): a context with a
 * stack of its own out of nothing but POSIX signals and setjmp, no line of assembly. The kernel is asked to run a
 * signal handler on the new stack; setjmp in the handler keeps a context that lives there; the handler returns, so the
 * kernel believes the signal is over; a later longjmp goes back onto the stack. Numbers as in the paper's figure. */
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "asm/runtime/console.h"
#include "asm/runtime/mapped_stack.h"
#include "asm/runtime/saved_rsp.h"
#include "asm/runtime/thread_table.h"

enum { STACK_SIZE = 0x8000, VERSES = 3, KERNEL_SIGNAL_SET = 8 /* bytes */ };

struct machine_context {
  jmp_buf registers;
  struct tcb* block;
};

struct machine_context main_line = {.block = &thread_table[0]};
struct machine_context voices[2];

/* What the trampoline needs to know: it is called by the kernel, with a signal's number only. */
static struct machine_context* volatile born;
static void (*born_function)(void*);
static void* born_argument;
static sigset_t born_signals;
static volatile sig_atomic_t trampoline_called;
static jmp_buf creator;

uint64_t verses_sung;

struct report {
  uint64_t verses;
};

struct report report PLATFORM_REPORT;

static void mark(struct machine_context* from, enum thread_state state, struct machine_context* to) {
  from->block->state = (uint8_t)state;
  to->block->state = THREAD_RUNNING;
}

/* Goes on in `to`; comes back when somebody goes on in `from`. */
static void thread_yield(struct machine_context* from, struct machine_context* to) {
  mark(from, THREAD_READY, to);
  note_saved_rsp(from->block);
  if (setjmp(from->registers) == 0) longjmp(to->registers, 1);
}

static _Noreturn void thread_exit(struct machine_context* from, struct machine_context* to) {
  mark(from, THREAD_FINISHED, to);
  longjmp(to->registers, 1);
}

/* 10: on the new stack for the second time, and no signal handler any more. A frame of its own, so that nothing which
 * the trampoline kept on its stack is used. 11-13: the signal mask that the creator had, and what to run; then back to
 * mctx_create, which has been waiting for this. */
static _Noreturn void mctx_create_boot(void) {
  struct machine_context* me = born;
  void (*function)(void*) = born_function;
  void* argument = born_argument;
  sigprocmask(SIG_SETMASK, &born_signals, NULL);
  mark(me, THREAD_READY, &main_line);
  note_saved_rsp(me->block);
  if (setjmp(me->registers) == 0) longjmp(creator, 1);
  function(argument);
  platform_exit(3);
}

/* 5: the signal handler, on the alternate stack. 6: it keeps its context and returns as handlers do; the next time that
 * setjmp comes back, longjmp brought it here. */
static void mctx_create_trampoline(int signal) {
  (void)signal;
  if (setjmp(born->registers) == 0) {
    born->block->state = THREAD_INIT;
    main_line.block->state = THREAD_RUNNING;
    trampoline_called = 1;
    return;
  }
  mctx_create_boot();
}

/* 3-4: the new stack is where handlers run from now on. */
static void use_signal_stack(void* stack, stack_t* before) {
  stack_t alternate = {.ss_sp = stack, .ss_size = STACK_SIZE};
  if (sigaltstack(&alternate, before) != 0) platform_exit(2);
}

/* 5: the signal is let through for as long as it takes. This is sigsuspend(2) as the kernel knows it; glibc's function
 * of that name is a cancellation point as well, made differently in each release. */
static void raise_and_wait(void) {
  sigset_t others;
  sigfillset(&others);
  sigdelset(&others, SIGUSR1);
  kill(getpid(), SIGUSR1);
  while (!trampoline_called) syscall(SYS_rt_sigsuspend, &others, KERNEL_SIGNAL_SET);
}

/* Makes a context that will run function(argument) on the stack. */
static void mctx_create(struct machine_context* context, void* stack, void (*function)(void*), void* argument) {
  /* 1: the signal is kept back, 2: and leads to the trampoline. */
  sigset_t user_signal;
  sigemptyset(&user_signal);
  sigaddset(&user_signal, SIGUSR1);
  sigprocmask(SIG_BLOCK, &user_signal, &born_signals);
  struct sigaction before;
  struct sigaction action = {.sa_handler = mctx_create_trampoline, .sa_flags = SA_ONSTACK};
  sigaction(SIGUSR1, &action, &before);
  stack_t stack_before;
  use_signal_stack(stack, &stack_before);
  born = context;
  born_function = function;
  born_argument = argument;
  trampoline_called = 0;
  raise_and_wait();
  /* 7-8: nobody handles signals on that stack any more: it is the context's now. */
  stack_t none = {.ss_flags = SS_DISABLE};
  sigaltstack(&none, NULL);
  sigaction(SIGUSR1, &before, NULL);
  sigprocmask(SIG_SETMASK, &born_signals, NULL);
  /* 9: into the trampoline's context, once, so that it leaves the handler's frame for good. */
  mark(&main_line, THREAD_READY, context);
  note_saved_rsp(main_line.block);
  if (setjmp(creator) == 0) longjmp(context->registers, 1);
}

static void sing_verse(uint64_t verse, struct machine_context* me, struct machine_context* other) {
  char line[] = "a1 ";
  line[0] = (char)('a' + (me - voices));
  line[1] = (char)('1' + verse);
  platform_put(line, sizeof line - 1);
  verses_sung += 1;
  thread_yield(me, other);
}

static void sing(void* argument) {
  struct machine_context* me = argument;
  struct machine_context* other = me == voices ? voices + 1 : voices;
  for (uint64_t verse = 0; verse < VERSES; ++verse) sing_verse(verse, me, other);
  thread_exit(me, me == voices ? other : &main_line);
}

static void create_voice(struct machine_context* voice, const char* name) {
  void* stack = map_stack(STACK_SIZE);
  if (stack == NULL) platform_exit(2);
  voice->block = table_take(name, KIND_USER);
  table_set_stack(voice->block, stack, STACK_SIZE);
  mctx_create(voice, stack, sing, voice);
}

static void thread_start(struct machine_context* first) {
  mark(&main_line, THREAD_WAITING, first);
  note_saved_rsp(main_line.block);
  if (setjmp(main_line.registers) == 0) longjmp(first->registers, 1);
}

int main(void) {
  create_voice(&voices[0], "alto");
  create_voice(&voices[1], "bass");
  thread_start(&voices[0]);
  report.verses = verses_sung;
  print("\n");
  print_number(report.verses);
  print(" verses, no assembly\n");
  return report.verses == 2 * VERSES ? 0 : 1;
}
