/* Output without buffers: what a process has said stays said, whoever copies its memory. */
#ifndef FIBERSCOPE_ASM_PROCESSES_SAY_H
#define FIBERSCOPE_ASM_PROCESSES_SAY_H

void say(const char* text);
void say_number(long number);

#endif
