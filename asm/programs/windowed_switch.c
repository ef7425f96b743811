/* A baker and a customer, on the windowed switch of note 001 as printed. The baker yields after each loaf; the customer
 * waits in yield_until until enough loaves lie on the shelf. Both look at rsp after each resume. yield_until switches
 * again and again within one frame, which loses 8 bytes each time, until its `leave` takes rsp from rbp; the baker's
 * yield_now has a frame for each switch, whose `leave` hides the same loss at once. */
#include "asm/runtime/console.h"
#include "asm/runtime/platform.h"
#include "asm/windowed/yield_now.h"
#include "asm/windowed/yield_until.h"

enum { LOAVES = 6, FIRST_ORDER = 4 };

uint64_t shelf; /* loaves baked so far */

/* How far rsp has sunk in a frame, after each resume of it. */
struct report {
  uint64_t customer_sunk[LOAVES];
  uint64_t customer_resumes;
  uint64_t baker_sunk[LOAVES];
  uint64_t baker_resumes;
};

struct report report PLATFORM_REPORT;

static void note_customer(uint64_t sunk) {
  report.customer_sunk[report.customer_resumes++] = sunk;
}

static uint64_t buy_loaves(uint64_t wanted) {
  uint64_t before = shelf;
  yield_until(&shelf, wanted, note_customer);
  return shelf - before;
}

static void* customer(void* argument) {
  const uint64_t* orders = argument;
  uint64_t bought = 0;
  bought += buy_loaves(orders[0]);
  bought += buy_loaves(orders[1]);
  return (void*)bought;
}

static void bake_loaf(void) {
  uint64_t rsp_at_first = stack_pointer();
  shelf += 1;
  yield_now();
  report.baker_sunk[report.baker_resumes++] = rsp_at_first - stack_pointer();
}

static void* baker(void* argument) {
  uint64_t baked = 0;
  while (baked < (uint64_t)argument) {
    bake_loaf();
    baked += 1;
  }
  return (void*)baked;
}

static void print_sunk(const uint64_t* sunk, uint64_t resumes) {
  for (uint64_t i = 0; i < resumes; ++i) {
    print(" ");
    if (sunk[i] != 0) print("-");
    print_number(sunk[i]);
  }
  print("\n");
}

static uint64_t run_bakery(void) {
  static const uint64_t orders[] = {FIRST_ORDER, LOAVES};
  struct thread* buyer = thread_spawn("customer", customer, (void*)orders);
  struct thread* maker = thread_spawn("baker", baker, (void*)LOAVES);
  uint64_t bought = (uint64_t)thread_join(buyer);
  uint64_t baked = (uint64_t)thread_join(maker);
  print("baked ");
  print_number(baked);
  print(", bought ");
  print_number(bought);
  print("\n");
  return bought;
}

int main(void) {
  uint64_t bought = run_bakery();
  print("rsp in the customer's frame, resume by resume:");
  print_sunk(report.customer_sunk, report.customer_resumes);
  print("rsp in the baker's frame:");
  print_sunk(report.baker_sunk, report.baker_resumes);
  return bought == LOAVES ? 0 : 1;
}
