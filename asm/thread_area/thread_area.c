#include "asm/thread_area/thread_area.h"

#include "asm/scheduling/handover.h"

/* By id: the FS base of a thread, 0 where it is not yet known. */
uint64_t fs_bases[THREAD_TABLE_SIZE];

void give_area(struct tcb* thread, struct thread_area* area) {
  if (fs_bases[0] == 0) fs_bases[0] = fs_base();
  fs_bases[thread->id] = (uint64_t)area;
}

void hand_over_to(struct tcb* next) {
  set_fs_base(fs_bases[next->id]);
}
