/* What a call does to rsp and rip, with the numbers of the note: a fiber runs the note's main on a stack that was
 * placed so that rsp has the note's digits. main calls frame_explore and frame_change; the latter returns to the
 * beginning of main instead. Then two functions get their arguments where the System V ABI puts them and where Windows
 * does. */
#include "asm/fibers/fiber.h"
#include "asm/fibers/fiber_switch.h"
#include "asm/fibers/note_call.h"
#include "asm/runtime/console.h"
#include "asm/runtime/thread_table.h"

struct note_numbers note_numbers;

/* The last three digits of the addresses: the same wherever the stack lies. */
struct report {
  uint64_t main_rsp;
  uint64_t main_rbp;
  uint64_t explore_rsp;
  uint64_t change_rsp;
  uint64_t passes;
  uint64_t system_v;
  uint64_t windows;
};

struct report report PLATFORM_REPORT;

static void print_digits(uint64_t address) {
  static const char digits[16] = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
  platform_put(&digits[address >> 8 & 15], 1);
  platform_put(&digits[address >> 4 & 15], 1);
  platform_put(&digits[address & 15], 1);
  print("\n");
}

static void run_note(void) {
  struct tcb* fiber = table_take("note", KIND_FIBER);
  table_set_stack(fiber, note_stack, NOTE_STACK_USED);
  fiber->entry = (uint64_t)note_main;
  build_first_context(fiber);
  fiber->state = THREAD_READY;
  fiber_resume(fiber);
}

static void pass_arguments(void) {
  report.system_v = difference_system_v(30, 12);
  report.windows = difference_windows(30, 12);
}

int main(void) {
  run_note();
  report.main_rsp = note_numbers.main_rsp & 0xfff;
  report.main_rbp = note_numbers.main_rbp & 0xfff;
  report.explore_rsp = note_numbers.explore_rsp & 0xfff;
  report.change_rsp = note_numbers.change_rsp & 0xfff;
  report.passes = note_numbers.passes;
  print("main: rsp ");
  print_digits(report.main_rsp);
  print("main: rbp ");
  print_digits(report.main_rbp);
  print("frame_explore: rsp ");
  print_digits(report.explore_rsp);
  print("frame_change: rsp ");
  print_digits(report.change_rsp);
  print("main began ");
  print_number(report.passes);
  print(" times\n");
  pass_arguments();
  print("differences ");
  print_number(report.system_v);
  print(" ");
  print_number(report.windows);
  print("\n");
  return 0;
}
