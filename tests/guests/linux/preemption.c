// Preemptive threads of one process: a timer's handler swaps contexts in the middle of whatever ran.
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <ucontext.h>

enum { THREADS = 2, STACK = 65536, TURNS = 4, WORK = 1000 };

static ucontext_t contexts[THREADS], main_context;
static char stacks[THREADS][STACK];
static volatile int current = -1;
static volatile int turns[THREADS];
static volatile unsigned long work[THREADS];
static volatile double sums[THREADS];

static void on_timer(int number) {
  (void)number;
  if (current < 0) return;
  const int before = current;
  ++turns[before];
  current = (before + 1) % THREADS;
  swapcontext(&contexts[before], &contexts[current]);
}

static void worker(int id) {
  double sum = 0;
  while (turns[0] < TURNS || turns[1] < TURNS || work[0] < WORK || work[1] < WORK) {
    ++work[id];
    sum += 0.5;  // in an xmm register when the timer strikes
  }
  sums[id] = sum;
}

static int is_right(int id) {
  return work[id] >= WORK && (sums[id] == 0 || sums[id] == 0.5 * (double)work[id]);
}

int main(void) {
  struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(TIMER_SIGNAL, &action, NULL);
  for (int id = 0; id < THREADS; ++id) {
    getcontext(&contexts[id]);
    contexts[id].uc_stack.ss_sp = stacks[id];
    contexts[id].uc_stack.ss_size = STACK;
    contexts[id].uc_link = &main_context;
    makecontext(&contexts[id], (void (*)(void))worker, 1, id);
  }
  const struct itimerval period = {{0, 50}, {0, 50}};
  const struct itimerval off = {{0, 0}, {0, 0}};
  current = 0;
  setitimer(TIMER, &period, NULL);
  swapcontext(&main_context, &contexts[0]);
  current = -1;
  setitimer(TIMER, &off, NULL);
  printf("both had %d turns at least, and counted right: %d %d\n", TURNS, is_right(0), is_right(1));
  return 0;
}
