/* Six jobs on three stacks. Each fiber counts down from its own number, some calls deep, and yields at each number;
 * when its outermost function returns, it falls into frame_dealloc and its block goes to the next job that waits. main
 * prints which block each job got. */
#include "asm/fibers/block_fiber.h"
#include "asm/runtime/console.h"

enum { JOBS = 6, SEATS = 3 };

struct job {
  uint64_t from;       /* counts down from here */
  uint64_t steps;      /* how often it has counted */
  uint64_t block;      /* of its stack */
  uint64_t saw_bottom; /* whether it found frame_dealloc where its stack pointer was when it began */
};

static struct job jobs[JOBS] = {{.from = 1}, {.from = 4}, {.from = 2}, {.from = 3}, {.from = 1}, {.from = 1}};

struct report {
  uint64_t blocks[JOBS];
  uint64_t steps;
  uint64_t saw_bottom;
};

struct report report PLATFORM_REPORT;

extern char frame_dealloc[];

static void count_one(struct job* job) {
  job->steps += 1;
  fiber_yield();
}

static void count_down(struct job* job, uint64_t number) {
  if (number == 0) return;
  count_one(job);
  count_down(job, number - 1);
}

static void do_job(void* argument, uint64_t* stack_pointer) {
  struct job* job = argument;
  job->saw_bottom = stack_pointer[0] == (uint64_t)frame_dealloc;
  count_down(job, job->from);
}

static struct tcb* seat_next(uint64_t* next) {
  static const char* const names[JOBS] = {"job 0", "job 1", "job 2", "job 3", "job 4", "job 5"};
  if (*next == JOBS) return NULL;
  uint64_t number = *next;
  struct tcb* fiber = fiber_create(names[number], do_job, &jobs[number]);
  if (fiber == NULL) return NULL;
  jobs[number].block = stack_block_number(stack_bottom_of(fiber->saved_rsp));
  *next = number + 1;
  return fiber;
}

static void run_jobs(void) {
  struct tcb* seats[SEATS] = {NULL, NULL, NULL};
  uint64_t next = 0;
  uint64_t busy;
  do {
    busy = 0;
    for (uint64_t i = 0; i < SEATS; i += 1) {
      if (seats[i] == NULL) seats[i] = seat_next(&next);
      if (seats[i] == NULL) continue;
      busy += 1;
      fiber_resume(seats[i]);
      if (seats[i]->state == THREAD_FINISHED) seats[i] = NULL;
    }
  } while (busy != 0);
}

int main(void) {
  run_jobs();
  for (uint64_t i = 0; i < JOBS; i += 1) {
    report.blocks[i] = jobs[i].block;
    report.steps += jobs[i].steps;
    report.saw_bottom += jobs[i].saw_bottom;
    print("job ");
    print_number(i);
    print(" on block ");
    print_number(jobs[i].block);
    print("\n");
  }
  return report.steps == 12 && report.saw_bottom == JOBS ? 0 : 1;
}
