#include "core/record_request.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace fiberscope::core {
namespace {

RC_GTEST_PROP(RecordRequest, IsTheSameBehindItsWords, ()) {
  RecordRequest request;
  request.target = *rc::gen::arbitrary<std::string>();
  request.trace_path = *rc::gen::element<std::string>("/tmp/a b.fscope", "--trace", "");
  request.max_steps = *rc::gen::arbitrary<std::uint64_t>();
  request.schedule = *rc::gen::element<std::string>("", "T1x2 T2x4", "--schedule");
  request.stop_at_question = *rc::gen::arbitrary<bool>();
  request.choice.processors = *rc::gen::element<std::optional<unsigned>>(std::nullopt, 1U, 8U);
  request.choice.seed = *rc::gen::arbitrary<std::uint64_t>();
  // A program's own words may look like ours.
  request.arguments = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("--argument", "__worker", "--max-steps", "", "ñ", "-1"));
  const auto read = request_of(to_words(request));
  RC_ASSERT(read.has_value());
  RC_ASSERT(read->target == request.target);
  RC_ASSERT(read->trace_path == request.trace_path);
  RC_ASSERT(read->max_steps == request.max_steps);
  RC_ASSERT(read->schedule == request.schedule);
  RC_ASSERT(read->stop_at_question == request.stop_at_question);
  RC_ASSERT(read->choice.processors == request.choice.processors);
  RC_ASSERT(read->choice.seed == request.choice.seed);
  RC_ASSERT(read->arguments == request.arguments);
}

TEST(RecordRequest, OtherWordsAreRefused) {
  using Words = std::vector<std::string>;
  for (const Words& words : {Words{}, Words{"run", "x"}, Words{"__worker"}, Words{"__worker", "x", "--max-steps", "1x"},
                             Words{"__worker", "x", "--max-steps", "-1"}, Words{"__worker", "x", "--other", "1"},
                             Words{"__worker", "x", "--trace"}})
    EXPECT_FALSE(request_of(words)) << (words.empty() ? "" : words.back());
}

}  // namespace
}  // namespace fiberscope::core
