/* Two fibers do the same: run_chain calls chainhead, chainhead calls chainsec, and chainsec calls itself a few times.
 * From the innermost call each goes up the chain of saved rbp until it has found chainhead's frame. The first lets all
 * calls return the way they came. The second overwrites chainhead's return address with that of frame_dealloc:
 * chainhead returns, but not to run_chain, and the fiber ends there. */
#include "asm/fibers/block_fiber.h"
#include "asm/fibers/chain.h"
#include "asm/runtime/console.h"

enum { LINKS = 3, TURNS = 3 };

struct walk {
  uint64_t rewrite;      /* whether the return address is to be overwritten */
  uint64_t frames;       /* saved rbp that were followed up to chainhead's frame */
  uint64_t head_ended;   /* chainhead came to its end */
  uint64_t caller_ended; /* so did run_chain, which had called it */
};

struct report {
  struct walk plain;
  struct walk rewritten;
};

struct report report PLATFORM_REPORT = {.rewritten = {.rewrite = 1}};

extern char frame_dealloc[];

/* What chainhead tells those that it calls. */
struct search {
  struct walk* walk;
  struct chain_frame* head; /* its own frame: how far up to go */
};

static void go_up(struct search* search, struct chain_frame* frame) {
  struct chain_frame* found = chain_follow(frame, search->head, &search->walk->frames);
  fiber_yield();
  if (search->walk->rewrite) chain_redirect(found, (uint64_t)frame_dealloc);
}

static void chainsec(struct search* search, uint64_t links) {
  if (links > 1)
    chainsec(search, links - 1);
  else
    go_up(search, __builtin_frame_address(0));
}

static void chainhead(struct walk* walk) {
  struct search search = {walk, __builtin_frame_address(0)};
  chainsec(&search, LINKS);
  walk->head_ended = 1;
  fiber_yield();
}

static void run_chain(void* argument, uint64_t* stack_pointer) {
  (void)stack_pointer;
  struct walk* walk = argument;
  chainhead(walk);
  walk->caller_ended = 1;
}

static void print_walk(const struct walk* walk) {
  print_number(walk->frames);
  print(" frames up to chainhead");
  if (walk->head_ended) print(", chainhead ended");
  if (walk->caller_ended) print(", run_chain ended");
  print("\n");
}

int main(void) {
  struct tcb* plain = fiber_create("plain", run_chain, &report.plain);
  struct tcb* rewritten = fiber_create("rewritten", run_chain, &report.rewritten);
  for (uint64_t turn = 0; turn < TURNS; turn += 1) {
    fiber_resume(plain);
    fiber_resume(rewritten);
  }
  print_walk(&report.plain);
  print_walk(&report.rewritten);
  return plain->state == THREAD_FINISHED && rewritten->state == THREAD_FINISHED ? 0 : 1;
}
