/* What glibc's setjmp keeps of a thread: eight registers in a jmp_buf, and three of them mangled. The sleeper calls
 * setjmp itself and writes down what its registers are; then it yields in a loop. The inspector takes the jmp_buf
 * apart in which thread_yield parked it, undoes the mangling and follows the frames from there. */
#include "asm/runtime/console.h"
#include "asm/userthreads/user_thread.h"

/* Index of each register in jmp_buf[0].__jmpbuf: its offset / 8. */
enum { JB_RBX, JB_RBP, JB_R12, JB_R13, JB_R14, JB_R15, JB_RSP, JB_RIP };

enum { NAPS = 3 };

/* The sleeper's registers at its own setjmp, as it saw them. */
struct note {
  uint64_t rbp;
  uint64_t rsp;
  uint64_t rip;
  uint64_t naps; /* a local that lives in rbx */
};

jmp_buf own_context;
struct note note;
uint64_t pointer_guard;

struct report {
  uint64_t plain;     /* of rbp, rsp and rip: how many stand in the jmp_buf as they are … */
  uint64_t demangled; /* … and how many once demangled */
  uint64_t rbx;       /* whether rbx stands there as it is */
  uint64_t looks;     /* of the inspector that found the sleeper in its parked jmp_buf */
};

struct report report PLATFORM_REPORT;

/* fs:0x30 holds the process's pointer guard, a random number that the kernel handed over at the start. */
static uint64_t read_pointer_guard(void) {
  uint64_t guard;
  __asm__("movq %%fs:0x30, %0" : "=r"(guard));
  return guard;
}

static uint64_t saved_in(const jmp_buf context, int index) {
  return (uint64_t)context[0].__jmpbuf[index];
}

/* setjmp mangles by xor with the guard, then rol 17: the way back is ror 17, then xor. */
static uint64_t demangle(uint64_t mangled) {
  uint64_t rotated = mangled >> 17 | mangled << 47;
  return rotated ^ pointer_guard;
}

static void compare(uint64_t saved, uint64_t real) {
  report.plain += saved == real;
  report.demangled += demangle(saved) == real;
}

static void compare_with_note(void) {
  compare(saved_in(own_context, JB_RBP), note.rbp);
  compare(saved_in(own_context, JB_RSP), note.rsp);
  compare(saved_in(own_context, JB_RIP), note.rip);
  report.rbx += saved_in(own_context, JB_RBX) == note.naps;
}

/* The return address that the call of setjmp pushed still lies below rsp when setjmp has returned. */
static void take_own_context(void) {
  uint64_t* stack_pointer;
  __asm__ volatile("movq %%rsp, %0" : "=r"(stack_pointer));
  setjmp(own_context);
  note.rip = stack_pointer[-1];
  note.rsp = (uint64_t)stack_pointer;
  note.rbp = (uint64_t)__builtin_frame_address(0);
}

static void nap(void) {
  thread_yield();
}

/* `register` keeps a local in rbx even without optimization: setjmp saves it unmangled. */
static void sleeper(void* argument) {
  register uint64_t naps = (uint64_t)argument;
  note.naps = naps;
  take_own_context();
  compare_with_note();
  while (naps > 0) {
    print("z");
    nap();
    naps -= 1;
  }
}

static int lies_in_its_stack(const struct thread* thread, uint64_t address) {
  uint64_t low = (uint64_t)thread->sp_base;
  return low <= address && address < low + (uint64_t)thread->s_size;
}

/* From thread_yield's frame rbp leads to nap's, from there to sleeper's: the first one on the stack, below the return
 * address into start_thread. */
static int look_at(struct thread* thread) {
  uint64_t rsp = demangle(saved_in(thread->jmp_buf, JB_RSP));
  uint64_t rbp = demangle(saved_in(thread->jmp_buf, JB_RBP));
  if (!lies_in_its_stack(thread, rsp) || !lies_in_its_stack(thread, rbp) || rbp < rsp) return 0;
  uint64_t nap_frame = *(uint64_t*)rbp;
  uint64_t sleeper_frame = *(uint64_t*)nap_frame;
  return sleeper_frame + 16 == (uint64_t)thread->sp_base + (uint64_t)thread->s_size;
}

static void inspector(void* argument) {
  struct thread* thread = argument;
  while (thread->state != THREAD_FINISHED) {
    if (look_at(thread)) report.looks += 1;
    print("?");
    thread_yield();
  }
}

static struct thread* start(void (*fun)(void*), void* argument, const char* name) {
  thread_name_next(name);
  struct thread* thread = thread_create(fun, argument);
  if (thread == NULL) platform_exit(2);
  thread_add_runqueue(thread);
  return thread;
}

int main(void) {
  pointer_guard = read_pointer_guard();
  struct thread* asleep = start(sleeper, (void*)(uint64_t)NAPS, "sleeper");
  start(inspector, asleep, "inspector");
  thread_start_threading();
  print("\nrbx as it is: ");
  print_number(report.rbx);
  print(" of 1\nrbp, rsp, rip as they are: ");
  print_number(report.plain);
  print(" of 3, demangled: ");
  print_number(report.demangled);
  print(" of 3\nfound parked: ");
  print_number(report.looks);
  print(" times\n");
  return report.rbx == 1 && report.plain == 0 && report.demangled == 3 && report.looks == NAPS ? 0 : 1;
}
