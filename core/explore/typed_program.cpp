#include "core/explore/typed_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/explore/textbook_encoder.h"
#include "core/near_names.h"
#include "core/trimmed.h"
#include "core/whole_number.h"

namespace fiberscope::core::explore {
namespace {

using emu::Error;
using emu::Result;

constexpr std::uint64_t kCode = 0x400000;
constexpr std::uint64_t kData = 0x600000;
constexpr std::uint64_t kPage = 4096;
constexpr std::uint8_t kRet = 0xc3;

Result<void> parse_initial(std::string_view text, TypedThreads& typed) {
  while (!trimmed(text).empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view item = trimmed(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    const std::size_t equals = item.find('=');
    const std::string name(trimmed(item.substr(0, equals)));
    const std::string_view digits =
        equals == std::string_view::npos ? std::string_view() : trimmed(item.substr(equals + 1));
    std::int32_t value = 0;
    if (!read_whole_number(digits, value))
      return Error{
          fmt::format("initial values: expected name=number, not '{}'; write x=0,y=1 with numbers of 32 bits", item)};
    if (std::find(typed.variables.begin(), typed.variables.end(), name) == typed.variables.end())
      return Error{fmt::format("initial values: no thread uses a shared variable '{}'{}", name,
                               did_you_mean(name, typed.variables))};
    typed.initial[name] = value;
  }
  return {};
}

}  // namespace

Result<TypedThreads> parse_threads(const std::vector<std::string>& texts, const std::string& initial) {
  if (texts.size() < kMinThreads || texts.size() > kMaxThreads)
    return Error{fmt::format("{} thread{}: give 2 to {}, each as --thread \"x=x+1; y=y+x\"", texts.size(),
                             texts.size() == 1 ? "" : "s", kMaxThreads)};
  TypedThreads typed;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto statements = parse_statements(texts[i], fmt::format("thread {}", i + 1));
    if (!statements) return statements.error();
    for (const std::string& name : shared_names(*statements))
      if (std::find(typed.variables.begin(), typed.variables.end(), name) == typed.variables.end())
        typed.variables.push_back(name);
    typed.threads.push_back(std::move(statements).value());
  }
  if (const auto parsed = parse_initial(initial, typed); !parsed) return parsed.error();
  return typed;
}

Result<ThreadProgram> encode_threads(const TypedThreads& typed, bool whole_statements) {
  ThreadProgram program;
  program.lowering = whole_statements ? "statement" : "textbook";
  VariableAddresses addresses;
  std::vector<std::uint8_t> data((typed.variables.size() * 4 + kPage - 1) / kPage * kPage, 0);
  for (const std::string& name : typed.variables) {
    const std::uint64_t offset = program.variables.size() * 4;
    addresses[name] = kData + offset;
    program.variables.push_back({name, kData + offset, 4, true});
    if (const auto value = typed.initial.find(name); value != typed.initial.end())
      std::memcpy(data.data() + offset, &value->second, 4);
  }
  std::vector<std::uint8_t> code;
  for (std::size_t i = 0; i < typed.threads.size(); ++i) {
    const auto encoded = encode_textbook(typed.threads[i], addresses, fmt::format("thread {}", i + 1));
    if (!encoded) return encoded.error();
    ProgramThread thread;
    thread.entry = thread.code_low = kCode + code.size();
    for (const TextbookInstruction& instruction : *encoded) {
      const std::uint64_t address = kCode + code.size();
      const std::string& statement = typed.threads[i][instruction.statement].text;
      program.places[address] =
          whole_statements ? InstructionPlace{statement, ""} : InstructionPlace{instruction.text, statement};
      if (whole_statements && instruction.begins_statement) program.statement_starts.insert(address);
      code.insert(code.end(), instruction.bytes.begin(), instruction.bytes.end());
    }
    code.push_back(kRet);
    thread.code_high = kCode + code.size();
    program.functions[thread.entry] = fmt::format("thread_{}", i + 1);
    program.threads.push_back(thread);
  }
  const std::uint64_t code_end = kCode + (code.size() + kPage - 1) / kPage * kPage;
  program.regions.push_back(
      {{"code", emu::RegionKind::code, {{kCode}, {code_end}}, true, false, true}, std::move(code)});
  if (!data.empty())
    program.regions.push_back(
        {{"data", emu::RegionKind::data, {{kData}, {kData + data.size()}}, true, true, false}, std::move(data)});
  return program;
}

std::vector<std::string> shared_names_assigned(const std::vector<Statement>& statements) {
  std::vector<std::string> locals;
  std::vector<std::string> assigned;
  const auto holds = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const Statement& statement : statements) {
    if (statement.declares) locals.push_back(statement.name);
    if (!holds(locals, statement.name) && !holds(assigned, statement.name)) assigned.push_back(statement.name);
  }
  return assigned;
}

}  // namespace fiberscope::core::explore
