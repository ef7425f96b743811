// Exceptions that become signals, and handlers that set things right.
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

static sigjmp_buf back;
static siginfo_t seen;
static char* page;

static void leave(int number, siginfo_t* info, void* context) {
  (void)context;
  seen = *info;
  siglongjmp(back, number);
}

static void unlock_page(int number, siginfo_t* info, void* context) {
  (void)number;
  (void)context;
  seen = *info;
  mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static void skip(int number, siginfo_t* info, void* context) {
  (void)number;
  seen = *info;
  ucontext_t* interrupted = context;
  interrupted->uc_mcontext.gregs[REG_RIP] += 2;  // ud2
  interrupted->uc_mcontext.gregs[REG_RAX] = 77;
}

static void handle(int number, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  sigaction(number, &action, NULL);
}

static volatile int zero;

int main(void) {
  handle(SIGSEGV, leave);
  handle(SIGFPE, leave);
  int number = sigsetjmp(back, 1);
  if (number == 0) *(volatile int*)16 = 1;
  printf("signal %d, code %d, address %p\n", number, seen.si_code, seen.si_addr);

  number = sigsetjmp(back, 1);
  if (number == 0) printf("%d\n", 1 / zero);
  printf("signal %d, code %d\n", number, seen.si_code);

  page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  handle(SIGSEGV, unlock_page);
  page[100] = 'x';  // runs again once the handler has returned
  printf("code %d, at the page's byte %d: %c\n", seen.si_code, (int)((char*)seen.si_addr - page), page[100]);

  handle(SIGILL, skip);
  long value = 0;
  __asm__ volatile("ud2" : "+a"(value)::"memory");
  printf("code %d, rax %ld\n", seen.si_code, value);
  handle(SIGSEGV, leave);
  number = sigsetjmp(back, 1);
  if (number == 0) __asm__ volatile("hlt");
  printf("signal %d, code %d, address %p\n", number, seen.si_code, seen.si_addr);
  munmap(page, 4096);
  number = sigsetjmp(back, 1);
  if (number == 0) page[100] = 'y';
  printf("signal %d, code %d\n", number, seen.si_code);
  return 0;
}
