#include "asm/fibers/kernel_jobs.h"

#include "asm/fibers/stackmalloc.h"
#include "asm/fibers/timer_gate.h"
#include "asm/fibers/turns.h"
#include "asm/runtime/console.h"
#include "asm/runtime/thread_table.h"

uint64_t next_job;
uint64_t jobs_waiting;
uint64_t job_done[MOST_JOBS];
uint64_t job_result[MOST_JOBS];

static struct scheduler_place places[MOST_KERNEL_THREADS];

/* What lies at and above the stack's cell 0 is not touched. */
static struct scheduler_place make_scheduler(const char* name) {
  struct stack_bottom* bottom = stackmalloc();
  struct tcb* thread = table_take(name, KIND_SCHEDULER);
  bottom->owner = (uint64_t)thread;
  table_set_stack(thread, stack_block_of(bottom), STACK_BLOCK_SIZE);
  thread->saved_rsp = (uint64_t)bottom - 16;
  thread->state = THREAD_READY;
  return (struct scheduler_place){.stack_top = (uint64_t)bottom - 16, .thread = (uint64_t)thread};
}

static void* kernel_thread(void* argument) {
  work_on_jobs(argument);
  return NULL;
}

void run_kernel_threads(const uint32_t first_turns[MOST_KERNEL_THREADS], uint32_t later_turns, uint64_t stacks) {
  static const char* const kernel_names[MOST_KERNEL_THREADS] = {"kernel 0", "kernel 1", "kernel 2"};
  static const char* const scheduler_names[MOST_KERNEL_THREADS] = {"scheduler 0", "scheduler 1", "scheduler 2"};
  struct tcb* first = NULL;
  for (uint64_t i = 0; i < MOST_KERNEL_THREADS && first_turns[i] != 0; i += 1) {
    places[i] = i < stacks ? make_scheduler(stacks == 1 ? "scheduler" : scheduler_names[i]) : places[0];
    places[i].first_turn = first_turns[i];
    struct tcb* thread = turn_create(kernel_names[i], KIND_KERNEL, kernel_thread, &places[i]);
    if (first == NULL) first = thread;
  }
  timer_gate_set(timer_interrupt);
  turn_quantum = later_turns;
  turn_run(first);
}

int print_jobs(int with_results) {
  int each_once = 1;
  for (uint64_t job = 0; job < job_count; job += 1) {
    print("job ");
    print_number(job);
    print(" done ");
    print_number(job_done[job]);
    if (with_results) {
      print(", sum ");
      print_number(job_result[job]);
    }
    print("\n");
    if (job_done[job] != 1) each_once = 0;
  }
  return each_once;
}
