/* What note 004 wishes for: preemption in user space. Three workers never yield; SIGALRM takes the CPU from them. The
 * kernel puts all of the interrupted registers on the worker's stack and calls the handler there; the handler goes on
 * in the next worker's context by swapcontext. When a later alarm brings the first worker back, its handler returns,
 * and sigreturn gives it every register again, in the middle of an addition if need be.
 *
 * Each worker works until it has been interrupted TURNS times, however long that takes, and does the same computation
 * over and over: what is printed does not depend on when an alarm comes. */
#include <signal.h>
#include <sys/time.h>
#include <ucontext.h>

#include "asm/runtime/console.h"
#include "asm/runtime/mapped_stack.h"
#include "asm/runtime/saved_rsp.h"
#include "asm/runtime/thread_table.h"

enum { WORKERS = 3, TURNS = 2, STACK_SIZE = 0x8000, FIRST_SLICE = 2 };

struct worker {
  ucontext_t context;
  struct tcb* block;
  uint64_t seed;
  uint64_t checksum;
  volatile uint64_t turns; /* how often an alarm took the CPU away */
  volatile uint64_t work;  /* computations so far … */
  uint64_t work_before;    /* … and when it was interrupted last */
  uint64_t wrong;          /* computations that gave another result than the first */
};

struct worker workers[WORKERS];
ucontext_t main_context;

/* The one that runs; nobody while main does. */
struct worker* volatile current;

/* Microseconds until the next alarm. */
volatile int64_t slice = FIRST_SLICE;

struct report {
  uint64_t checksums[WORKERS];
  uint64_t wrong;
};

struct report report PLATFORM_REPORT;

/* One alarm, not a train of them: the next one is asked for when the handler has done its work. */
static void arm_timer(void) {
  struct itimerval once = {.it_value = {.tv_usec = slice}};
  setitimer(ITIMER_REAL, &once, NULL);
}

static struct worker* next_worker(struct worker* from) {
  for (int i = 1; i <= WORKERS; ++i) {
    struct worker* candidate = &workers[(from - workers + i) % WORKERS];
    if (candidate->block->state == THREAD_READY) return candidate;
  }
  return NULL;
}

/* On a slow processor a slice may be over before anything was done: then the next one is twice as long. */
static void look_for_progress(struct worker* worker) {
  if (worker->work == worker->work_before) slice *= 2;
  worker->work_before = worker->work;
}

/* SIGALRM is blocked wherever contexts are switched: swapcontext sets the signal mask while it still runs on the old
 * stack, and an alarm there would save the new worker's context over the one that is about to be loaded. */
static void set_alarms(int how) {
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  sigprocmask(how, &alarm, NULL);
}

/* The handler, on the interrupted worker's own stack, with SIGALRM blocked. It returns when the worker's turn has come
 * again; then sigreturn unblocks SIGALRM and gives the registers back, both at once. */
static void timer_interrupt(int signal) {
  (void)signal;
  struct worker* from = current;
  from->turns += 1;
  look_for_progress(from);
  from->block->state = THREAD_READY;
  struct worker* to = next_worker(from);
  to->block->state = THREAD_RUNNING;
  current = to;
  arm_timer();
  note_saved_rsp(from->block);
  if (to != from) swapcontext(&from->context, &to->context);
}

/* A worker's end: on to the next one, or back to main. */
static void thread_exit(struct worker* from) {
  set_alarms(SIG_BLOCK);
  from->block->state = THREAD_FINISHED;
  struct worker* to = next_worker(from);
  current = to;
  if (to == NULL) {
    thread_table[0].state = THREAD_RUNNING;
    setcontext(&main_context);
  } else {
    to->block->state = THREAD_RUNNING;
    setcontext(&to->context);
  }
}

static uint64_t checksum_of(struct worker* worker) {
  uint64_t sum = worker->seed;
  for (uint64_t i = 0; i < 24; ++i) {
    sum = 33 * sum + i;
    sum ^= sum >> 7;
  }
  worker->work += 1;
  return sum & 0xFFFF;
}

static void check_again(struct worker* worker) {
  if (checksum_of(worker) != worker->checksum) worker->wrong += 1;
}

/* Begins with SIGALRM blocked, as every context. */
static void run_worker(void) {
  struct worker* me = current;
  set_alarms(SIG_UNBLOCK);
  me->checksum = checksum_of(me);
  while (me->turns < TURNS) check_again(me);
  thread_exit(me);
}

static void hire(struct worker* worker, const char* name, uint64_t seed) {
  void* stack = map_stack(STACK_SIZE);
  if (stack == NULL || getcontext(&worker->context) != 0) platform_exit(2);
  worker->context.uc_stack.ss_sp = stack;
  worker->context.uc_stack.ss_size = STACK_SIZE;
  makecontext(&worker->context, run_worker, 0);
  worker->seed = seed;
  worker->block = table_take(name, KIND_USER);
  worker->block->entry = (uint64_t)run_worker;
  worker->block->resume = (uint64_t)run_worker;
  worker->block->saved_rsp = (uint64_t)worker->context.uc_mcontext.gregs[REG_RSP];
  table_set_stack(worker->block, stack, STACK_SIZE);
  worker->block->state = THREAD_READY;
}

/* Comes back when all workers have ended. */
static void thread_start(struct worker* first) {
  thread_table[0].state = THREAD_WAITING;
  first->block->state = THREAD_RUNNING;
  current = first;
  arm_timer();
  note_saved_rsp(&thread_table[0]);
  swapcontext(&main_context, &first->context);
}

static void report_on(uint64_t index) {
  struct worker* worker = &workers[index];
  report.checksums[index] = worker->checksum;
  report.wrong += worker->wrong + (worker->turns < TURNS);
  print("checksum ");
  print_number(worker->checksum);
  print("\n");
}

int main(void) {
  set_alarms(SIG_BLOCK);
  struct sigaction action = {.sa_handler = timer_interrupt, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  hire(&workers[0], "anna", 3);
  hire(&workers[1], "bert", 5);
  hire(&workers[2], "carl", 7);
  thread_start(&workers[0]);
  for (uint64_t i = 0; i < WORKERS; ++i) report_on(i);
  print_number(report.wrong);
  print(" wrong\n");
  return report.wrong == 0 ? 0 : 1;
}
