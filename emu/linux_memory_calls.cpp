#include <sys/mman.h>
#include <sys/syscall.h>

#include <cerrno>

#include "emu/linux_calls.h"
#include "emu/linux_kernel.h"

namespace fiberscope::emu {
namespace {

std::int64_t do_brk(LinuxKernel& kernel, LinuxCall& call) {
  return kernel.memory().set_break(call[0]);
}

std::int64_t do_mmap(LinuxKernel& kernel, LinuxCall& call) {
  if ((call[3] & MAP_ANONYMOUS) == 0) {
    call.note = "there are no files to map";
    return call.integer(4) >= 0 && call.integer(4) <= 2 ? -ENODEV : -EBADF;
  }
  const std::int64_t answer = kernel.memory().map(call[0], call[1], call[2], call[3]);
  if (answer == -ENOMEM) call.note = "the machine's room for mappings is used up";
  return answer;
}

std::int64_t do_munmap(LinuxKernel& kernel, LinuxCall& call) {
  return kernel.memory().unmap(call[0], call[1]);
}

std::int64_t do_mprotect(LinuxKernel& kernel, LinuxCall& call) {
  const std::int64_t answer = kernel.memory().protect(call[0], call[1], call[2]);
  if (answer == -EACCES) call.note = "read-only sections stay as they are";
  return answer;
}

std::int64_t do_mremap(LinuxKernel&, LinuxCall& call) {
  call.note = "mappings cannot grow or move; C libraries then copy";
  return -ENOMEM;
}

std::int64_t do_madvise(LinuxKernel& kernel, LinuxCall& call) {
  return kernel.memory().advise(call[0], call[1], call[2]);
}

constexpr LinuxCallEntry kCalls[] = {{SYS_brk, "p", do_brk, true},          {SYS_mmap, "puxxdx", do_mmap, true},
                                     {SYS_munmap, "pu", do_munmap},         {SYS_mprotect, "pux", do_mprotect},
                                     {SYS_mremap, "puux", do_mremap, true}, {SYS_madvise, "pud", do_madvise}};

}  // namespace

std::span<const LinuxCallEntry> linux_memory_calls() {
  return kCalls;
}

}  // namespace fiberscope::emu
