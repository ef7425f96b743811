#include "emu/step_log.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <new>
#include <thread>

namespace fiberscope::emu {
namespace {

std::uint64_t rip_of(std::uint64_t words) {
  return words * 0x9e3779b97f4a7c15;
}

TEST(StepBuffer, BeginsEmpty) {
  const auto buffer = std::make_unique<StepBuffer>();
  buffer->commit(7, 9);
  buffer->steps = 3;
  buffer->begin(5, 4096);
  EXPECT_EQ(buffer->used(), 0U);
  EXPECT_EQ(buffer->steps, 0U);
  EXPECT_EQ(buffer->sequence, 5U);
  EXPECT_EQ(buffer->first_step, 4096U);
}

TEST(StepBuffer, WordsAndRipBelongTogetherWheneverItsFillerDies) {
  void* const shared = mmap(nullptr, sizeof(StepBuffer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  auto* const buffer = new (shared) StepBuffer;
  for (int round = 0; round < 300; ++round) {
    const std::uint64_t begun = buffer->used();
    const pid_t filler = fork();
    ASSERT_GE(filler, 0);
    if (filler == 0)
      for (std::uint64_t words = begun + 1;; ++words) buffer->commit(words, rip_of(words));
    while (buffer->used() == begun) std::this_thread::yield();
    kill(filler, SIGKILL);
    ASSERT_EQ(waitpid(filler, nullptr, 0), filler);
    ASSERT_EQ(buffer->rip_after(), rip_of(buffer->used())) << "after " << buffer->used() << " commits";
  }
  munmap(shared, sizeof(StepBuffer));
}

}  // namespace
}  // namespace fiberscope::emu
