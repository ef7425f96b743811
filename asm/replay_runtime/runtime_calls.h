/* What a body may ask of the runtime; each call is one step of a schedule. Mutexes and semaphores are int variables of
 * the program, 0 at the start unless it says otherwise. The names are short because a program's own source uses them.
 */
#ifndef FIBERSCOPE_ASM_REPLAY_RUNTIME_RUNTIME_CALLS_H
#define FIBERSCOPE_ASM_REPLAY_RUNTIME_RUNTIME_CALLS_H

/* Waits until *mutex is 0 and stores the caller's number (1 …) there. */
void lock(int* mutex);

/* Stores 0, and wakes who waits for it. */
void unlock(int* mutex);

/* Waits until *semaphore is positive and takes one off. */
void wait(int* semaphore);

/* Adds one, and wakes who waits for it. */
void signal(int* semaphore);

/* Waits until that thread (1 …) has finished. */
void join(int thread);

#endif
