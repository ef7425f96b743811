#include <gtest/gtest.h>

#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

TEST(Deadlock, IsAnEndingOfItsOwn) {
  const auto image = emu::Image::load(FIBERSCOPE_GUEST_IMAGES "/deadlock.elf");
  ASSERT_TRUE(image.ok()) << image.error().message;
  const auto trace = record(*image);
  ASSERT_TRUE(trace->stop().has_value());
  EXPECT_EQ(trace->stop()->reason, emu::Stop::Reason::deadlock);
  // Both wait, as their control blocks say.
  const auto threads = ThreadTable::find(*image)->read(trace->state_at(trace->steps()).memory);
  ASSERT_EQ(threads.size(), 2U);
  for (const Thread& thread : threads) EXPECT_EQ(thread.state, ThreadState::waiting) << thread.name;
}

}  // namespace
}  // namespace fiberscope::core
