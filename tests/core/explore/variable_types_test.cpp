// Shared variables of C have types: what a value is, and whether an assertion holds, is what C says of it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "core/explore/pictures.h"
#include "tests/core/explore/ask.h"

namespace fiberscope::core::explore {
namespace {

class VariableTypes : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] ExploreRequest source(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / name) << text;
    ExploreRequest request;
    request.target = folder_ / name;
    return request;
  }
  /// The only outcome's value of the variable.
  static std::int64_t end(const Answer& answer, const std::string& name) {
    const auto ends = answer.ends(name);
    EXPECT_EQ(ends.size(), 1U) << name;
    return ends.empty() ? 0 : ends.begin()->first;
  }

 private:
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("variable-types-" + std::to_string(::getpid()));
};

using Ends = std::map<std::int64_t, std::size_t>;

TEST_F(VariableTypes, UnsignedNumbersAreNotNegative) {
  ExploreRequest request = source("unsigned.c",
                                  "unsigned u = 4000000000u;\n"
                                  "void thread_1(void) { u++; }\nvoid thread_2(void) { u++; }\n");
  for (const char* memory : {"sc", "tso"}) {
    request.memory = memory;
    request.assertions = {"u>5", "u==4000000002", "u<0"};
    const Answer answer = ask(request);
    EXPECT_EQ(answer.ends("u"), (Ends{{4'000'000'001, 1}, {4'000'000'002, 1}}));
    ASSERT_EQ(answer.found.violations.size(), 2U);
    EXPECT_EQ(answer.found.violations[0].assertion, "u==4000000002");
    EXPECT_EQ(answer.found.violations[0].outcomes, std::vector<std::size_t>{1});
    EXPECT_EQ(answer.found.violations[1].assertion, "u<0");
  }
}

