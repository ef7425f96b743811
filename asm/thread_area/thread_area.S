/* uint64_t own_errno(void);
 * void set_own_errno(uint64_t error);
 * uint64_t own_value(uint64_t key);
 * void set_own_value(uint64_t key, uint64_t value);
 *
 * Each is one instruction with the prefix %fs: the processor adds the FS base to the address, and the switch has made that
 * the block of the running thread (thread_area.h). No argument says whose block it is.
 */
#include "asm/thread_area/thread_area.h"

        .macro  BEGIN name
        .p2align 4
        .globl  \name
        .type   \name, @function
\name:
        .cfi_startproc
        .endm

        .macro  END name
        retq
        .cfi_endproc
        .size   \name, . - \name
        .endm

        .text
        BEGIN   own_errno
        movq    %fs:AREA_ERROR, %rax
        END     own_errno

        BEGIN   set_own_errno
        movq    %rdi, %fs:AREA_ERROR
        END     set_own_errno

        BEGIN   own_value
        movq    %fs:AREA_VALUES(,%rdi,8), %rax
        END     own_value

        BEGIN   set_own_value
        movq    %rsi, %fs:AREA_VALUES(,%rdi,8)
        END     set_own_value

        .section .note.GNU-stack, "", @progbits
