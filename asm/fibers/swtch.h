/* The swtch of note 003 and the space that its contexts take, for C and for assembly. */
#ifndef FIBERSCOPE_ASM_FIBERS_SWTCH_H
#define FIBERSCOPE_ASM_FIBERS_SWTCH_H

#define SAVED_CONTEXT_SIZE 120        /* "swtch use stack spaces … size : 120" */
#define SCHEDULER_ALLOCATION_SIZE 248 /* "alloc for scheduler size :248" */

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

/* What swtch leaves on the stack of the one that goes away, from low to high addresses. There is no rdx. */
struct saved_context {
  uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
  uint64_t rdi, rsi, rbx, rax, rcx, rbp;
  uint64_t rip; /* pushed by the call of swtch */
};

_Static_assert(sizeof(struct saved_context) == SAVED_CONTEXT_SIZE,
               "swtch pushes 14 registers below the return address");
_Static_assert(offsetof(struct saved_context, rip) == 112, "the return address lies highest");
_Static_assert(SCHEDULER_ALLOCATION_SIZE == 2 * sizeof(struct saved_context) + sizeof(uint64_t),
               "two saved contexts and the return address");

/* All that a scheduler on a stack of its own needs of it while a fiber runs (picture: fiber_scheduler.S), from low to
 * high addresses. */
struct scheduler_allocation {
  struct saved_context second; /* where it goes on when the fiber comes back */
  struct saved_context first;  /* how it begins; kept for the next run */
  uint64_t return_address;     /* for nobody */
};

_Static_assert(sizeof(struct scheduler_allocation) == SCHEDULER_ALLOCATION_SIZE, "the note's 248 bytes");

/* swtch.S. Stores the caller's stack pointer and goes on at the context that load_rsp points at. */
void swtch(uint64_t* save_rsp, uint64_t load_rsp);

/* swtch.S: the instruction behind the load of rsp. An address, not a function to call. */
extern char swtch_loaded[];

/* The seven registers of swtch_marked.S. */
enum { MARKED_REGISTERS = 7 };
struct register_marks {
  uint64_t before[MARKED_REGISTERS]; /* rax rcx rdx r8 r9 r10 r11 */
  uint64_t after[MARKED_REGISTERS];
};

/* As swtch, with these values in the registers at the call; `after` gets what they are when the call returns. */
void swtch_marked(uint64_t* save_rsp, uint64_t load_rsp, struct register_marks* marks);
#endif

#endif
