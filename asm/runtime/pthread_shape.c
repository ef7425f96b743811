#include "asm/runtime/pthread_shape.h"

#include "asm/runtime/thread.h"

int uthread_create(uthread_t* thread, const struct uthread_attr* attr, void* (*start_routine)(void*), void* arg) {
  struct tcb* made =
      thread_create(attr != NULL ? attr->name : "thread", start_routine, arg, attr != NULL ? attr->priority : 1);
  if (made == NULL) return UTHREAD_EAGAIN;
  *thread = made;
  return 0;
}

int uthread_join(uthread_t thread, void** value_ptr) {
  if (thread == NULL || thread->state == THREAD_UNUSED) return UTHREAD_ESRCH;
  for (struct tcb* waiting = thread; waiting != NULL; waiting = (struct tcb*)waiting->waits_for)
    if (waiting == thread_self()) return UTHREAD_EDEADLK;
  void* value = thread_join(thread);
  if (value_ptr != NULL) *value_ptr = value;
  return 0;
}
