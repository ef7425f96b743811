# Where a program without a C library begins: rsp points at argc, as execve left it (System V ABI for x86-64, 3.4.1).
    .text
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    .cfi_undefined %rip
    xorl %ebp, %ebp
    movq (%rsp), %rdi
    leaq 8(%rsp), %rsi
    andq $-16, %rsp
    callq main
    movl %eax, %edi
    movl $231, %eax
    syscall
    .cfi_endproc
    .size _start, . - _start

    .section .note.GNU-stack, "", @progbits
