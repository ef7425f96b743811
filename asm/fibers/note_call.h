/* The note's main, frame_explore and frame_change: one call after the other on a stack where rsp has the note's digits.
 */
#ifndef FIBERSCOPE_ASM_FIBERS_NOTE_CALL_H
#define FIBERSCOPE_ASM_FIBERS_NOTE_CALL_H

#define NOTE_STACK_SIZE 0x1000
#define NOTE_STACK_USED \
  0xc10 /* bytes from the lowest address to where the fiber's frames begin: rsp is …be0 in its main */

#ifndef __ASSEMBLER__
#include <stdint.h>

/* What the routines saw, as addresses. */
struct note_numbers {
  uint64_t main_rsp;    /* in main, behind its first four instructions */
  uint64_t main_rbp;    /* the note's T */
  uint64_t explore_rsp; /* at the first instruction of frame_explore */
  uint64_t change_rsp;  /* in frame_change, behind its first four instructions */
  uint64_t passes;      /* how often main began */
};

extern struct note_numbers note_numbers;
extern char note_stack[NOTE_STACK_SIZE];

/* note_call.S: the function of the fiber. */
void* note_main(void* argument);

/* first - second, with the arguments where the System V ABI puts them (rdi, rsi), and where the note looks for them
 * (rcx, rdx), which is where Windows does. */
uint64_t difference_system_v(uint64_t first, uint64_t second);
__attribute__((ms_abi)) uint64_t difference_windows(uint64_t first, uint64_t second);
#endif

#endif
