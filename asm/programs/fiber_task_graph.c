/* Six tasks of a small compiler, each a fiber, and what each needs from others as a graph. A task waits until all those
 * it depends on have ended: it counts them, and the last one to end makes it ready. Tasks that are ready take turns
 * under the scheduler; each adds up what its predecessors found, so that a task that ran too early would give a wrong
 * sum. */
#include "asm/fibers/scheduled_fiber.h"
#include "asm/runtime/console.h"

enum { TASKS = 6, MOST_SUCCESSORS = 2 };

struct task {
  uint64_t successors[MOST_SUCCESSORS]; /* numbers of the tasks that need this one */
  uint64_t successor_count;
  uint64_t missing; /* tasks that it still waits for: its indegree, counted down */
  uint64_t effort;  /* turns that it takes */
  uint64_t sum;     /* of its predecessors' sums, and its effort */
  uint64_t fiber;   /* struct tcb * */
};

enum { READ, RULES, LEX, NAMES, PARSE, CHECK };

static struct task tasks[TASKS] = {
    [READ] = {.successors = {LEX, NAMES}, .successor_count = 2, .effort = 2},
    [RULES] = {.successors = {CHECK}, .successor_count = 1, .effort = 3},
    [LEX] = {.successors = {PARSE}, .successor_count = 1, .effort = 2},
    [NAMES] = {.successors = {CHECK}, .successor_count = 1, .effort = 1},
    [PARSE] = {.successors = {CHECK}, .successor_count = 1, .effort = 1},
    [CHECK] = {.effort = 1},
};

struct report {
  uint64_t order[TASKS]; /* the tasks, as they ended */
  uint64_t ended;
  uint64_t sum; /* of the last task */
};

struct report report PLATFORM_REPORT;

static void count_predecessors(void) {
  for (uint64_t number = 0; number < TASKS; number += 1) {
    struct task* task = &tasks[number];
    for (uint64_t i = 0; i < task->successor_count; i += 1) tasks[task->successors[i]].missing += 1;
  }
}

static void release_successors(struct task* task) {
  for (uint64_t i = 0; i < task->successor_count; i += 1) {
    struct task* successor = &tasks[task->successors[i]];
    successor->sum += task->sum;
    successor->missing -= 1;
    if (successor->missing == 0) fiber_make_ready((struct tcb*)successor->fiber);
  }
}

static void work(struct task* task) {
  for (register uint64_t turn = 0; turn < task->effort; turn += 1) {
    task->sum += 1;
    fiber_yield(NULL);
  }
}

static void* run_task(void* argument) {
  struct task* task = argument;
  work(task);
  report.order[report.ended] = (uint64_t)(task - tasks);
  report.ended += 1;
  release_successors(task);
  return NULL;
}

static const char names[TASKS][6] = {"read", "rules", "lex", "names", "parse", "check"};

static void create_tasks(void) {
  for (uint64_t number = 0; number < TASKS; number += 1)
    tasks[number].fiber = (uint64_t)fiber_create(names[number], run_task, &tasks[number]);
}

static void start_tasks_without_predecessor(void) {
  for (uint64_t number = 0; number < TASKS; number += 1)
    if (tasks[number].missing == 0) fiber_make_ready((struct tcb*)tasks[number].fiber);
}

int main(void) {
  scheduler_create();
  count_predecessors();
  create_tasks();
  start_tasks_without_predecessor();
  fiber_run();
  report.sum = tasks[CHECK].sum;
  for (uint64_t i = 0; i < report.ended; i += 1) {
    const char* name = names[report.order[i]];
    size_t length = 0;
    while (length < sizeof names[0] && name[length] != 0) length += 1;
    platform_put(name, length);
    print("\n");
  }
  print("sum ");
  print_number(report.sum);
  print("\n");
  return report.ended == TASKS ? 0 : 1;
}
