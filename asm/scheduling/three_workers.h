/* A program for both ways of scheduling: three workers of different length. */
#ifndef FIBERSCOPE_ASM_SCHEDULING_THREE_WORKERS_H
#define FIBERSCOPE_ASM_SCHEDULING_THREE_WORKERS_H

/* Runs the workers to their end and prints what they found. The exit code. */
int run_workers(void);

/* Supplied by the program: called by each worker behind every block of its work, with interrupts off. */
void between_blocks(void);

#endif
