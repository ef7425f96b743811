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

/* ---- arithmetic on general registers ---- */
        .irp    op, add, or, adc, sbb, and, sub, xor, cmp
        CASE \op\()b %al, %dh
        CASE \op\()w %ax, %r8w
        CASE \op\()l %eax, %r15d
        CASE \op\()q %r8, %rax
        CASE \op\()b %r9b, (%rbx)
        CASE \op\()w %ax, 2(%rbx)
        CASE \op\()l %eax, 4(%rbx)
        CASE \op\()q %rax, 8(%rbx,%r12,8)
        CASE \op\()b (%rbx), %ah
        CASE \op\()w (%rbx), %r13w
        CASE \op\()l 4(%rbx), %r8d
        CASE \op\()q data(%rip), %r15
        CASE \op\()b $0x7f, %al
        CASE \op\()w $0x1234, %ax
        CASE \op\()l $0x12345678, %eax
        CASE \op\()q $-9, %r8
        CASE \op\()l $5, (%rbx)
        CASE \op\()q $0x11223344, 8(%rbx)
        .endr
        .irp    op, add, or, adc, sbb, and, sub, xor
        CASE lock \op\()b %al, (%rbx)
        CASE lock \op\()q %r8, 8(%rbx)
        CASE lock \op\()l $3, (%rbx)
        .endr
        .irp    op, inc, dec, neg, not
        CASE \op\()b %ah
        CASE \op\()w %r8w
        CASE \op\()l %eax
        CASE \op\()q %r15
        CASE \op\()b (%rbx)
        CASE \op\()w (%rbx)
        CASE \op\()l (%rbx)
        CASE \op\()q 8(%rbx)
        CASE lock \op\()q 8(%rbx)
        .endr
        .irp    op, mul, imul
        CASE \op\()b %dl
        CASE \op\()w %r8w
        CASE \op\()l %r9d
        CASE \op\()q %r8
        CASE \op\()b (%rbx)
        CASE \op\()w (%rbx)
        CASE \op\()l (%rbx)
        CASE \op\()q (%rbx)
        .endr
        CASE imulw %r9w, %ax
        CASE imull (%rbx), %eax
        CASE imulq %r8, %r15
        CASE imulw $300, %r9w, %ax
        CASE imull $-7, (%rbx), %r8d
        CASE imulq $77, %r8, %r15
        .irp    op, div, idiv
        CASE movl $0x0012, %eax
        \op\()b %r9b
        CASE xorl %edx, %edx
        \op\()w %r9w
        CASE xorl %edx, %edx
        \op\()l %r9d
        CASE xorl %edx, %edx
        \op\()q %r9
        CASE xorl %edx, %edx
        \op\()q 24(%rbx)
        .endr
        .irp    op, rol, ror, rcl, rcr, shl, shr, sar
        CASE \op\()b %al
        CASE \op\()w %r8w
        CASE \op\()l %eax
        CASE \op\()q %r15
        CASE \op\()b $3, %ah
        CASE \op\()w $9, %ax
        CASE \op\()l $31, %r8d
        CASE \op\()q $63, %rax
        CASE \op\()b %cl, %dl
        CASE \op\()w %cl, %ax
        CASE \op\()l %cl, %r15d
        CASE \op\()q %cl, %r8
        CASE \op\()b %cl, (%rbx)
        CASE \op\()w $2, (%rbx)
        CASE \op\()l %cl, 4(%rbx)
        CASE \op\()q 8(%rbx)
        xorl    %ecx, %ecx
        \op\()l %cl, %eax               // a count of 0 leaves the flags
        \op\()q %cl, (%rbx)
        .endr
        .irp    op, shld, shrd
        CASE \op\()w $5, %ax, %r8w
        CASE \op\()l %cl, %eax, %r15d
        CASE \op\()q $40, %r13, %rax
        CASE \op\()q %cl, %rax, 8(%rbx)
        .endr
        .irp    op, bt, bts, btr, btc
        CASE \op\()w %r9w, %ax
        CASE \op\()l %r9d, %eax
        CASE \op\()q %r9, %r15
        CASE \op\()l $3, %r8d
        CASE \op\()q $62, %r8
        CASE \op\()l %r9d, (%rbx)
        CASE \op\()q $5, 8(%rbx)
        CASE \op\()q %r11, 16(%rbx)     // a negative bit number: the word before
        .endr
        .irp    op, bts, btr, btc
        CASE lock \op\()q $5, 8(%rbx)
        CASE lock \op\()l %r9d, (%rbx)
        .endr
        .irp    op, bsf, bsr
        CASE \op\()w %r9w, %ax
        CASE \op\()l %r9d, %eax
        CASE \op\()q (%rbx), %r8
        CASE xorl %r9d, %r9d
        \op\()l %r9d, %eax              // of zero: the target stays
        .endr
        CASE bswap %eax
        CASE bswap %r13
        .irp    lk, , lock
        CASE \lk xaddb %al, (%rbx)
        CASE \lk xaddw %r8w, (%rbx)
        CASE \lk xaddl %eax, 4(%rbx)
        CASE \lk xaddq %r15, 8(%rbx)
        CASE \lk cmpxchgb %r9b, (%rbx)
        CASE \lk cmpxchgw %r9w, (%rbx)
        CASE \lk cmpxchgl %r9d, 4(%rbx)
        CASE \lk cmpxchgq %r8, 8(%rbx)
        CASE movq 8(%rbx), %rax
        \lk cmpxchgq %r8, 8(%rbx)       // equal
        CASE \lk cmpxchg8b 16(%rbx)
        CASE movl 16(%rbx), %eax
        movl    20(%rbx), %edx
        \lk cmpxchg8b 16(%rbx)
        CASE \lk cmpxchg16b 16(%rbx)
        CASE movq 16(%rbx), %rax
        movq    24(%rbx), %rdx
        \lk cmpxchg16b 16(%rbx)
        CASE leaq data(%rip), %rbx
        .endr
        CASE xaddb %al, %dh
        CASE xaddq %rax, %r8
        CASE xaddq %rax, %rax
        CASE cmpxchgl %r9d, %r8d
        CASE cmpxchgq %r9, %rax
        CASE xchgb %al, %dh
        CASE xchgw %ax, %r8w
        CASE xchgl %eax, %r15d
        CASE xchgq %rax, %rdx
        CASE xchgq %r8, 8(%rbx)
        CASE lock xchgl %eax, (%rbx)
        CASE testb $3, %al
        CASE testq %rax, %r8
        CASE testl $7, (%rbx)
        CASE movb $1, %ah
        CASE movb %dh, %cl
        CASE movw $2, %r8w
        CASE movl %eax, %r8d
        CASE movq %rsp, %rax
        CASE movabsq $0x1122334455667788, %r11
        CASE movb $1, (%rbx)
        CASE movw %ax, 2(%rbx)
        CASE movl $5, 4(%rbx)
        CASE movq $-5, 8(%rbx)
        CASE movq (%rbx,%r12,4), %r9
        CASE movabsb data, %al
        CASE movabsq data, %rax
        CASE movabsl %eax, data
        CASE movnti %r8, (%rbx)
        CASE movnti %eax, 8(%rbx)
        CASE movzbw %dh, %ax
        CASE movzbl %al, %r8d
        CASE movzwq (%rbx), %r9
        CASE movsbl %r8b, %eax
        CASE movsbq %r11b, %r9
        CASE movswl %ax, %r15d
        CASE movslq %r11d, %rax
        CASE leaq 5(%rbx,%r9,4), %r8
        CASE leal 5(%rbx,%r9,4), %eax
        CASE leaw (%rbx), %r9w
        CASE cbtw
        CASE cwtl
        CASE cltq
        CASE cwtd
        CASE cltd
        CASE cqto
        .irp    cc, o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g
        CASE cmpq %r8, %rax
        cmov\cc\()w %r8w, %ax
        cmov\cc\()l %r9d, %edx          // clears the upper half even where the condition is false
        cmov\cc\()q (%rbx), %r15
        set\cc  %al
        set\cc  (%rbx)
        j\cc    1f
        nop
