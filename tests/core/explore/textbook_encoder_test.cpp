#include "core/explore/textbook_encoder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

namespace fiberscope::core::explore {
namespace {

const VariableAddresses kAddresses = {{"x", 0x600000}, {"y", 0x600004}, {"z", 0x600008}};

std::vector<TextbookInstruction> encode(const std::string& text) {
  const auto statements = parse_statements(text, "test");
  EXPECT_TRUE(statements.ok()) << text;
  const auto code = encode_textbook(*statements, kAddresses, "test");
  EXPECT_TRUE(code.ok()) << (code.ok() ? "" : code.error().message);
  return code.ok() ? *code : std::vector<TextbookInstruction>();
}

std::vector<std::string> texts(const std::string& text) {
  std::vector<std::string> all;
  for (const TextbookInstruction& one : encode(text)) all.push_back(one.text);
  return all;
}

using Lines = std::vector<std::string>;

TEST(TextbookEncoder, LowersAsTheRulesSay) {
  EXPECT_EQ(texts("x=x+1"), (Lines{"mov eax, dword ptr [x]", "add eax, 1", "mov dword ptr [x], eax"}));
  EXPECT_EQ(texts("y=y+x"), (Lines{"mov eax, dword ptr [y]", "add eax, dword ptr [x]", "mov dword ptr [y], eax"}));
  const Lines z = {"mov eax, dword ptr [x]", "mov edx, dword ptr [y]", "imul edx, edx, 5", "add eax, edx",
                   "mov dword ptr [z], eax"};
  EXPECT_EQ(texts("z=x+5*y"), z);
  EXPECT_EQ(texts("z = x + 5y"), z);
  EXPECT_EQ(texts("x=2*3-1"), (Lines{"mov dword ptr [x], 5"}));
  EXPECT_EQ(texts("x=5+y"), (Lines{"mov eax, 5", "add eax, dword ptr [y]", "mov dword ptr [x], eax"}));
  EXPECT_EQ(texts("x=-y"), (Lines{"mov eax, dword ptr [y]", "neg eax", "mov dword ptr [x], eax"}));
  EXPECT_EQ(texts("int t=x; y=t*t"),
            (Lines{"mov eax, dword ptr [x]", "mov edx, eax", "imul edx, eax", "mov dword ptr [y], edx"}));
}

TEST(TextbookEncoder, RegistersRunOut) {
  std::string deep = "x=";
  for (int i = 0; i < 9; ++i) deep += "x*y+(";
  deep += "x*y";
  deep += std::string(9, ')');
  const auto statements = parse_statements(deep, "thread 1");
  const auto code = encode_textbook(*statements, kAddresses, "thread 1");
  ASSERT_FALSE(code.ok());
  EXPECT_NE(code.error().message.find("needs more than the 9 registers"), std::string::npos) << code.error().message;
}

/// The bytes of all instructions are those that GNU as makes of their texts.
TEST(TextbookEncoder, BytesAreThoseOfTheAssembler) {
  const std::vector<int> constants = {1, 5, 127, 128, -1, 2147483647, 300};
  const std::string folder = std::filesystem::temp_directory_path() / fmt::format("encoder-{}", ::getpid());
  std::filesystem::create_directories(folder);
  for (const int constant : constants) {
    const std::string c = constant < 0 ? fmt::format("(-{})", -constant) : std::to_string(constant);
    std::string text;
    for (const char* form :
         {"x=y+{0}; ", "x=y-{0}; ", "x=y*{0}; ", "x={0}; ", "x={0}-y; ",
          "x=(x+{0})*((y-{0})+((z*{0})-((x+{0})*((y-{0})+((z*{0})-((x+{0})*((y-{0})+(-(z*{0}))))))))); ",
          "x=(x-y)+((y*z)-((z+x)*((x-y)+((y*z)-((z+x)*((x-y)+(y*z))))))); ",
          "int a=x; int b={0}; int c=y; int d=a*b; int e=d-c; int f=e+a; a=f-b; x=a; y=-f; b=b+{0}; z=b; ",
          "int g=x; int h=y-g*h2; "})
      text += fmt::format(fmt::runtime(form), c);
    VariableAddresses addresses = kAddresses;
    addresses["h2"] = 0x60000c;
    const auto statements = parse_statements(text, "test");
    ASSERT_TRUE(statements.ok()) << statements.error().message;
    const auto code = encode_textbook(*statements, addresses, "test");
    ASSERT_TRUE(code.ok()) << code.error().message;
    std::string source = ".intel_syntax noprefix\n";
    std::string own;
    for (const TextbookInstruction& one : *code) {
      std::string line = one.text;
      for (const auto& [name, address] : addresses)
        line = std::regex_replace(line, std::regex("\\[" + name + "\\]"), fmt::format("ds:[{:#x}]", address));
      source += line + "\n";
      own.append(one.bytes.begin(), one.bytes.end());
    }
    std::ofstream(folder + "/code.s") << source;
    const std::string command =
        fmt::format("as {0}/code.s -o {0}/code.o && objcopy -O binary -j .text {0}/code.o {0}/code.bin", folder);
    ASSERT_EQ(std::system(command.c_str()), 0) << source;  // NOLINT: the assembler is the second source
    std::ifstream in(folder + "/code.bin", std::ios::binary);
    const std::string assembled{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    EXPECT_EQ(own, assembled) << source;
    EXPECT_GT(own.size(), 200U);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace fiberscope::core::explore
