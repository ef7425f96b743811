// What a handler finds on its stack, and what the interrupted code finds afterwards. The places of things in the frame
// are the kernel's; how large the FPU's state is differs between processors and is not printed.
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

static char alternate[65536];
static int order[8], handled;
static uintptr_t frame_at;
static siginfo_t seen;
static ucontext_t interrupted;
static uintptr_t info_at, context_at;

static void note(int number, siginfo_t* info, void* context) {
  seen = *info;
  memcpy(&interrupted, context, offsetof(ucontext_t, uc_sigmask) + 8);
  info_at = (uintptr_t)info;
  context_at = (uintptr_t)context;
  frame_at = (uintptr_t)__builtin_frame_address(0);
  order[handled++ & 7] = number;
  __asm__ volatile(
      "pxor %%xmm0, %%xmm0\n pxor %%xmm7, %%xmm7\n fninit\n fldpi\n"
      "std\n cld" ::
          : "xmm0", "xmm7", "memory");
}

static void handle(int number, int flags, int masked) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = note;
  action.sa_flags = SA_SIGINFO | flags;
  if (masked != 0) sigaddset(&action.sa_mask, masked);
  sigaction(number, &action, NULL);
}

// A leaf function: it keeps values in the 128 bytes below rsp, and in registers, over the signal that `syscall` brings.
__attribute__((noinline)) static int survives(long process, int number) {
  uint64_t below = 0, deep = 0, xmm = 0, carry = 0;
  double real = 0;
  long result = 62;  // kill
  __asm__ volatile(
      "movabs $0x1122334455667788, %%r8\n"
      "mov %%r8, -8(%%rsp)\n"
      "mov %%r8, -128(%%rsp)\n"
      "movq %%r8, %%xmm7\n"
      "fld1\n fld1\n faddp\n"
      "stc\n"
      "syscall\n"
      "setc %b4\n"
      "mov -8(%%rsp), %0\n"
      "mov -128(%%rsp), %1\n"
      "movq %%xmm7, %2\n"
      "fstpl %3\n"
      : "=&r"(below), "=&r"(deep), "=&r"(xmm), "=m"(real), "+&r"(carry), "+a"(result)
      : "D"(process), "S"((long)number)
      : "rcx", "r8", "r11", "xmm7", "memory", "cc");
  const uint64_t right = 0x1122334455667788;
  return below == right && deep == right && xmm == right && real == 2 && carry == 1 && result == 0;
}

static void tell(const char* what) {
  const greg_t* registers = interrupted.uc_mcontext.gregs;
  const uintptr_t rsp = (uintptr_t)registers[REG_RSP];
  printf(
      "%s: info at context + %ld, context %% 16 = %ld, rsp in the handler's frame %% 16 = %ld, on the alternate stack: "
      "%d\n",
      what, (long)(info_at - context_at), (long)(context_at % 16), (long)(frame_at % 16),
      frame_at >= (uintptr_t)alternate && frame_at < (uintptr_t)alternate + sizeof alternate);
  printf("  signal %d, code %d, from us: %d, rdi %d, red zone free: %d, flags %d, cs %llx, FPU state %% 64 = %ld\n",
         seen.si_signo, seen.si_code, seen.si_pid == getpid(), (int)registers[REG_RDI] == getpid(),
         frame_at >= (uintptr_t)alternate && frame_at < (uintptr_t)alternate + sizeof alternate
             ? 1
             : context_at + 432 <= rsp - 128,
         (int)(registers[REG_EFL] & 1), (unsigned long long)registers[REG_CSGSFS] & 0xffff,
         (long)((uintptr_t)interrupted.uc_mcontext.fpregs % 64));
}

int main(void) {
  handle(SIGUSR1, 0, 0);
  printf("registers and red zone survive: %d\n", survives(getpid(), SIGUSR1));
  tell("on its own stack");

  const stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  sigaltstack(&stack, NULL);
  handle(SIGUSR2, SA_ONSTACK, 0);
  printf("registers and red zone survive: %d\n", survives(getpid(), SIGUSR2));
  tell("on the other stack");

  // Two that come at once: the lower number is delivered first, so its handler runs last, unless it masks the other.
  sigset_t both, none;
  sigemptyset(&both);
  sigemptyset(&none);
  sigaddset(&both, SIGUSR1);
  sigaddset(&both, SIGUSR2);
  for (int masked = 0; masked <= SIGUSR2; masked += SIGUSR2) {
    handle(SIGUSR1, 0, masked);
    sigprocmask(SIG_BLOCK, &both, NULL);
    handled = 0;
    raise(SIGUSR2);
    raise(SIGUSR1);
    raise(SIGUSR1);  // one of them counts
    sigset_t pending;
    sigpending(&pending);
    printf("pending: %d %d\n", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGUSR2));
    sigprocmask(SIG_SETMASK, &none, NULL);
    printf("handled %d: %d, %d\n", handled, order[0], order[1]);
  }
  handle(SIGUSR1, SA_RESETHAND, 0);
  raise(SIGUSR1);
  struct sigaction now;
  sigaction(SIGUSR1, NULL, &now);
  printf("the default again: %d\n", now.sa_handler == SIG_DFL);
  signal(SIGUSR1, SIG_IGN);
  raise(SIGUSR1);
  raise(SIGURG);
  printf("handled %d\n", handled);
  return 0;
}