1:      j\cc    2f
2:
        .endr
        CASE lahf
        CASE sahf
        CASE movb $0xff, %ah
        sahf
        lahf
        CASE clc
        CASE stc
        CASE cmc
        CASE std
        CASE cld
        CASE cli
        CASE sti
        cli
        CASE xlatb
        CASE nop
        CASE pause
        CASE nopw 8(%rax,%rax,1)
        CASE endbr64
        CASE lfence
        CASE mfence
        CASE sfence
        CASE prefetcht0 (%rbx)
        CASE prefetchw (%rbx)
        CASE clflush (%rbx)
        CASE crc32b %al, %r8d
        CASE crc32l (%rbx), %eax
        CASE crc32q %r8, %r15
        CASE andn %r8, %rax, %r9
        CASE andn (%rbx), %eax, %r9d
        CASE bextr %r9, %r8, %rax
        CASE blsi %r8, %rax
        CASE blsr %r8, %rax
        CASE blsmsk %r8d, %eax
        CASE mulx %r8, %rax, %r9
        CASE pdep %r8, %r13, %rax
        CASE pext %r8, %r13, %rax
        CASE rorx $13, %r8, %rax
        CASE sarx %r9, %r8, %rax
        CASE shlx %r9d, %r8d, %eax
        CASE shrx %r9, (%rbx), %rax
        CASE tzcntq %r8, %rax
        CASE tzcntl %r9d, %eax
        CASE lzcntq %r9, %rax

