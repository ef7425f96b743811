#include "core/explore/code_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace fiberscope::core::explore {
namespace {

constexpr std::array<std::string_view, 27> kRefused = {
    "in",    "out",   "insb",   "insd", "outsb", "outsd", "hlt",    "cli",     "sti",
    "int",   "int1",  "int3",   "into", "cpuid", "rdtsc", "rdtscp", "rdrand",  "rdseed",
    "rdmsr", "wrmsr", "swapgs", "lgdt", "lidt",  "ltr",   "invlpg", "ldmxcsr", "fxrstor"};

/// What a lock prefix may stand before (Intel SDM vol. 2, LOCK); others kill the engine or are undefined.
constexpr std::array<std::string_view, 18> kLockable = {"add", "adc", "and",  "btc",     "btr",       "bts",
                                                        "dec", "inc", "neg",  "not",     "or",        "sbb",
                                                        "sub", "xor", "xadd", "cmpxchg", "cmpxchg8b", "cmpxchg16b"};

bool begins(const std::string& text, std::string_view with) {
  return text.rfind(with, 0) == 0;
}

bool may_be_locked(std::string_view name) {
  return name == "xchg" || std::find(kLockable.begin(), kLockable.end(), name) != kLockable.end();
}

bool may_end_a_function(const emu::Instruction& instruction) {
  const std::string& name = instruction.intel_mnemonic;
  const std::string& operands = instruction.intel_operands;
  return name == "nop" || name == "leave" || (name == "pop" && begins(operands, "r")) ||
         (name == "add" && begins(operands, "rsp, ") && operands.find('r', 5) == std::string::npos) ||
         (name == "lea" && begins(operands, "rsp, ")) || instruction.flow == emu::Flow::ret;
}

}  // namespace

bool is_prologue(const emu::Instruction& instruction) {
  const std::string& name = instruction.intel_mnemonic;
  const std::string& operands = instruction.intel_operands;
  return name == "endbr64" || (name == "push" && begins(operands, "r") && instruction.memory.size() == 1) ||
         (name == "mov" && operands == "rbp, rsp") || (name == "sub" && begins(operands, "rsp, 0x")) ||
         (name == "sub" && begins(operands, "rsp, ") && operands.find('r', 5) == std::string::npos);
}

bool is_epilogue(emu::Address from, emu::Address end,
                 const std::function<std::optional<emu::Instruction>(emu::Address)>& decode) {
  for (emu::Address at = from; at < end;) {
    const auto instruction = decode(at);
    if (!instruction || !may_end_a_function(*instruction)) return false;
    if (instruction->flow == emu::Flow::ret) return true;
    at = at + instruction->size;
  }
  return false;
}

bool is_division(const emu::Instruction& instruction) {
  return instruction.intel_mnemonic == "div" || instruction.intel_mnemonic == "idiv";
}

std::string why_refused(const emu::Instruction& instruction) {
  const std::string& name = instruction.intel_mnemonic;
  const std::string& operands = instruction.intel_operands;
  if (instruction.flow == emu::Flow::system_call || instruction.flow == emu::Flow::halt ||
      instruction.flow == emu::Flow::interrupt_return)
    return "asks the kernel; threads that are explored compute, synchronise and return";
  if (std::find(kRefused.begin(), kRefused.end(), name) != kRefused.end() || begins(operands, "cr") ||
      begins(operands, "dr"))
    return fmt::format("{} cannot be explored: it is privileged, or its result is not the program's own", name);
  if (begins(name, "lock ") && (instruction.memory.empty() || !may_be_locked(name.substr(5))))
    return fmt::format("{} is no instruction that can be locked", name);
  if (name == "lcall" || name == "ljmp" || name == "retf" || name == "retfq")
    return "goes to another segment; threads that are explored stay in theirs";
  if ((begins(name, "f") && name != "fs") || begins(operands, "mm") || operands.find(" mm") != std::string::npos)
    return "x87 and MMX registers are not followed; use integers or SSE";
  if (begins(name, "v") && operands.find("mm") != std::string::npos)
    return "AVX is not emulated; build without -march=native";
  for (const emu::MemoryOperand& operand : instruction.memory)
    if (operand.segment_base) return "addresses through fs or gs are not followed; use plain shared variables";
  return {};
}

}  // namespace fiberscope::core::explore
