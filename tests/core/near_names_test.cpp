#include "core/near_names.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fiberscope::core {
namespace {

TEST(EditDistance, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("title", "titel"), 1u) << "a swap of neighbours is one mistake";
}

TEST(NearestName, KeepsItsDistance) {
  const std::vector<std::string> names = {"title", "threads", "image"};
  EXPECT_EQ(nearest_name("thread", names), "threads");
  EXPECT_EQ(nearest_name("colour", names), "");
  EXPECT_EQ(did_you_mean("imgae", names), "; did you mean 'image'?");
  EXPECT_EQ(did_you_mean("x", names), "");
  EXPECT_EQ(nearest_name("a", {}), "");
}

}  // namespace
}  // namespace fiberscope::core
