// Memory as the kernel gives and takes it: what is fresh is zero, and what was taken is gone.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096 };

static int is_zero(const char* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i)
    if (bytes[i] != 0) return 0;
  return 1;
}

int main(void) {
  const int readable = PROT_READ | PROT_WRITE, fresh = MAP_PRIVATE | MAP_ANONYMOUS;
  char* mapped = mmap(NULL, 4 * PAGE, readable, fresh, -1, 0);
  memset(mapped, 'x', 4 * PAGE);
  printf("unmap the middle: %d\n", munmap(mapped + PAGE, 2 * PAGE));
  printf("the rest is there: %c %c\n", mapped[0], mapped[3 * PAGE]);
  printf("protecting a hole: %d %d\n", mprotect(mapped, 4 * PAGE, PROT_READ), errno == ENOMEM);
  char* again = mmap(mapped + PAGE, 2 * PAGE, readable, fresh | MAP_FIXED, -1, 0);
  printf("at the same place: %d, fresh: %d\n", again == mapped + PAGE, is_zero(again, 2 * PAGE));
  memset(again, 'y', 2 * PAGE);
  printf("given back: %d, zero: %d\n", madvise(mapped, 4 * PAGE, MADV_DONTNEED), is_zero(mapped, 4 * PAGE));
  printf("taken: %d %d\n", mmap(mapped, PAGE, readable, fresh | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED,
         errno == EEXIST);
  printf("not aligned: %d %d\n", munmap(mapped + 1, PAGE), errno == EINVAL);
  printf("too much: %d %d\n", mmap(NULL, (size_t)1 << 50, readable, fresh, -1, 0) == MAP_FAILED, errno == ENOMEM);
  printf("no file: %d %d\n", mmap(NULL, PAGE, readable, MAP_PRIVATE, 77, 0) == MAP_FAILED, errno == EBADF);

  char* end = sbrk(0);
  char* more = sbrk(3 * PAGE);
  memset(more, 'z', 3 * PAGE);
  sbrk(-3 * PAGE);
  printf("back at %ld\n", (long)((char*)sbrk(0) - end));
  more = sbrk(3 * PAGE);
  printf("fresh: %d\n", is_zero((char*)(((unsigned long)more + PAGE - 1) & ~(PAGE - 1UL)), 2 * PAGE));

  // Code that was made at run time, run, and changed.
  unsigned char* code = mmap(NULL, PAGE, readable | PROT_EXEC, fresh, -1, 0);
  for (int value = 1; value <= 3; ++value) {
    const unsigned char body[] = {0xb8, (unsigned char)value, 0, 0, 0, 0xc3};  // mov $value, %eax; ret
    memcpy(code, body, sizeof body);
    printf("made code returns %d\n", ((int (*)(void))code)());
  }
  return 0;
}