/* ---- redundant and odd prefixes ---- */
        CASE .byte 0x66, 0x66, 0x90
        CASE .byte 0x2e, 0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0
        CASE .byte 0x66, 0x66, 0x01, 0xc8          // data16 twice
        CASE .byte 0x48, 0x66, 0x01, 0xc8          // REX in front of a prefix counts for nothing
        CASE .byte 0x40, 0x48, 0x01, 0xc8
        CASE .byte 0x48, 0x9f                      // REX.W lahf
        CASE .byte 0x48, 0x9e                      // REX.W sahf
        CASE .byte 0x66, 0x48, 0x01, 0xc8
        CASE movl (%ebx), %eax
        CASE movq %rax, 8(%ebx)
        CASE leaq (%ebx,%r9d), %rax
        CASE .byte 0xf3, 0x48, 0x01, 0xc8          // rep add

/* ---- the stack ---- */
        .macro BALANCED insn:vararg
        call    reset
        movq    %rsp, frames(%rip)
        \insn
        movq    frames(%rip), %rsp
        .endm
        BALANCED pushq %rax
        BALANCED pushw %ax
        BALANCED pushq $5
        BALANCED pushq $0x12345678
        BALANCED pushw $0x1234
        BALANCED pushq 8(%rbx)
        BALANCED pushq %rsp
        BALANCED pushq %fs
        BALANCED pushq %gs
        BALANCED pushfq
        BALANCED pushfw
        BALANCED popq %r8
        BALANCED popw %r8w
        BALANCED popq 8(%rbx)
        BALANCED popq %rsp
        CASE pushq $0
        popq    %fs
        CASE pushq $0
        popq    %gs
        CASE pushq $0xcd5
        popfq
        CASE pushw $0x46
        popfw
        CASE cld
        .irp    level, 0, 1, 2, 31
        CASE movq %rbp, frames+8(%rip)
        movq    %rsp, frames+16(%rip)
        leaq    stack_main+0x2000(%rip), %rbp
        enter   $32, $\level
        movq    frames+16(%rip), %rsp
        movq    frames+8(%rip), %rbp
        .endr
        CASE enter $16, $0
        leave
        CASE call landing
        CASE call *pointer(%rip)
        CASE leaq landing(%rip), %rax
        call    *%rax
        CASE rex.w lcall *far_pointer(%rip)
        CASE pushq $0
        call    landing_16
        CASE jmp *1f(%rip)
1:      .quad   2f
2:      CASE leaq 3f(%rip), %rax
        jmp     *%rax
3:      CASE nop
1:      loop    1b
        CASE cmpl %eax, %eax
