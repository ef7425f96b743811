/* Threads in the shape of pthreads: the same arguments in the same order, 0 or an error number as the result. A thin
 * layer over thread.h, under names that the C library does not own. */
#ifndef FIBERSCOPE_ASM_RUNTIME_PTHREAD_SHAPE_H
#define FIBERSCOPE_ASM_RUNTIME_PTHREAD_SHAPE_H

#include "asm/runtime/tcb.h"

typedef struct tcb* uthread_t;

struct uthread_attr {
  const char* name;
  uint16_t priority;
};

/* As in errno.h of Linux. */
enum uthread_error { UTHREAD_ESRCH = 3, UTHREAD_EAGAIN = 11, UTHREAD_EDEADLK = 35 };

/* pthread_create: makes a thread that will run start_routine(arg) and stores it in *thread. attr may be NULL.
 * UTHREAD_EAGAIN where no stack is left. */
int uthread_create(uthread_t* thread, const struct uthread_attr* attr, void* (*start_routine)(void*), void* arg);

/* pthread_join: waits for the thread's end and stores its result in *value_ptr, which may be NULL. UTHREAD_ESRCH for no
 * thread, UTHREAD_EDEADLK for the caller itself and for one that waits for the caller, at once or by way of others. */
int uthread_join(uthread_t thread, void** value_ptr);

#endif
