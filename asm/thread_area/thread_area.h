/* What each thread has of its own besides registers and stack: an errno and the values of keys. The FS base of the
 * processor points at the block of the thread that runs, so the same instruction finds another block in each thread. */
#ifndef FIBERSCOPE_ASM_THREAD_AREA_THREAD_AREA_H
#define FIBERSCOPE_ASM_THREAD_AREA_THREAD_AREA_H

#ifndef __ASSEMBLER__
#include "asm/runtime/tcb.h"

/* Hosted, code of the C library may run on a thread of ours for a moment and read the head of what it takes for a block
 * of its own: that head is left zero. */
struct thread_area {
  uint64_t head[32];
  uint64_t error; /* the thread's errno */
  uint64_t values[4];
};

/* thread_area.S */
uint64_t own_errno(void);
void set_own_errno(uint64_t error);
uint64_t own_value(uint64_t key);
void set_own_value(uint64_t key, uint64_t value);

/* fs_base_bare.S, fs_base_hosted.S */
void set_fs_base(uint64_t base);
uint64_t fs_base(void);

/* Gives the thread a block of its own. main keeps what it came with: hosted, that is the C library's. */
void give_area(struct tcb* thread, struct thread_area* area);

TCB_ASSERT(offsetof(struct thread_area, error) == 256, "thread_area.S reads errno at offset 256");
TCB_ASSERT(offsetof(struct thread_area, values) == 264, "thread_area.S reads the values at offset 264");
#endif

#define AREA_ERROR 256
#define AREA_VALUES 264

#endif
