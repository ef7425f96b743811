#include "app/finder.h"

#include <gtest/gtest.h>

#include "tests/app/fake_document.h"

namespace fiberscope::app {
namespace {

/// Works in the smallest portions until the search ends.
Finder::Progress work_to_the_end(Finder& finder, Document& document) {
  for (int i = 0; i < 2000; ++i) {
    if (finder.work(document, 0) != Finder::Progress::searching) return finder.progress();
  }
  return Finder::Progress::searching;
}

TEST(Finder, EachCallIsAPortionAndSaysWhereItIs) {
  FakeDocument document;
  Finder finder;
  finder.start("no such thing", {100});
  EXPECT_EQ(finder.work(document, 0), Finder::Progress::searching);
  EXPECT_EQ(document.portions_searched, 1);
  const auto first = finder.at();
  EXPECT_EQ(finder.work(document, 0), Finder::Progress::searching);
  EXPECT_EQ(document.portions_searched, 2);
  EXPECT_GT(finder.at(), first);
}

TEST(Finder, GoesAroundTheEndOnceAndLooksAtEveryStep) {
  for (const std::uint64_t from : {0u, 1u, 100u, 639u, 640u}) {
    FakeDocument document;
    Finder finder;
    finder.start("no such thing", {from});
    EXPECT_EQ(work_to_the_end(finder, document), Finder::Progress::missing) << from;
    EXPECT_EQ(document.portions_searched, 640) << from;
    EXPECT_EQ(document.snapshots_made, 0) << from;
  }
}

TEST(Finder, FindsTheNextStepAndTheOneBeforeLastOfAll) {
  FakeDocument document;
  std::vector<std::uint64_t> expected;
  for (std::uint64_t step = 1; step <= 640; ++step) {
    if (document.snapshot({step}).instruction->intel == "mov rsp, rsi") expected.push_back(step);
  }
  ASSERT_GT(expected.size(), 3u);
  Finder finder;
  core::StepIndex at{expected[1]};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    finder.start("mov rsp, rsi", at);
    ASSERT_EQ(work_to_the_end(finder, document), Finder::Progress::found);
    at = finder.at();
    EXPECT_EQ(at.value, expected[(i + 2) % expected.size()]);
  }
  finder.stop();
  EXPECT_EQ(finder.work(document, 1), Finder::Progress::idle);
}

TEST(Finder, ASearchThatIsStartedBehindTheEndOfAGrowingTraceWaitsForNothing) {
  FakeDocument document(10, true);
  Finder finder;
  finder.start("no such thing", {10});
  EXPECT_EQ(work_to_the_end(finder, document), Finder::Progress::missing);
}

}  // namespace
}  // namespace fiberscope::app
