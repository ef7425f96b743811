/* void set_fs_base(uint64_t base);
 * uint64_t fs_base(void);
 *
 * The FS base is a model-specific register (IA32_FS_BASE, Intel SDM vol. 4, table 2-2): rdmsr and wrmsr move it in two
 * halves of 32 bits, edx:eax. Only ring 0 may do so.
 */
#define IA32_FS_BASE 0xC0000100

        .text
        .p2align 4
        .globl  set_fs_base
        .type   set_fs_base, @function
set_fs_base:
        .cfi_startproc
        movl    $IA32_FS_BASE, %ecx
        movq    %rdi, %rdx
        shrq    $32, %rdx
        movl    %edi, %eax
        wrmsr
        retq
        .cfi_endproc
        .size   set_fs_base, . - set_fs_base

        .p2align 4
        .globl  fs_base
        .type   fs_base, @function
fs_base:
        .cfi_startproc
        movl    $IA32_FS_BASE, %ecx
        rdmsr
        shlq    $32, %rdx
        orq     %rdx, %rax
        retq
        .cfi_endproc
        .size   fs_base, . - fs_base

        .section .note.GNU-stack, "", @progbits
