/* What the bodies of a replay left behind. */
#ifndef FIBERSCOPE_ASM_REPLAY_RUNTIME_SHARED_VARIABLES_H
#define FIBERSCOPE_ASM_REPLAY_RUNTIME_SHARED_VARIABLES_H

/* "x=1 y=-2" and a newline, in the order of replay_variables. */
void print_shared_variables(void);

#endif