// The values were printed by the same assignments in a program of gcc's, with printf("%lld", (long long)name).
TEST_F(VariableTypes, EveryWholeNumberIsReadByItsType) {
  const Answer answer = ask(source("whole.c", R"(
#include <stdbool.h>
#include <stdint.h>
typedef volatile uint16_t port;
enum colour { red, green = 3000000000u } colour;
enum level { low = -2, high } level;
unsigned char byte; signed char small; char plain; bool flag; port half = 1; short word; unsigned number;
int integer; uint64_t large; long negative; _Atomic unsigned char atomic;
struct { uint8_t first; int8_t second; } pair;
uint8_t list[2]; int8_t other[2];
void thread_1(void) {
  static unsigned inside = 5;
  byte = 201; small = -55; plain = -1; flag = 2; half = 65535; word = -3; number = 4294967295u; integer = -7;
  large = 9223372036854775807u; negative = -9223372036854775807l; atomic = 255;
  pair.first = 130; pair.second = -126; list[1] = 131; other[1] = -125;
  colour = green; level = low; inside -= 6;
}
void thread_2(void) { }
)"));
  const std::map<std::string, std::int64_t> expected = {
      {"byte", 201},      {"small", -55},         {"plain", -1},         {"flag", 1},          {"half", 65535},
      {"word", -3},       {"number", 4294967295}, {"integer", -7},       {"large", INT64_MAX}, {"negative", -INT64_MAX},
      {"atomic", 255},    {"pair.first", 130},    {"pair.second", -126}, {"list[0]", 0},       {"list[1]", 131},
      {"other[1]", -125}, {"colour", 3000000000}, {"level", -2}};
  for (const auto& [name, value] : expected) EXPECT_EQ(end(answer, name), value) << name;
  const auto& names = answer.found.observables;
  const auto inside =
      std::find_if(names.begin(), names.end(), [](const std::string& name) { return name.rfind("inside.", 0) == 0; });
  ASSERT_NE(inside, names.end());
  EXPECT_EQ(end(answer, *inside), 4294967295);
}

TEST_F(VariableTypes, PicturesTellTheSameValues) {
  ExploreRequest request = source("picture.c",
                                  "unsigned char c = 200; int seen;\n"
                                  "void thread_1(void) { c = c + 1; }\nvoid thread_2(void) { seen = 1; }\n");
  request.memory = "tso";
  request.pictures = true;
  const Answer answer = ask(request);
  ASSERT_TRUE(answer.found.pictures);
  std::vector<std::int64_t> read, buffered, written;
  for (const ExecutedStep& step : answer.found.pictures->executions.at(0).steps)
    for (const Touch& touch : step.touches) {
      if (touch.variable != "c" || !touch.value) continue;
      if (touch.kind == Touch::Kind::read) read.push_back(*touch.value);
      if (touch.kind == Touch::Kind::buffered_write) buffered.push_back(*touch.value);
      if (touch.kind == Touch::Kind::write) written.push_back(*touch.value);
    }
  EXPECT_EQ(read, std::vector<std::int64_t>{200});
  EXPECT_EQ(buffered, std::vector<std::int64_t>{201});
  EXPECT_EQ(written, std::vector<std::int64_t>{201});
  const StateMap& states = answer.found.pictures->states;
  std::set<std::string> buffers;
  for (const StateMap::Node& node : states.nodes)
    for (const std::string& text : node.buffers)
      if (text.rfind("c=", 0) == 0) buffers.insert(text);
  EXPECT_EQ(buffers, std::set<std::string>{"c=201"});
}

TEST_F(VariableTypes, WhatExceedsANumberOf64BitsWithASignIsRefused) {
  const auto says = [&](const std::string& text, const std::string& memory = "sc") {
    ExploreRequest request = source("wide.c", text);
    request.memory = memory;
    return complaint(request);
  };
  const std::string other = "int x;\nvoid thread_2(void) { x = 1; }\n";
  const std::string add =
      "unsigned long u = 9223372036854775806u;\nvoid thread_1(void) {\n u = u + 1;\n u = u + 1; }\n" + other;
  for (const char* memory : {"sc", "tso"}) {
    const std::string message = says(add, memory);
    EXPECT_NE(message.find("thread 1, wide.c:4: mov qword ptr [u], rax: u becomes 9223372036854775808: "),
              std::string::npos)
        << message;
  }
  const std::string half =
      "union { unsigned long whole; unsigned parts[2]; } u = {5};\n"
      "void thread_1(void) { u.parts[1] = 0x80000000u; }\n" +
      other;
  for (const char* memory : {"sc", "tso"})
    EXPECT_NE(says(half, memory).find("u.whole becomes 9223372036854775813"), std::string::npos) << says(half, memory);
  EXPECT_EQ(says("int x; unsigned long u = -1;\nvoid thread_1(void) { x = 2; }\nvoid thread_2(void) { x = 1; }\n")
                .rfind("u begins as 18446744073709551615: ", 0),
            0U);
  EXPECT_EQ(says("long u = 9223372036854775807;\nvoid thread_1(void) { u = -u; }\n" + other), "");
}

TEST_F(VariableTypes, FloatingPointVariablesAreRefused) {
  const auto says = [&](const std::string& declaration) {
    return complaint(source("floats.c", declaration + " int x;\nvoid thread_1(void) { x = 1; }\n"
                                                      "void thread_2(void) { double own = x; x = own * 2; }\n"));
  };
  EXPECT_EQ(says(""), "");
  EXPECT_EQ(says("const double fixed = 2;"), "");
  for (const char* declaration : {"double bal = 9.5;", "float bal;", "long double bal;", "volatile double bal;",
                                  "_Atomic float bal;", "_Complex float bal;", "typedef double money; money bal;"})
    EXPECT_NE(says(declaration).find("bal"), std::string::npos) << declaration;
  const std::string message = says("struct { int id; double money[2]; } account;");
  EXPECT_NE(message.find("floats.c: account.money[0] is a floating-point number"), std::string::npos) << message;
  EXPECT_NE(message.find("make it an integer"), std::string::npos) << message;
}

TEST_F(VariableTypes, APointerIsAnAddress) {
  ExploreRequest request = source("pointer.c",
                                  "int x, *p; void (*f)(void);\nvoid thread_2(void) { }\n"
                                  "void thread_1(void) { p = &x; f = thread_2; }\n");
  request.assertions = {"p==0", "p>0", "f>0"};
  const Answer answer = ask(request);
  const ThreadProgram& program = answer.asked.program;
  EXPECT_TRUE(program.variable("p")->is_pointer());
  EXPECT_TRUE(program.variable("f")->is_pointer());
  EXPECT_FALSE(program.variable("x")->is_pointer());
  EXPECT_EQ(answer.ends("p"), (Ends{{static_cast<std::int64_t>(program.variable("x")->address), 1}}));
  EXPECT_EQ(answer.ends("f"), (Ends{{static_cast<std::int64_t>(program.threads[1].entry), 1}}));
  ASSERT_EQ(answer.found.violations.size(), 1U);
  EXPECT_EQ(answer.found.violations[0].assertion, "p==0");
  request = source("place.c",
                   "int a[3], *p = &a[1], *none; char *within; void (*f)(void);\nvoid thread_2(void) { }\n"
                   "void thread_1(void) { within = (char *)&a[2] + 1; f = thread_2; }\n");
  const Answer other = ask(request);
  const std::string text = explore_text(other.asked, other.found);
  for (const char* word : {"  &a[1]  ", "  &a[2]+1  ", "  &thread_2  "})
    EXPECT_NE(text.find(word), std::string::npos) << word << text;
}

TEST_F(VariableTypes, NumbersOfAssemblyHaveASign) {
  const Answer answer = ask(source("sign.S",
                                   ".globl x, thread_1, thread_2\n.text\nthread_1: movl $0xee6b2801, x(%rip)\n ret\n"
                                   "thread_2: ret\n.data\n.type x,@object\n.size x,4\nx: .long 0\n"));
  EXPECT_EQ(answer.ends("x"), (Ends{{-294'967'295, 1}}));  // 4000000001 - 2^32
}

TEST_F(VariableTypes, BytesOfALongArrayAreNotShownAsWords) {
  const Answer answer = ask(source("text.c",
                                   "unsigned char text[100]; int x;\nvoid thread_1(void) { text[3] = 200; }\n"
                                   "void thread_2(void) { x = 1; }\n"));
  EXPECT_EQ(answer.found.observables, std::vector<std::string>{"x"});
}

}  // namespace
}  // namespace fiberscope::core::explore
