/* Runs natively and writes to standard output where each of its locals really lay: the second way of knowing for
 * local_variables_test.cpp. A record is {name, address of the local - CFA, size, an address of code at which it lives},
 * and
 * __builtin_dwarf_cfa is the compiler's own idea of the CFA. */
typedef unsigned long word;

struct record {
  char name[32];
  long cfa_offset;
  word size;
  word rip;
};

struct record debug_records[64];
word debug_record_count;
word debug_registers[16]; /* rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8 … r15 at debug_snapshot */
volatile word debug_input = 0x5ca1ab1e;
volatile word debug_sink;

__attribute__((noinline)) void debug_note(const char* name, const volatile void* address, const void* cfa, word size,
                                          word rip) {
  struct record* record = &debug_records[debug_record_count++];
  for (int i = 0; i < 31 && name[i] != 0; ++i) record->name[i] = name[i];
  record->cfa_offset = (const char*)address - (const char*)cfa;
  record->size = size;
  record->rip = rip;
}

#define NOTE(name, place)                                                    \
  do {                                                                       \
    word here_;                                                              \
    __asm__ volatile("leaq 0(%%rip), %0" : "=r"(here_) : : "memory");        \
    debug_note(name, &(place), __builtin_dwarf_cfa(), sizeof(place), here_); \
  } while (0)

enum colour { RED, GREEN };
struct point {
  short x;
  double y;
};
struct job {
  int id;
  unsigned low_bits : 3;
  unsigned high_bits : 5;
  char tag[3];
  struct point where[2];
  union {
    long number;
    char letter;
  };
  const struct job* next;
};

__attribute__((noinline)) int debug_scalars(int first, long second, char third) {
  volatile enum colour paint = GREEN; /* MARK scalars */
  volatile unsigned char small = 3;
  _Atomic int shared = 0;
  volatile long double wide = 1;
  static int elsewhere;
  NOTE("first", first);
  NOTE("second", second);
  NOTE("third", third);
  NOTE("paint", paint);
  NOTE("small", small);
  NOTE("shared", shared);
  NOTE("wide.low", *(word*)&wide);
  elsewhere += small;
  return elsewhere + paint + first;
}

__attribute__((noinline)) long debug_aggregates(struct job* given) {
  struct job job = {0};
  volatile int grid[2][3] = {{0}};
  volatile char buffer[300];
  buffer[0] = 0;
  NOTE("given", given);
  NOTE("job.id", job.id);
  NOTE("job.tag[2]", job.tag[2]);
  NOTE("job.where[1].x", job.where[1].x);
  NOTE("job.where[1].y", job.where[1].y);
  NOTE("job.number", job.number);
  NOTE("job.letter", job.letter);
  NOTE("job.next", job.next);
  NOTE("grid[0][1]", grid[0][1]);
  NOTE("grid[1][2]", grid[1][2]);
  NOTE("buffer[255]", buffer[255]);
  return job.number + grid[1][2] + buffer[0] + (given != 0);
}

__attribute__((noinline)) int debug_blocks(int count) {
  volatile int total = 0;
  for (int i = 0; i < count; ++i) {
    volatile int inner = i;
    if (i == 0) NOTE("inner", inner);
    total += inner;
  }
  {
    volatile long shadow = 1;
    NOTE("shadow", shadow);
    total += shadow;
  }
  {
    volatile char shadow = 2;
    NOTE("shadow", shadow);
    total += shadow;
  }
  volatile char variable_length[count + 1];
  variable_length[0] = 1;
  return total + variable_length[0];
}

/* Stores the registers as they are at the call, and gives them all back. */
void debug_snapshot(void);
__asm__(
    ".text\n"
    ".type debug_snapshot, @function\n"
    "debug_snapshot:\n"
    "  movq %rax, debug_registers+0\n  movq %rbx, debug_registers+8\n  movq %rcx, debug_registers+16\n"
    "  movq %rdx, debug_registers+24\n  movq %rsi, debug_registers+32\n  movq %rdi, debug_registers+40\n"
    "  movq %rbp, debug_registers+48\n  movq %rsp, debug_registers+56\n  movq %r8, debug_registers+64\n"
    "  movq %r9, debug_registers+72\n  movq %r10, debug_registers+80\n  movq %r11, debug_registers+88\n"
    "  movq %r12, debug_registers+96\n  movq %r13, debug_registers+104\n  movq %r14, debug_registers+112\n"
    "  movq %r15, debug_registers+120\n  ret\n"
    ".size debug_snapshot, . - debug_snapshot\n");

static inline __attribute__((always_inline)) word inlined_step(word amount) {
  word doubled = amount * 2;
  __asm__ volatile(".globl debug_in_register\ndebug_in_register: call debug_snapshot" : "+r"(doubled) : : "memory");
  return doubled + 1;
}

__attribute__((noinline)) word debug_optimized(word start) {
  word kept = start ^ debug_input;
  word result = inlined_step(kept);
  debug_sink = result;
  return result + kept;
}

static long system_call(long number, long a, const void* b, word c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

__attribute__((noinline)) void debug_main(void) {
  debug_sink += debug_scalars(1, 2, 3);
  debug_sink += debug_aggregates(0);
  debug_sink += debug_blocks(2);
  debug_sink += debug_optimized(0);
  __asm__ volatile(".globl debug_marker\ndebug_marker: nop"); /* MARK marker */
  system_call(1, 1, debug_registers, sizeof debug_registers);
  system_call(1, 1, debug_records, debug_record_count * sizeof debug_records[0]);
  system_call(60, 0, 0, 0);
}

__asm__(
    ".text\n.globl _start\n.type _start, @function\n"
    "_start:\n  andq $-16, %rsp\n  call debug_main\n  hlt\n"
    ".size _start, . - _start\n");