1:      loope   1b
        CASE cmpl %eax, %r8d
1:      loopne  1b
        CASE jrcxz 1f
1:      CASE jecxz 1f
1:
/* iretq to the next instruction */
        CASE movq %ss, %rax
        movq    %rsp, %r8
        pushq   %rax
        pushq   %r8
        pushfq
        movq    %cs, %rax
        pushq   %rax
        leaq    1f(%rip), %rax
        pushq   %rax
        iretq
1:      CASE movq %cs, %rax
        pushq   %rax
        leaq    1f(%rip), %rax
        pushq   %rax
        lretq
1:
/* ---- string instructions ---- */
        .irp    way, cld, std
        .irp    op, movsb, movsw, movsl, movsq, stosb, stosw, stosl, stosq, lodsb, lodsw, lodsl, lodsq, scasb, scasw, scasl, scasq, cmpsb, cmpsw, cmpsl, cmpsq
        CASE \way
        leaq    source+48(%rip), %rsi
        \op
        .endr
        .irp    op, movsb, movsw, movsl, movsq, stosb, stosw, stosl, stosq, lodsb, lodsw, lodsl, lodsq
        CASE \way
        leaq    source+48(%rip), %rsi
        rep \op
        CASE \way
        xorl    %ecx, %ecx
        rep \op
        .endr
        .irp    op, scasb, scasw, scasl, scasq, cmpsb, cmpsw, cmpsl, cmpsq
        .irp    prefix, repe, repne
        CASE \way
        leaq    source+48(%rip), %rsi
        leaq    source+44(%rip), %rdi
        \prefix \op
        CASE \way
        xorl    %ecx, %ecx
        \prefix \op
        CASE \way
        leaq    source+48(%rip), %rdi
        movq    %rdi, %rsi
        movl    $5, %ecx
        \prefix \op
        .endr
        .endr
        .endr
        CASE movl $100, %ecx
        rep movsb
        CASE leaq target+1(%rip), %rdi
        leaq    target(%rip), %rsi
        movl    $60, %ecx
        rep movsb                       // overlapping
        CASE leaq target+3(%rip), %rdi
        movl    $9, %ecx
        rep stosq                       // not aligned
        CASE .byte 0xf2, 0xa4           // repne movsb counts as rep
        CASE .byte 0xf3, 0xf3, 0xaa     // a rep that stands twice
        CASE .byte 0x48, 0xf3, 0xaa     // a REX in front of it
        CASE addr32 rep stosb
        CASE movl $1, %ecx
        rep stosq

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

