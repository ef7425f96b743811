// The partial order of one execution, against definitions written down naively.
#include "core/explore/execution_picture.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "core/explore/explore_request.h"

namespace fiberscope::core::explore {
namespace {

Touch touch(char variable, Touch::Kind kind, std::int64_t value = 0) {
  Touch one;
  one.kind = kind;
  one.variable = std::string(1, variable);
  one.address = 0x600000 + static_cast<std::uint64_t>(variable - 'a') * 4;
  one.size = 4;
  one.value = value;
  return one;
}

ExecutedStep step(std::size_t thread, std::vector<Touch> touches = {}) {
  ExecutedStep one;
  one.thread = thread;
  one.rip = 0x400000;
  one.touches = std::move(touches);
  return one;
}
ExecutedStep reads(std::size_t thread, char variable) {
  return step(thread, {touch(variable, Touch::Kind::read)});
}
ExecutedStep writes(std::size_t thread, char variable) {
  return step(thread, {touch(variable, Touch::Kind::write)});
}

/// Transitive reduction by the definition: an arrow stays where nothing lies between its ends.
std::set<std::pair<std::size_t, std::size_t>> naive_arrows(const std::vector<ExecutedStep>& steps) {
  const std::size_t n = steps.size();
  std::vector<std::vector<bool>> before(n, std::vector<bool>(n, false));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = i + 1; j < n; ++j)
      before[i][j] = steps[i].thread == steps[j].thread || in_conflict(steps[i], steps[j]);
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        if (before[i][k] && before[k][j]) before[i][j] = true;
  std::set<std::pair<std::size_t, std::size_t>> arrows;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) {
      if (steps[i].thread == steps[j].thread || !before[i][j]) continue;
      bool between = false;
      for (std::size_t k = i + 1; k < j; ++k) between = between || (before[i][k] && before[k][j]);
      if (!between) arrows.insert({i, j});
    }
  }
  return arrows;
}

RC_GTEST_PROP(ExecutionPicture, ArrowsAreTheTransitiveReduction, ()) {
  const auto threads = *rc::gen::inRange<std::size_t>(2, 5);
  const auto length = *rc::gen::inRange<std::size_t>(0, 24);
  std::vector<ExecutedStep> steps;
  for (std::size_t i = 0; i < length; ++i) {
    const auto thread = *rc::gen::inRange<std::size_t>(0, threads);
    const auto kind = *rc::gen::inRange(0, 4);
    const char variable = *rc::gen::element('a', 'b', 'c');
    if (kind == 0) {
      steps.push_back(step(thread));
    } else if (kind == 1) {
      steps.push_back(writes(thread, variable));
    } else if (kind == 2) {
      steps.push_back(step(thread, {touch(variable, Touch::Kind::read), touch(variable, Touch::Kind::write)}));
    } else {
      steps.push_back(reads(thread, variable));
    }
  }
  std::set<std::pair<std::size_t, std::size_t>> found;
  for (const auto& arrow : picture_execution(steps, threads).arrows) found.insert({arrow.from, arrow.to});
  RC_ASSERT(found == naive_arrows(steps));
}

TEST(ExecutionPicture, TheExampleWitnessOfOneOneLosesAnUpdateOfX) {
  ExploreRequest request;
  request.threads = {"x=x+1; y=y+x", "x=x+1; y=y+x"};
  request.pictures = true;
  const auto prepared = prepare(request);
  const auto found = explore(prepared->program, prepared->options);
  const ExecutionPicture& picture = found->pictures->executions.front();
  ASSERT_EQ(picture.outcome, 1U);
  ASSERT_EQ(picture.schedule, "T1x2 T2x4 T1x4 T2x2");
  ASSERT_EQ(picture.steps.size(), 12U);
  // By hand: T1 loads x (step 1), T2 loads and stores x=1 (steps 3, 5), T1 stores its x=1 over that (step 7). And T2
  // loads y (step 6), T1 stores y=1 (step 10), T2 stores its y=1 over that (step 12).
  EXPECT_EQ(picture.lost_updates, (std::vector<ExecutionPicture::LostUpdate>{{0, 4, 6, "x"}, {5, 9, 11, "y"}}));
  EXPECT_EQ(picture.steps[6].text, "mov dword ptr [x], eax");
  EXPECT_EQ(picture.steps[6].source, "x=x+1");
  EXPECT_EQ(picture.steps[6].touches.at(0).value, 1);
  EXPECT_EQ(picture.steps[10].touches.at(0).value, 1);
  // Where values come from: both loads of x from the start, T2's later one (step 11) from T1's store (step 7).
  const auto source = [&](std::size_t read) -> std::optional<std::size_t> {
    for (const auto& one : picture.reads_from)
      if (one.read == read) return one.write;
    ADD_FAILURE() << "step " << read + 1 << " reads nothing";
    return std::nullopt;
  };
  EXPECT_EQ(source(0), std::nullopt);
  EXPECT_EQ(source(2), std::nullopt);
  EXPECT_EQ(source(8), std::optional<std::size_t>(6));
  EXPECT_EQ(source(10), std::optional<std::size_t>(6));
}

