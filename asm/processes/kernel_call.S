# System calls without a C library in between, and one store.
    .text

# long kernel_call(long number, long first, long second, long third, long fourth)
    .globl kernel_call
    .type kernel_call, @function
kernel_call:
    .cfi_startproc
    movq %rdi, %rax
    movq %rsi, %rdi
    movq %rdx, %rsi
    movq %rcx, %rdx
    movq %r8, %r10
    syscall
    retq
    .cfi_endproc
    .size kernel_call, . - kernel_call

# long clone_call(long flags, void *stack, long (*function)(void *), void *argument, int *child_id)
#
# The kernel gets flags and stack in rdi and rsi, no place for the parent's copy of the id in rdx, child_id in r10. What
# the child needs is in r8 and r9: it must not rely on memory that it may or may not share.
    .globl clone_call
    .type clone_call, @function
clone_call:
    .cfi_startproc
    movq %r8, %r10
    movq %rdx, %r8
    movq %rcx, %r9
    xorl %edx, %edx
    movl $56, %eax
    syscall
    testq %rax, %rax
    jne .Lparent
    .cfi_remember_state
    .cfi_undefined %rip
    xorl %ebp, %ebp
    andq $-16, %rsp
    movq %r9, %rdi
    callq *%r8
    movq %rax, %rdi
    movl $60, %eax
    syscall
    .cfi_restore_state
.Lparent:
    retq
    .cfi_endproc
    .size clone_call, . - clone_call

# Return addresses are looked up one byte in front, so the first instruction is there for that.
    .type clone_end, @function
clone_end:
    .cfi_startproc
    .cfi_undefined %rip
    nop
    .globl clone_last
clone_last:
    ud2
    .cfi_endproc
    .size clone_end, . - clone_end

# void write_byte(char *place, char letter)
    .globl write_byte
    .type write_byte, @function
write_byte:
    .cfi_startproc
    movb %sil, (%rdi)
    retq
    .cfi_endproc
    .size write_byte, . - write_byte

    .section .note.GNU-stack, "", @progbits