/* ---- x87 ---- */
        CASE fninit
        .irp    op, fld1, fldz, fldpi, fldl2e, fldl2t, fldlg2, fldln2
        CASE \op
        .endr
        .irp    op, fchs, fabs, ftst, fxam, fsqrt, fsin, fcos, fptan, fpatan, f2xm1, fyl2x, frndint, fincstp, fdecstp, fscale, fnop, fxtract, fprem, fprem1, fnclex
        CASE \op
        .endr
        CASE fninit
        .irp    size, s, l
        CASE fld\size 32(%rbx)
        CASE fadd\size 32(%rbx)
        CASE fsub\size 40(%rbx)
        CASE fsubr\size 40(%rbx)
        CASE fmul\size 40(%rbx)
        CASE fdiv\size 40(%rbx)
        CASE fdivr\size 40(%rbx)
        CASE fcom\size 40(%rbx)
        CASE fcomp\size 40(%rbx)
        CASE fld1
        CASE fst\size 8(%rbx)
        CASE fstp\size 8(%rbx)
        .endr
        CASE fldt real10(%rip)
        CASE fstpt real10(%rip)
        CASE fbld bcd(%rip)
        CASE fbstp bcd(%rip)
        CASE filds (%rbx)
        CASE fildl (%rbx)
        CASE fildll (%rbx)
        CASE fists (%rbx)
        CASE fistl (%rbx)
        CASE fistps (%rbx)
        CASE fistpl (%rbx)
        CASE fistpll (%rbx)
        CASE fld1
        CASE fisttps (%rbx)
        CASE fld1
        CASE fisttpl (%rbx)
        CASE fld1
        CASE fisttpll (%rbx)
        .irp    op, fiadds, fimuls, fisubs, fisubrs, fidivs, ficoms, fiaddl, fimull, ficompl
        CASE fld1
        CASE \op 96(%rbx)
        .endr
        CASE fninit
        CASE fldpi
        CASE fld1
        CASE fldl2e
        .irp    op, fadd, fsub, fsubr, fmul, fdiv, fdivr
        CASE \op %st(1), %st
        CASE \op %st, %st(2)
        CASE fld1
        CASE \op\()p %st, %st(1)
        .endr
        CASE fxch
        CASE fxch %st(2)
        CASE fucom %st(1)
        CASE fcom %st(2)
        CASE fcomi %st(1), %st
        CASE fucomi %st(1), %st
        CASE fld1
        CASE fcomip %st(1), %st
        CASE fld1
        CASE fucomip %st(1), %st
        CASE fld1
        CASE fld1
        CASE fucompp
        CASE fld1
        CASE fld1
        CASE fcompp
        CASE fld %st(1)
        CASE fst %st(2)
        CASE fstp %st(1)
        CASE ffree %st(1)
        .irp    cc, b, e, be, u, nb, ne, nbe, nu
        CASE fcmov\cc %st(2), %st
        .endr
        CASE fsincos
        CASE fyl2xp1
        CASE fnstcw fpcw_word(%rip)
        CASE fldcw fpcw_word+2(%rip)
        CASE fnstsw %ax
        CASE fnstsw (%rbx)
        CASE fwait
        CASE fnstenv fnsave_area(%rip)
        CASE fldenv fnsave_area(%rip)
        CASE fnsave fnsave_area(%rip)
        CASE frstor fnsave_area(%rip)
        CASE fninit
        CASE fldpi
        CASE fxsave fx_area(%rip)
        CASE fld1
        CASE fxsave64 fx_other(%rip)
        CASE fxrstor fx_area(%rip)
        CASE fxrstor64 fx_other(%rip)
        CASE stmxcsr mxcsr_word(%rip)
        CASE movl $0x3f80, mxcsr_word(%rip)
        ldmxcsr mxcsr_word(%rip)
        CASE movl $0x1f80, mxcsr_word(%rip)
        ldmxcsr mxcsr_word(%rip)

/* ---- MMX ---- */
        CASE movq 96(%rbx), %mm0
        CASE movd %eax, %mm1
        CASE movq %rax, %mm7
        CASE movq %mm0, %mm2
        CASE movd %mm1, %eax
        CASE movq %mm7, %r8
        CASE movq %mm2, (%rbx)
        CASE movd %mm2, 8(%rbx)
        .irp    op, paddb, paddw, paddd, paddq, paddsb, paddsw, paddusb, paddusw, psubb, psubw, psubd, psubq, psubsb, psubusw, pmullw, pmulhw, pmulhuw, pmaddwd, pmuludq, pand, pandn, por, pxor, pcmpeqb, pcmpeqw, pcmpeqd, pcmpgtb, pcmpgtw, pcmpgtd, packsswb, packssdw, packuswb, punpckhbw, punpckhwd, punpckhdq, punpcklbw, punpcklwd, punpckldq, pavgb, pavgw, pmaxub, pmaxsw, pminub, pminsw, psadbw, pshufb, phaddw, phaddd, phaddsw, phsubw, pmaddubsw, pmulhrsw, psignb, psignw, psignd, pabsb, pabsw, pabsd
        CASE \op %mm1, %mm7
        CASE \op 8(%rbx), %mm2
        .endr
        .irp    op, psllw, pslld, psllq, psrlw, psrld, psrlq, psraw, psrad
        CASE \op $3, %mm7
        CASE \op %mm0, %mm2
        .endr
        CASE pshufw $0x1b, %mm7, %mm3
        CASE palignr $3, %mm7, %mm2
        CASE pinsrw $2, %eax, %mm2
        CASE pextrw $1, %mm7, %eax
        CASE pmovmskb %mm7, %eax
        CASE leaq target(%rip), %rdi
        maskmovq %mm0, %mm7
        CASE movntq %mm0, (%rbx)
        CASE cvtpi2ps %mm7, %xmm5
        CASE cvtps2pi %xmm1, %mm4
        CASE cvttps2pi 48(%rbx), %mm4
        CASE cvtpi2pd %mm1, %xmm5
        CASE cvtpd2pi %xmm2, %mm4
        CASE cvttpd2pi %xmm2, %mm5
        CASE movq2dq %mm7, %xmm6
        CASE movdq2q %xmm0, %mm6
        CASE emms