TEST(ExecutionPicture, OneAfterTheOtherLosesNothing) {
  const std::vector<ExecutedStep> steps = {reads(0, 'a'), writes(0, 'a'), reads(1, 'a'), writes(1, 'a')};
  const ExecutionPicture picture = picture_execution(steps, 2);
  EXPECT_TRUE(picture.lost_updates.empty());
  EXPECT_EQ(picture.arrows, (std::vector<ExecutionPicture::Arrow>{{1, 2, "a"}}));
}

TEST(ExecutionPicture, AReadModifyWriteOfOneStepLosesNothing) {
  const ExecutedStep increment0 = step(0, {touch('a', Touch::Kind::read), touch('a', Touch::Kind::write)});
  ExecutedStep increment1 = increment0;
  increment1.thread = 1;
  EXPECT_TRUE(picture_execution({reads(0, 'a'), increment1, increment0}, 2).lost_updates.empty());
  EXPECT_EQ(picture_execution({reads(0, 'a'), increment1, writes(0, 'a')}, 2).lost_updates,
            (std::vector<ExecutionPicture::LostUpdate>{{0, 1, 2, "a"}}));
  // Its own store lies between the load and the store: that one followed no load.
  EXPECT_TRUE(picture_execution({reads(0, 'a'), writes(0, 'a'), increment1, writes(0, 'a')}, 2).lost_updates.empty());
}

TEST(ExecutionPicture, AConstantIsNoUpdate) {
  ExecutedStep constant = writes(0, 'a');
  constant.touches.front().is_constant = true;
  EXPECT_TRUE(picture_execution({reads(0, 'a'), writes(1, 'a'), constant}, 2).lost_updates.empty());
  // What is lost may be one.
  ExecutedStep other = constant;
  other.thread = 1;
  EXPECT_EQ(picture_execution({reads(0, 'a'), other, writes(0, 'a')}, 2).lost_updates,
            (std::vector<ExecutionPicture::LostUpdate>{{0, 1, 2, "a"}}));
}

TEST(ExecutionPicture, ADrainIsAConstantWhereTheBufferedStoreWas) {
  const auto drain = [](char variable) {
    ExecutedStep one = writes(0, variable);
    one.drain = true;
    return one;
  };
  ExecutedStep constant = step(0, {touch('a', Touch::Kind::buffered_write)});
  constant.touches.front().is_constant = true;
  const ExecutedStep computed = step(0, {touch('b', Touch::Kind::buffered_write)});
  const ExecutedStep other = step(1, {touch('a', Touch::Kind::write), touch('b', Touch::Kind::write)});
  // First in, first out: a, then b.
  EXPECT_EQ(picture_execution({reads(0, 'a'), reads(0, 'b'), constant, computed, other, drain('a'), drain('b')}, 2)
                .lost_updates,
            (std::vector<ExecutionPicture::LostUpdate>{{1, 4, 6, "b"}}));
}

TEST(ExecutionPicture, ALockThatIsTakenByAConstantLosesNoUpdateButTheCounterDoes) {
  ExploreRequest request;
  request.target = "example:broken_lock.c";
  request.pictures = true;
  const auto prepared = prepare(request);
  ASSERT_TRUE(prepared) << prepared.error().message;
  const auto found = explore(prepared->program, prepared->options);
  const ExecutionPicture& picture = found->pictures->executions.front();
  ASSERT_EQ(picture.lost_updates.size(), 1U);
  EXPECT_EQ(picture.lost_updates.front().variable, "count");
}

TEST(ExecutionPicture, StoreBuffersReachMemoryWithTheirDrain) {
  ExecutedStep store = step(0, {touch('a', Touch::Kind::buffered_write, 1)});
  ExecutedStep own = step(0, {touch('a', Touch::Kind::forwarded_read, 1)});
  ExecutedStep drain = step(0, {touch('a', Touch::Kind::write, 1)});
  drain.drain = true;
  const ExecutionPicture picture = picture_execution({store, own, reads(1, 'a'), drain, reads(1, 'a')}, 2);
  EXPECT_EQ(picture.arrows, (std::vector<ExecutionPicture::Arrow>{{2, 3, "a"}, {3, 4, "a"}}));
  EXPECT_EQ(picture.reads_from,
            (std::vector<ExecutionPicture::ReadsFrom>{{1, 0, "a"}, {2, std::nullopt, "a"}, {4, 3, "a"}}));
}

}  // namespace
}  // namespace fiberscope::core::explore
