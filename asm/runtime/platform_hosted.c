#include "asm/runtime/platform.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* The linker makes these where a program has anything in PLATFORM_REPORT. */
extern const char __start_program_report[] __attribute__((weak));
extern const char __stop_program_report[] __attribute__((weak));

/* System calls, not stdio: this runs on the program's own small stacks. */
enum { EXIT_CODE_DEADLOCK = 70 };

static void write_all(int file, const char* bytes, size_t size) {
  while (size > 0) {
    ssize_t written = write(file, bytes, size);
    if (written <= 0) _exit(EXIT_FAILURE);
    bytes += written;
    size -= (size_t)written;
  }
}

/* At exit, whether main returns or somebody calls platform_exit. */
__attribute__((destructor)) static void write_report(void) {
  const char* path = getenv("FIBERSCOPE_REPORT");
  if (path == NULL || __start_program_report == NULL) return;
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) _exit(EXIT_FAILURE);
  write_all(file, __start_program_report, (size_t)(__stop_program_report - __start_program_report));
  close(file);
}

void platform_put(const char* text, size_t size) {
  write_all(STDOUT_FILENO, text, size);
}

void platform_exit(int code) {
  exit(code);
}

void platform_deadlock(void) {
  exit(EXIT_CODE_DEADLOCK);
}

uint32_t platform_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint32_t)(now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void platform_arm_timer(uint32_t steps) {
  (void)steps;
}

uint32_t platform_pick(void) {
  static const char* picks;
  if (picks == NULL) {
    picks = getenv("FIBERSCOPE_PICKS");
    if (picks == NULL) picks = "";
  }
  char* end;
  unsigned long id = strtoul(picks, &end, 10);
  if (end == picks) return PLATFORM_NO_OPINION;
  picks = end;
  return (uint32_t)id;
}
