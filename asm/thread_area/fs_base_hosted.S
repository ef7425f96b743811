/* void set_fs_base(uint64_t base);
 * uint64_t fs_base(void);
 *
 * In ring 3 the kernel moves the FS base: arch_prctl(2). A bare system call, because the C library's own would look for its
 * errno where the FS base points.
 */
#define SYS_ARCH_PRCTL 158
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003

        .text
        .p2align 4
        .globl  set_fs_base
        .type   set_fs_base, @function
set_fs_base:
        .cfi_startproc
        movq    %rdi, %rsi
        movl    $ARCH_SET_FS, %edi
        movl    $SYS_ARCH_PRCTL, %eax
        syscall
        retq
        .cfi_endproc
        .size   set_fs_base, . - set_fs_base

        .p2align 4
        .globl  fs_base
        .type   fs_base, @function
fs_base:
        .cfi_startproc
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        movq    %rsp, %rsi
        movl    $ARCH_GET_FS, %edi
        movl    $SYS_ARCH_PRCTL, %eax
        syscall
        popq    %rax
        .cfi_adjust_cfa_offset -8
        retq
        .cfi_endproc
        .size   fs_base, . - fs_base

        .section .note.GNU-stack, "", @progbits
