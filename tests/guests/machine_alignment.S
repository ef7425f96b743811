/* Every legacy SSE form with a memory operand. The test runs each of them on an odd address: those between aligned_begin
 * and aligned_end must raise #GP, those between free_begin and free_end must not (Intel SDM vol. 2, 2.4). */
        .include "machine_guest.inc"
        .section .data, "aw"
        .p2align 6
        .globl  data
        .type   data, @object
data:   .fill   2048, 1, 0x11
        .text
ENTRY _start
        .globl  aligned_begin, aligned_end, free_begin, free_end
aligned_begin:
        .irp    op, movaps, movapd, movdqa
        \op     (%rbx), %xmm1
        \op     %xmm9, (%rbx)
        .endr
        .irp    op, movntps, movntpd, movntdq
        \op     %xmm1, (%rbx)
        .endr
        .irp    op, addps, addpd, subps, subpd, mulps, mulpd, divps, divpd, minps, minpd, maxps, maxpd, sqrtps, sqrtpd, rsqrtps, rcpps, andps, andpd, andnps, andnpd, orps, orpd, xorps, xorpd, unpcklps, unpcklpd, unpckhps, unpckhpd, haddps, haddpd, hsubps, hsubpd, addsubps, addsubpd, movsldup, movshdup, cvtdq2ps, cvtps2dq, cvttps2dq, cvtpd2ps, cvtpd2dq, cvttpd2dq
        \op     (%rbx), %xmm2
        .endr
        cvtpd2pi (%rbx), %mm1
        cvttpd2pi (%rbx), %mm1
        .irp    op, cmpps, cmppd, shufps, shufpd, pshufd, pshufhw, pshuflw
        \op     $1, (%rbx), %xmm3
        .endr
        .irp    op, punpcklbw, punpcklwd, punpckldq, punpcklqdq, punpckhbw, punpckhwd, punpckhdq, punpckhqdq, packsswb, packssdw, packuswb, pcmpgtb, pcmpgtw, pcmpgtd, pcmpeqb, pcmpeqw, pcmpeqd, psrlw, psrld, psrlq, psraw, psrad, psllw, pslld, psllq, paddb, paddw, paddd, paddq, psubb, psubw, psubd, psubq, paddsb, paddsw, paddusb, paddusw, psubsb, psubsw, psubusb, psubusw, pmullw, pmulhw, pmulhuw, pmuludq, pmaddwd, pand, pandn, por, pxor, pminub, pminsw, pmaxub, pmaxsw, pavgb, pavgw, psadbw
        \op     (%rbx), %xmm4
        .endr
        .irp    op, pshufb, phaddw, phaddd, phaddsw, pmaddubsw, phsubw, phsubd, phsubsw, psignb, psignw, psignd, pmulhrsw, pabsb, pabsw, pabsd
        \op     (%rbx), %xmm5
        .endr
        .irp    op, pmuldq, pcmpeqq, packusdw, pcmpgtq, pminsb, pminsd, pminuw, pminud, pmaxsb, pmaxsd, pmaxuw, pmaxud, pmulld, phminposuw, ptest, aesimc, aesenc, aesenclast, aesdec, aesdeclast
        \op     (%rbx), %xmm6
        .endr
        movntdqa (%rbx), %xmm7
        .irp    op, pblendvb, blendvps, blendvpd
        \op     %xmm0, (%rbx), %xmm7
        .endr
        .irp    op, roundps, roundpd, blendps, blendpd, pblendw, palignr, dpps, dppd, mpsadbw, aeskeygenassist
        \op     $1, (%rbx), %xmm8
        .endr
        cmpxchg16b (%rbx)
        lock cmpxchg16b (%rbx)
        fxsave  (%rbx)
        fxrstor (%rbx)
        fxsave64 (%rbx)
        movaps  %fs:(%rbx), %xmm1
        movaps  (%rbx,%r12,8), %xmm1
        movaps  data+8(%rip), %xmm1
        paddq   16(%ebx), %xmm1
        .byte   0x66, 0x66, 0x0f, 0x6f, 0x0b            // movdqa with a prefix that stands twice
aligned_end:
        nop
free_begin:
        .irp    op, movups, movupd, movdqu
        \op     (%rbx), %xmm1
        \op     %xmm9, (%rbx)
        .endr
        lddqu   (%rbx), %xmm1
        .irp    op, movss, movsd, movlps, movlpd, movhps, movhpd
        \op     (%rbx), %xmm1
        \op     %xmm1, (%rbx)
        .endr
        movddup (%rbx), %xmm1
        .irp    op, addss, addsd, subss, subsd, mulss, mulsd, divss, divsd, minss, minsd, maxss, maxsd, sqrtss, sqrtsd, rsqrtss, rcpss, comiss, comisd, ucomiss, ucomisd, cvtss2sd, cvtsd2ss, cvtps2pd, cvtdq2pd
        \op     (%rbx), %xmm2
        .endr
        .irp    op, cvtsi2ssl, cvtsi2ssq, cvtsi2sdl, cvtsi2sdq, cvtpi2ps, cvtpi2pd
        \op     (%rbx), %xmm2
        .endr
        .irp    op, cvtss2si, cvttss2si, cvtsd2si, cvttsd2si
        \op     (%rbx), %rax
        .endr
        cvtps2pi (%rbx), %mm1
        cvttps2pi (%rbx), %mm1
        cmpss   $1, (%rbx), %xmm3
        cmpsd   $1, (%rbx), %xmm3
        movd    (%rbx), %xmm3
        movq    (%rbx), %xmm3
        movq    %xmm3, (%rbx)
        movd    %xmm3, (%rbx)
        pinsrw  $1, (%rbx), %xmm3
        .irp    op, movq, paddb, paddw, paddd, paddq, punpcklbw, punpckhdq, packsswb, pcmpeqb, psrlw, psllq, pmullw, pmaddwd, pand, pxor, pminub, pavgb, psadbw, pshufb, phaddw, pabsb, pmulhrsw, psignd
        \op     (%rbx), %mm2
        .endr
        palignr $1, (%rbx), %mm2
        pshufw  $1, (%rbx), %mm2
        movntq  %mm2, (%rbx)
        .irp    op, pmovsxbw, pmovsxbd, pmovsxbq, pmovsxwd, pmovsxwq, pmovsxdq, pmovzxbw, pmovzxbd, pmovzxbq, pmovzxwd, pmovzxwq, pmovzxdq
        \op     (%rbx), %xmm4
        .endr
        .irp    op, roundss, roundsd, pinsrb, pinsrd, pinsrq, insertps, pcmpestri, pcmpestrm, pcmpistri, pcmpistrm
        \op     $1, (%rbx), %xmm5
        .endr
        .irp    op, pextrb, pextrw, pextrd, pextrq, extractps
        \op     $1, %xmm5, (%rbx)
        .endr
        maskmovdqu %xmm1, %xmm2
        crc32l  (%rbx), %eax
        movnti  %eax, (%rbx)
        cmpxchg8b (%rbx)
        ldmxcsr mxcsr(%rip)
        stmxcsr (%rbx)
        leaq    (%rbx), %rax
        nopw    (%rbx)
        movq    %rax, (%rbx)
        .byte   0xf3, 0x66, 0x0f, 0x6f, 0x0b            // movdqu: of two prefixes F3 decides
free_end:
        nop
        .section .data
        .byte   0
mxcsr:  .long   0x1f80
