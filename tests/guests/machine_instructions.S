/* One of everything: a list of encodings, each run once with registers that differ from each other. The test compares what
 * was recorded with the whole state of a second machine after every step. Each case must complete; eax = 0 at the end. */
        .include "machine_guest.inc"

        .section .rodata, "a"
        .p2align 6
numbers:
        .quad   0x1122334455667788, 0x99aabbccddeeff01
        .float  1.5, -2.25, 3.0, 1000000.0
        .double 2.5, -1234.5
        .long   7, -8, 0x7fffffff, 12
        .quad   0xf0e1d2c3b4a59687, 0x0123456789abcdef

        .section .data, "aw"
        .p2align 6
        .globl  source
source:
        .ascii  "the quick brown fox jumps over the lazy dog; THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG 0123456"
        .p2align 6
target:
        .zero   256
        .p2align 6
data:   .quad   0x0102030405060708, 0x1112131415161718, 0x2122232425262728, 0x3132333435363738
        .double 1.5, -2.5, 0.0, 3.141592653589793
        .float  1.25, -7.5, 0.0, 99.0
        .quad   3, 4, 5, 6
real10: .byte   0,0,0,0,0,0,0,0xc0,0,0x40,0,0,0,0,0,0
bcd:    .byte   0x12,0x34,0x56,0x78,0x90,0x12,0x34,0x56,0x78,0x00,0,0,0,0,0,0
pointer: .quad  landing
far_pointer: .quad landing_far
        .word   8
mxcsr_word: .long 0x1f80
fpcw_word: .word 0x37f, 0x27f
gdt_copy: .word 0, 0, 0, 0, 0
idt_copy: .word 0, 0, 0, 0, 0
frames: .zero   64
        .p2align 6
fx_area: .zero  512
fx_other: .zero 512
fnsave_area: .zero 128

        .text
        .globl  reset
reset:
        movabsq $0x0123456789abcdef, %rax
        movl    $3, %ecx
        movabsq $0x00000000000000a7, %rdx
        leaq    data(%rip), %rbx
        leaq    source(%rip), %rsi
        leaq    target+64(%rip), %rdi
        movabsq $0xfedcba9876543210, %r8
        movl    $17, %r9d
        leaq    data+16(%rip), %r10
        movq    $-5, %r11
        movq    $2, %r12
        movabsq $0x5555aaaa5555aaaa, %r13
        movq    $0x7fffffff, %r14
        movabsq $0x8000000000000001, %r15
        cld
        ret

        .macro CASE insn:vararg
        call    reset
        \insn
        .endm

        .macro SIZES op, operands:vararg
        .endm

ENTRY _start
        leaq    frames+32(%rip), %rbp
        movdqa  numbers(%rip), %xmm0
        movups  numbers+16(%rip), %xmm1
        movapd  numbers+32(%rip), %xmm2
        movdqa  numbers+48(%rip), %xmm3
        movdqa  numbers+64(%rip), %xmm4
        movdqa  numbers(%rip), %xmm9
        movaps  numbers+16(%rip), %xmm15

#include "machine_instructions_general.inc"

/* ---- input, output, system ---- */
        CASE movw $0x80, %dx
        inb     %dx, %al
        CASE movw $PORT_CLOCK, %dx
        inl     %dx, %eax
        CASE movw $0x80, %dx
        inw     %dx, %ax
        CASE inb $0x80, %al
        CASE inl $0x80, %eax
        CASE outb %al, $0x80
        CASE movw $0x81, %dx
        outl    %eax, %dx
        CASE movb $'x', %al
        outb    %al, $PORT_CONSOLE
        CASE movw $0x80, %dx
        insb
        CASE movw $0x80, %dx
        insl
        CASE movw $0x80, %dx
        rep insw
        CASE movw $0x80, %dx
        outsb
        CASE movw $PORT_CONSOLE, %dx
        rep outsb
        CASE movw $0x80, %dx
        outsl
        CASE rdtsc
        CASE rdtscp
        CASE .byte 0x66, 0x0f, 0x01, 0xf9
        CASE xorl %eax, %eax
        cpuid
        CASE movl $1, %eax
        cpuid
        CASE movl $7, %eax
        xorl    %ecx, %ecx
        cpuid
        CASE movl $0x80000001, %eax
        cpuid
        .irp    msr, 0xc0000100, 0xc0000101, 0xc0000102, 0xc0000080, 0x10, 0x1b, 0x277
        CASE movl $\msr, %ecx
        rdmsr
        .endr
        .irp    msr, 0xc0000100, 0xc0000101, 0xc0000102
        CASE movl $\msr, %ecx
        movl    $0x12345, %eax
        xorl    %edx, %edx
        wrmsr
        .endr
        CASE swapgs
        CASE swapgs
        .irp    msr, 0xc0000100, 0xc0000101
        CASE movl $\msr, %ecx
        leaq    data(%rip), %rax
        xorl    %edx, %edx
        wrmsr
        .endr
        CASE movq %fs:8, %rax
        CASE movq %rax, %gs:16
        CASE addl $3, %fs:(,%r9,4)
        .irp    seg, ds, es, fs, gs, ss
        CASE movw %\seg, %ax
        CASE movq %\seg, %r8
        CASE movw %\seg, (%rbx)
        CASE movl $0x10, %eax
        movw    %ax, %\seg
        .endr
        CASE movw $0x10, (%rbx)
        movw    (%rbx), %es
        .irp    op, lfs, lgs, lss
        CASE leaq far_data(%rip), %rbx
        \op     (%rbx), %r8d
        .endr
        .irp    cr, cr0, cr2, cr3, cr4, cr8
        CASE movq %\cr, %rax
        .endr
        CASE movl $0x1234, %eax
        movq    %rax, %cr2
        CASE movl $0x3000, %eax
        movq    %rax, %cr3
        CASE movq %cr4, %rax
        movq    %rax, %cr4
        CASE movq %cr0, %rax
        orl     $2, %eax
        movq    %rax, %cr0
        clts
        CASE movl $5, %eax
        movq    %rax, %cr8
        CASE movl $0x2000, %eax
        movq    %rax, %db0
        CASE movq %db0, %rax
        CASE movq %db7, %rax
        CASE movq %db6, %rax
        CASE smswl %eax
        CASE sgdt gdt_copy(%rip)
        CASE sidt idt_copy(%rip)
        CASE lgdt gdt_copy(%rip)
        CASE lidt interrupt_table_pointer(%rip)
        CASE sldt %eax
        CASE str %eax
        CASE movl $0x10, %eax
        lar     %eax, %r8d
        CASE movl $0x10, %eax
        lsl     %eax, %r8d
        CASE movl $0x10, %eax
        verr    %ax
        CASE movl $0x10, %eax
        verw    %ax
        CASE invlpg (%rbx)
        CASE wbinvd
/* int n through the interrupt table */
        SET_GATE 3, handler
        SET_GATE 1, handler
        SET_GATE 0x30, handler
        CASE lidt interrupt_table_pointer(%rip)
        CASE int3
        CASE int $0x30
        CASE int $3

#include "machine_instructions_float.inc"

/* ---- the end ---- */
        CASE xorl %eax, %eax
        SET_GATE 32, handler
        ARM     $3
        sti
        hlt
        cli
        nop
        xorl    %eax, %eax
        EXIT
1:      jmp     1b

landing:
        ret
landing_16:
        ret     $8
landing_far:
        lretq
handler:
        iretq

        .section .data
far_data: .long data
        .word   0x10
