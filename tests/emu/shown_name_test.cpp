#include "emu/shown_name.h"

#include <gtest/gtest.h>

namespace fiberscope::emu {
namespace {

TEST(ShownName, TakesNamesOfCppApart) {
  EXPECT_EQ(shown_name("_ZN4shop4Till3addERKi"), "shop::Till::add(int const&)");
  EXPECT_EQ(shown_name("switch_to_context"), "switch_to_context");
  EXPECT_EQ(shown_name("__swapcontext"), "__swapcontext");
  EXPECT_EQ(shown_name("_Zno mangled name"), "_Zno mangled name");
  EXPECT_EQ(shown_name(""), "");
}

TEST(ShortName, IsTheFunctionAlone) {
  EXPECT_EQ(short_name("shop::Till::add(int const&)"), "add");
  EXPECT_EQ(short_name("shop::Till::add(int const&)+26"), "add+26");
  EXPECT_EQ(short_name("void a::enter<a::record<b::fiber, c (*)(d::e)> >(a::transfer)+7"), "enter<…>+7");
  EXPECT_EQ(short_name("boost::context::fiber::resume() &&+56"), "resume+56");
  EXPECT_EQ(short_name("shop::Till::sum() const"), "sum");
  EXPECT_EQ(short_name("shop::open(int)::Drawer::pull()"), "pull");
  EXPECT_EQ(short_name("generate(boost::context::fiber)"), "generate");
  EXPECT_EQ(short_name("(anonymous namespace)::work(int)"), "work");
  EXPECT_EQ(short_name("switch_to_context+15"), "switch_to_context+15");
  EXPECT_EQ(short_name("saved rbx"), "saved rbx") << "what is no name stays";
  EXPECT_EQ(short_name("a::b::operator()(int)"), "a::b::operator()(int)");
  EXPECT_EQ(short_name(""), "");
}

}  // namespace
}  // namespace fiberscope::emu
