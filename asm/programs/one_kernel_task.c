/* What the kernel sees of threads in user space: nothing. The task `editor` has three of them, which switch among
 * themselves without the kernel (asm/runtime). The task `clock` has none. When the typist waits for a key in the
 * kernel, the whole editor waits, and only the clock goes on. */
#include "asm/kernel/kernel.h"
#include "asm/runtime/console.h"
#include "asm/runtime/scheduler.h"
#include "asm/runtime/thread.h"

enum { KEYS = 3, WORDS = 6, STEPS_FOR_A_KEY = 500 };

uint64_t words;            /* that the speller has looked at */
uint64_t words_while_wait; /* of these, while the typist waited */
volatile uint64_t ticks;   /* of the clock */
uint64_t ticks_while_wait; /* of these, while the typist waited */
volatile uint64_t editor_finished;

/* The kernel learns of a key by its timer. */
static void wait_for_key(void) {
  uint64_t words_before = words;
  uint64_t ticks_before = ticks;
  system_call(SYSTEM_SLEEP, STEPS_FOR_A_KEY);
  words_while_wait += words - words_before;
  ticks_while_wait += ticks - ticks_before;
}

static void* typist(void* keys) {
  for (uint64_t key = 0; key < (uint64_t)keys; ++key) {
    wait_for_key();
    print(" key");
    thread_yield();
  }
  return NULL;
}

static void* speller(void* count) {
  while (words < (uint64_t)count) {
    words += 1;
    print(" word");
    thread_yield();
  }
  return NULL;
}

/* The editor's first thread makes the others and waits for them, with the user-level runtime alone. */
static void* editor_task(void* argument) {
  struct task* self = *(struct task**)argument;
  running_thread = self->user_side;
  running_thread->state = THREAD_RUNNING;
  struct tcb* typing = thread_create("typist", typist, (void*)KEYS, 1);
  struct tcb* spelling = thread_create("speller", speller, (void*)WORDS, 1);
  thread_join(typing);
  thread_join(spelling);
  editor_finished = 1;
  running_thread->state = THREAD_FINISHED;
  return NULL;
}

static void* clock_task(void* argument) {
  while (!editor_finished) ticks += 1;
  return argument;
}

int main(void) {
  struct task* editor;
  kernel_boot();
  editor = kernel_create_task("editor", "editor's kernel", editor_task, &editor);
  editor->has_own_threads = 1;
  kernel_create_task("clock", "clock's kernel", clock_task, NULL);
  print("editor:");
  kernel_run();
  print("\nwords while the typist waited: ");
  print_number(words_while_wait);
  if (ticks_while_wait > 0) print("\nmeanwhile the clock went on\n");
  return words_while_wait == 0 && ticks_while_wait > 0 ? 0 : 1;
}