/* ---- SSE ---- */
        .irp    op, movaps, movups, movapd, movupd, movdqa, movdqu
        CASE \op %xmm0, %xmm5
        CASE \op 16(%rbx), %xmm8
        CASE \op %xmm9, 32(%rbx)
        .endr
        .irp    op, movlps, movhps, movlpd, movhpd
        CASE \op 8(%rbx), %xmm5
        CASE \op %xmm1, 8(%rbx)
        .endr
        .irp    op, movss, movsd
        CASE \op 8(%rbx), %xmm5
        CASE \op %xmm1, %xmm6
        CASE \op %xmm1, 8(%rbx)
        .endr
        CASE movhlps %xmm1, %xmm5
        CASE movlhps %xmm1, %xmm5
        CASE movmskps %xmm5, %eax
        CASE movmskpd %xmm5, %r8d
        CASE movntps %xmm1, 16(%rbx)
        CASE movntpd %xmm1, 16(%rbx)
        CASE movntdq %xmm1, 16(%rbx)
        CASE movntdqa 16(%rbx), %xmm5
        CASE lddqu 3(%rbx), %xmm5
        CASE movddup %xmm2, %xmm5
        CASE movddup 8(%rbx), %xmm5
        CASE movsldup 16(%rbx), %xmm5
        CASE movshdup %xmm1, %xmm5
        CASE movd %eax, %xmm7
        CASE movq %rax, %xmm7
        CASE movd %xmm7, (%rbx)
        CASE movd %xmm7, %r8d
        CASE movq %xmm7, %r8
        CASE movq 8(%rbx), %xmm7
        CASE movq %xmm7, 8(%rbx)
        CASE movq %xmm7, %xmm8
        .irp    op, addps, subps, mulps, divps, minps, maxps, sqrtps, rsqrtps, rcpps, andps, andnps, orps, xorps, unpcklps, unpckhps, addpd, subpd, mulpd, divpd, minpd, maxpd, sqrtpd, andpd, andnpd, orpd, xorpd, unpcklpd, unpckhpd, haddps, haddpd, hsubps, hsubpd, addsubps, addsubpd
        CASE \op %xmm1, %xmm15
        CASE \op 48(%rbx), %xmm1
        .endr
        .irp    op, addss, subss, mulss, divss, minss, maxss, sqrtss, rsqrtss, rcpss, comiss, ucomiss, cvtss2sd
        CASE \op %xmm1, %xmm15
        CASE \op 68(%rbx), %xmm1
        .endr
        .irp    op, addsd, subsd, mulsd, divsd, minsd, maxsd, sqrtsd, comisd, ucomisd, cvtsd2ss
        CASE \op %xmm2, %xmm15
        CASE \op 40(%rbx), %xmm2
        .endr
        .irp    op, cmpps, cmppd
        CASE \op $1, %xmm1, %xmm5
        CASE \op $2, 32(%rbx), %xmm5
        .endr
        CASE cmpss $4, %xmm1, %xmm5
        CASE cmpsd $5, %xmm1, %xmm5
        CASE cvtsi2ssl %eax, %xmm5
        CASE cvtsi2ssq %rax, %xmm5
        CASE cvtsi2sdl (%rbx), %xmm5
        CASE cvtsi2sdq %r8, %xmm5
        CASE cvtss2si %xmm1, %eax
        CASE cvttss2si %xmm1, %rax
        CASE cvtsd2si %xmm2, %r8d
        CASE cvttsd2si 40(%rbx), %r8
        .irp    op, cvtdq2ps, cvtps2dq, cvttps2dq, cvtdq2pd, cvtpd2dq, cvttpd2dq, cvtps2pd, cvtpd2ps
        CASE \op %xmm1, %xmm5
        CASE \op 32(%rbx), %xmm6
        .endr
        CASE shufps $0x1b, %xmm1, %xmm5
        CASE shufpd $1, %xmm2, %xmm5
        CASE pshufd $0x1b, %xmm1, %xmm5
        CASE pshuflw $0x1b, %xmm1, %xmm5
        CASE pshufhw $0x1b, 16(%rbx), %xmm5
        .irp    op, paddb, paddw, paddd, paddq, paddsw, paddusb, psubb, psubd, psubq, psubusb, pmullw, pmulhw, pmulhuw, pmaddwd, pmuludq, pand, pandn, por, pxor, pcmpeqb, pcmpeqd, pcmpgtb, pcmpgtw, packsswb, packssdw, packuswb, punpckhbw, punpckhqdq, punpcklbw, punpcklwd, punpckldq, punpcklqdq, pavgb, pmaxub, pminsw, psadbw, pshufb, phaddd, phsubw, pmaddubsw, pmulhrsw, psignd, pabsb, pcmpeqq, pcmpgtq, pmaxsb, pmaxuw, pmaxsd, pmaxud, pminsb, pminuw, pminsd, pminud, pmuldq, pmulld, packusdw, phminposuw, ptest, aesenc, aesenclast, aesdec, aesdeclast, aesimc
        CASE \op %xmm3, %xmm4
        CASE \op 16(%rbx), %xmm10
        .endr
        .irp    op, psllw, pslld, psllq, psrlw, psrld, psrlq, psraw, psrad
        CASE \op $3, %xmm4
        CASE \op %xmm3, %xmm9
        .endr
        CASE pslldq $3, %xmm4
        CASE psrldq $3, %xmm9
        CASE palignr $3, %xmm4, %xmm9
        .irp    op, pmovsxbw, pmovsxbd, pmovsxbq, pmovsxwd, pmovsxwq, pmovsxdq, pmovzxbw, pmovzxbd, pmovzxbq, pmovzxwd, pmovzxwq, pmovzxdq
        CASE \op %xmm4, %xmm11
        CASE \op (%rbx), %xmm12
        .endr
        CASE pinsrb $3, %eax, %xmm5
        CASE pinsrw $3, %eax, %xmm5
        CASE pinsrd $3, (%rbx), %xmm5
        CASE pinsrq $1, %rax, %xmm5
        CASE pextrb $3, %xmm5, %eax
        CASE pextrb $3, %xmm5, (%rbx)
        CASE pextrw $3, %xmm5, %eax
        CASE pextrw $3, %xmm5, (%rbx)
        CASE pextrd $3, %xmm5, (%rbx)
        CASE pextrq $1, %xmm5, %r8
        CASE insertps $0x4e, %xmm4, %xmm5
        CASE extractps $2, %xmm5, %eax
        CASE extractps $2, %xmm5, (%rbx)
        .irp    op, blendps, blendpd, pblendw, mpsadbw, dpps, dppd, roundps, roundpd
        CASE \op $3, %xmm4, %xmm5
        .endr
        CASE roundss $1, %xmm1, %xmm5
        CASE roundsd $2, %xmm2, %xmm5
        CASE blendvps %xmm0, %xmm4, %xmm5
        CASE blendvpd %xmm0, %xmm4, %xmm5
        CASE pblendvb %xmm0, 16(%rbx), %xmm5
        CASE pcmpestri $0x0c, %xmm4, %xmm5
        CASE pcmpestrm $0x48, %xmm4, %xmm5
        CASE pcmpistri $0x0c, %xmm4, %xmm5
        CASE pcmpistrm $0x08, 3(%rbx), %xmm5
        CASE aeskeygenassist $1, %xmm4, %xmm5
        CASE pmovmskb %xmm5, %eax
        CASE leaq target(%rip), %rdi
        maskmovdqu %xmm4, %xmm5

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
