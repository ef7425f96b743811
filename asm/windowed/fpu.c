#include "asm/windowed/fpu.h"

#include <stddef.h>

#include "asm/windowed/interrupts.h"

/* device_not_available_entry.S: an address, not a function to call. */
extern char device_not_available_entry[];

enum { NOT_AVAILABLE_VECTOR = 7, CR0_TS = 1 << 3 };

static enum fpu_policy policy;
static struct fpu_counts* counts;

/* Whose values are in the registers; NULL: nobody's. */
struct thread* fpu_owner;

/* The registers before any thread used them. */
static _Alignas(16) uint8_t clean[sizeof(threads[0].full.fxsave)];

static void fxsave(uint8_t* area) {
  __asm__ volatile("fxsave (%0)" : : "r"(area) : "memory");
}

static void fxrstor(const uint8_t* area) {
  __asm__ volatile("fxrstor (%0)" : : "r"(area) : "memory");
}

static void set_task_switched(void) {
  uint64_t cr0;
  __asm__ volatile("movq %%cr0, %0" : "=r"(cr0));
  __asm__ volatile("movq %0, %%cr0" : : "r"(cr0 | CR0_TS));
}

static void clear_task_switched(void) {
  __asm__ volatile("clts");
}

void fpu_begin(enum fpu_policy chosen, struct fpu_counts* counted) {
  policy = chosen;
  counts = counted;
  fpu_owner = NULL;
  if (policy == FPU_BY_TS) {
    gate_install(NOT_AVAILABLE_VECTOR, device_not_available_entry);
    set_task_switched();
  } else {
    fxsave(clean);
  }
}

void fpu_prepare(struct thread* thread, uint64_t uses_fpu) {
  thread->uses_fpu = uses_fpu;
  __builtin_memcpy(thread->full.fxsave, clean, sizeof clean);
}

void fpu_leave(struct thread* self) {
  counts->switches += 1;
  if (policy == FPU_BY_TS) {
    set_task_switched();
    return;
  }
  if (self->uses_fpu) {
    fxsave(self->full.fxsave);
    counts->saves += 1;
  }
}

void fpu_return(struct thread* self) {
  if (policy == FPU_BY_TS) {
    if (fpu_owner == self) {
      clear_task_switched();
    } else {
      set_task_switched();
    }
    return;
  }
  if (self->uses_fpu) fxrstor(self->full.fxsave);
}

void device_not_available(void) {
  struct thread* self = current_thread();
  counts->not_available += 1;
  clear_task_switched();
  if (fpu_owner != NULL && fpu_owner->block->state != THREAD_FINISHED) {
    fxsave(fpu_owner->full.fxsave);
    counts->saves += 1;
  }
  fxrstor(self->full.fxsave);
  fpu_owner = self;
}
