/* Three runners in a stadium, each a user space thread of note 004: ada runs three laps, bob two, eve four. After each
 * lap a runner yields. The kernel sees one task, whoever runs: getpid and gettid are asked in every lap. */
#include <unistd.h>

#include "asm/runtime/console.h"
#include "asm/userthreads/user_thread.h"

enum { RUNNERS = 3 };

struct runner {
  char letter;
  uint64_t laps;
  uint64_t stride;
  uint64_t metres; /* run so far */
};

struct runner runners[RUNNERS] = {{'a', 3, 3, 0}, {'b', 2, 5, 0}, {'e', 4, 2, 0}};

/* Ids of kernel tasks that a runner saw and that are not main's. */
uint64_t foreign_tasks;
pid_t main_task;

struct report {
  uint64_t metres;
  uint64_t foreign_tasks;
};

struct report report PLATFORM_REPORT;

static void look_at_the_kernel_task(void) {
  if (getpid() != main_task || gettid() != main_task) foreign_tasks += 1;
}

static void run_lap(struct runner* runner, uint64_t lap) {
  char line[] = "a1 ";
  line[0] = runner->letter;
  line[1] = (char)('0' + lap);
  platform_put(line, sizeof line - 1);
  runner->metres += 4 * runner->stride;
  look_at_the_kernel_task();
  thread_yield();
}

static void run(void* argument) {
  struct runner* runner = argument;
  for (uint64_t lap = 1; lap <= runner->laps; ++lap) run_lap(runner, lap);
}

static int enter(struct runner* runner, const char* name) {
  thread_name_next(name);
  struct thread* thread = thread_create(run, runner);
  if (thread == NULL) return 0;
  thread_add_runqueue(thread);
  return 1;
}

int main(void) {
  main_task = gettid();
  if (!enter(&runners[0], "ada") || !enter(&runners[1], "bob") || !enter(&runners[2], "eve")) return 2;
  thread_start_threading();
  for (int i = 0; i < RUNNERS; ++i) report.metres += runners[i].metres;
  report.foreign_tasks = foreign_tasks;
  print("\nall have returned after ");
  print_number(report.metres);
  print(" m\nkernel tasks: ");
  print_number(1 + foreign_tasks);
  print("\n");
  return report.metres == 108 && foreign_tasks == 0 ? 0 : 1;
}
