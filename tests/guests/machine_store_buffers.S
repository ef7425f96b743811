/* Bodies for two processors under a schedule. The test calls `start` with the addresses of two bodies in `first` and
 * `second`; processor 0 runs the first one, and ends the guest when both are done. */
        .include "machine_guest.inc"

        .section .data
        .p2align 6
        .irp    name, first, second, done, x, y, a, b, store_buffers
        .globl  \name
        .type   \name, @object
        .endr
first:  .quad   0
second: .quad   0
done:   .quad   0
x:      .quad   0
y:      .quad   0
a:      .quad   0
b:      .quad   0
store_buffers:
        .zero   2 * 776
        .size   store_buffers, 2 * 776
        .text

        .macro  BODY name
        .globl  \name
        .type   \name, @function
\name:
        .endm
        .macro  END name
        .globl  \name\()_end
\name\()_end:
        retq
        .endm

        .globl  start, _start
_start:
start:  OUT     PORT_START_RIP, $other
        OUT     PORT_START_RSP, $stack_main + 512
        OUT     PORT_START, $1
        callq   *first
1:      pause
        cmpl    $1, done
        jne     1b
        xorl    %eax, %eax
        EXIT
other:  callq   *second
        movl    $1, done
2:      hlt
        jmp     2b

        /* store buffering: each stores its own variable and reads the other's */
        BODY    store_x
        movl    $1, x
        movl    y, %eax
        movl    %eax, a
        END     store_x
        BODY    store_y
        movl    $1, y
        movl    x, %eax
        movl    %eax, b
        END     store_y

        /* the same with a fence */
        BODY    fence_x
        movl    $1, x
        mfence
        movl    y, %eax
        movl    %eax, a
        END     fence_x

        /* reads what it has itself stored, over an older store of half of it */
        BODY    forward
        movw    $0x0102, x
        movl    $0x05060708, y
        movb    $0x09, x
        movl    x, %eax
        movl    %eax, a
        END     forward

        /* not atomic: two turns */
        BODY    add
        incl    x
        END     add
        BODY    add_too
        incl    x
        END     add_too
        BODY    add_on_stack
        pushq   $4
        incl    (%rsp)
        popq    %rax
        movl    %eax, a
        END     add_on_stack
        BODY    add_locked
        movl    $7, y
        lock incl x
        END     add_locked
        BODY    full
        .rept   33
        movl    $1, x
        .endr
        END     full
