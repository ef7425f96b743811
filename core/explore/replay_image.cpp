#include "core/explore/replay_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "asm/replay_runtime/replay_runtime.h"
#include "core/builtin_files.h"
#include "core/explore/code_rules.h"
#include "core/explore/litmus.h"
#include "core/explore/textbook_encoder.h"
#include "emu/added_lines.h"
#include "emu/disassembler.h"
#include "emu/image_patch.h"
#include "emu/thread_bodies.h"

namespace fiberscope::core::explore {
namespace {

using emu::Address;
using emu::Error;
using emu::Result;

constexpr const char* kName = "replay.elf";
constexpr std::uint8_t kRet = 0xc3;
constexpr std::uint32_t kVariableSize = 4;

/// Of the guest's own code: it is there.
emu::Symbol symbol_in(const emu::Image& image, const std::string& name) {
  return image.symbol(name).value_or(emu::Symbol{});
}

/// A variable as the guest is told of it.
struct PlacedVariable {
  std::string name;
  Address address;
  std::uint32_t size = 0;
  bool is_unsigned = false;
};

/// The guest will print these.
Result<void> tell_variables(emu::ImagePatch& patch, const emu::Image& image,
                            const std::vector<PlacedVariable>& variables) {
  if (variables.size() > REPLAY_VARIABLES)
    return Error{fmt::format("{} shared variables; a replay has room for {}", variables.size(), +REPLAY_VARIABLES)};
  Address entry = symbol_in(image, "replay_variables").address;
  for (const PlacedVariable& variable : variables) {
    replay_variable told{variable.address.value, variable.size, variable.is_unsigned ? 1U : 0U, {}};
    if (variable.name.size() >= sizeof told.name)
      return Error{fmt::format("{}: a name of {} characters; a replay has room for {}", variable.name,
                               variable.name.size(), sizeof told.name - 1)};
    variable.name.copy(told.name, sizeof told.name);
    std::vector<std::uint8_t> bytes(sizeof told);
    std::memcpy(bytes.data(), &told, sizeof told);
    if (const auto written = patch.write(entry, bytes); !written) return written.error();
    entry = entry + sizeof told;
  }
  return {};
}

/// The guest will run this as the body of a thread, from 1 on.
Result<void> tell_body(emu::ImagePatch& patch, const emu::Image& image, std::size_t number, Address code) {
  const Address bodies = symbol_in(image, "replay_bodies").address;
  return patch.write_word(bodies + sizeof(std::uint64_t) * (number - 1), code.value);
}

/// Typed variables get their words, names and first values.
Result<VariableAddresses> place_variables(emu::ImagePatch& patch, const emu::Image& image, const TypedThreads& typed) {
  const Address words = symbol_in(image, "shared_words").address;
  VariableAddresses addresses;
  std::vector<PlacedVariable> placed;
  for (const std::string& name : typed.variables) {
    const Address address = words + kVariableSize * placed.size();
    addresses[name] = address.value;
    placed.push_back({name, address, kVariableSize, false});
  }
  if (const auto told = tell_variables(patch, image, placed); !told) return told.error();
  for (const PlacedVariable& variable : placed) {
    const auto value = typed.initial.find(variable.name);
    std::vector<std::uint8_t> first(kVariableSize);
    if (value != typed.initial.end()) std::memcpy(first.data(), &value->second, kVariableSize);
    if (const auto written = patch.write(variable.address, first); !written) return written.error();
    if (const auto added = patch.add_symbol({variable.name, variable.address, kVariableSize, false}); !added)
      return added.error();
  }
  return addresses;
}

struct PlacedThread {
  emu::ThreadBody body;
  emu::AddedLines lines;
};

Result<PlacedThread> place_thread(emu::ImagePatch& patch, const emu::Image& image,
                                  const std::vector<Statement>& statements, std::size_t number,
                                  const VariableAddresses& addresses) {
  const emu::Symbol room = symbol_in(image, fmt::format("thread_{}", number));
  const auto encoded = encode_textbook(statements, addresses, fmt::format("thread {}", number));
  if (!encoded) return encoded.error();
  PlacedThread placed;
  placed.lines.file = fmt::format("thread {}", number);
  for (const Statement& statement : statements) placed.lines.text += statement.text + ";\n";
  std::vector<std::uint8_t> code;
  for (const TextbookInstruction& instruction : *encoded) {
    const Address at = room.address + code.size();
    if (instruction.begins_statement) {
      placed.lines.rows.push_back({at, static_cast<int>(instruction.statement) + 1});
      placed.body.step_starts.push_back(at);
    }
    code.insert(code.end(), instruction.bytes.begin(), instruction.bytes.end());
  }
  placed.body.thread = static_cast<std::uint32_t>(number);
  placed.body.code = {room.address, room.address + code.size()};
  code.push_back(kRet);
  if (code.size() > room.size)
    return Error{
        fmt::format("thread {}: {} bytes of code; a replay has room for {} a thread", number, code.size(), room.size)};
  placed.lines.code = {room.address, room.address + code.size()};
  if (const auto written = patch.write(room.address, code); !written) return written.error();
  if (const auto resized = patch.resize_symbol(room.name, code.size()); !resized) return resized.error();
  if (const auto told = tell_body(patch, image, number, room.address); !told) return told.error();
  return placed;
}

/// The program's own, where the runtime has one of the same name: its code and data come first.
std::optional<emu::Symbol> first_named(const emu::Image& image, const std::string& name, bool is_function) {
  for (const emu::Symbol& symbol : image.symbols())
    if (symbol.name == name && symbol.is_function == is_function) return symbol;
  return std::nullopt;
}

/// Where a variable of the program lies in this image.
Result<Address> place_of(const emu::Image& image, const ThreadProgram& program, const SharedVariable& variable) {
  const std::string name = whole_name(variable.name);
  std::uint64_t begin = variable.address;
  for (const SharedVariable& other : program.variables)
    if (whole_name(other.name) == name) begin = std::min(begin, other.address);
  const auto symbol = first_named(image, name, false);
  if (!symbol) return Error{fmt::format("the variable {} is missing from the replay", name)};
  return symbol->address + (variable.address - begin);
}

/// The instructions of a function that count, by the rules of docs/interleavings.md: of a thread's own function all but
/// prologue and epilogues, of what it calls all.
std::vector<Address> body_steps(const emu::Image& image, emu::AddressRange code, bool is_thread) {
  const emu::Disassembler disassembler;
  const auto decode = [&](Address at) -> std::optional<emu::Instruction> {
    for (const emu::LoadedRegion& loaded : image.regions()) {
      const std::span<const std::uint8_t> bytes(loaded.contents);
      if (!loaded.region.range.contains(at) || at - loaded.region.range.low >= bytes.size()) continue;
      return disassembler.decode(at, bytes.subspan(at - loaded.region.range.low));
    }
    return std::nullopt;
  };
  std::vector<Address> steps;
  bool begins = is_thread;
  for (Address at = code.low; at < code.high;) {
    const auto instruction = decode(at);
    if (!instruction) break;
    begins = begins && is_prologue(*instruction);
    if (!begins && !(is_thread && is_epilogue(at, code.high, decode))) steps.push_back(at);
    at = at + instruction->size;
  }
  return steps;
}

}  // namespace

std::string whole_name(const std::string& name) {
  // A variable inside a function has a number in its symbol: "times.0". No member begins with a digit.
  std::size_t end = name.find_first_of("[.");
  while (end != std::string::npos && name[end] == '.' && end + 1 < name.size() && name[end + 1] >= '0' &&
         name[end + 1] <= '9')
    end = name.find_first_of("[.", end + 1);
  return name.substr(0, end);
}

Result<emu::Image> typed_replay_image(const TypedThreads& typed, bool whole_statements, ReplayRuntime runtime) {
  const std::string name = fmt::format("images/{}.elf", to_string(runtime));
  const auto file = builtin_file(name);
  if (!file) return Error{fmt::format("{} is missing from this build", name)};
  const auto image = emu::Image::parse({file->begin(), file->end()}, name);
  if (!image) return image.error();
  emu::ImagePatch patch(*image);
  const auto addresses = place_variables(patch, *image, typed);
  if (!addresses) return addresses.error();
  std::vector<emu::ThreadBody> bodies;
  std::vector<emu::AddedLines> lines;
  for (std::size_t i = 0; i < typed.threads.size(); ++i) {
    auto placed = place_thread(patch, *image, typed.threads[i], i + 1, *addresses);
    if (!placed) return placed.error();
    if (!whole_statements) placed->body.step_starts.clear();
    bodies.push_back(std::move(placed->body));
    lines.push_back(std::move(placed->lines));
  }
  if (const auto added = emu::add_lines(patch, lines); !added) return added.error();
  if (const auto added = emu::add_thread_bodies(patch, bodies); !added) return added.error();
  return patch.finish(kName);
}

Result<emu::Image> compiled_replay_image(const LinkedGuest& guest, const ThreadProgram& program) {
  const emu::Image& image = guest.image;
  emu::ImagePatch patch(image);
  std::vector<PlacedVariable> variables;
  for (std::size_t i = 0; i < program.observed.size(); ++i)
    variables.push_back(
        {program.observed[i].name, symbol_in(image, register_symbol(i)).address, program.observed[i].size, false});
  for (const SharedVariable& variable : program.variables) {
    if (!variable.is_observed || variable.is_pointer()) continue;
    const auto place = place_of(image, program, variable);
    if (!place) return place.error();
    variables.push_back({variable.name, *place, variable.size, variable.kind != emu::ScalarKind::signed_number});
  }
  if (const auto told = tell_variables(patch, image, variables); !told) return told.error();
  std::vector<emu::ThreadBody> bodies;
  for (const auto& [address, name] : program.functions) {
    const auto own = std::find_if(program.threads.begin(), program.threads.end(),
                                  [entry = address](const ProgramThread& thread) { return thread.entry == entry; });
    const auto symbol = first_named(image, name, true);
    if (!symbol) return Error{fmt::format("the function {} is missing from the replay", name)};
    emu::ThreadBody body;
    if (own != program.threads.end()) {
      const auto number = static_cast<std::size_t>(own - program.threads.begin()) + 1;
      body.thread = static_cast<std::uint32_t>(number);
      body.code = {symbol->address, symbol->address + (own->code_high - own->code_low)};
      const auto wrapper = first_named(image, body_symbol(number), true);
      const Address begin = wrapper ? wrapper->address : symbol->address;
      if (const auto told = tell_body(patch, image, number, begin); !told) return told.error();
    } else {
      body.code = {symbol->address, symbol->address + symbol->size};
    }
    body.step_starts = body_steps(image, body.code, own != program.threads.end());
    if (!body.step_starts.empty()) bodies.push_back(std::move(body));
  }
  if (!guest.sources.empty())
    if (const auto added = emu::add_sources(patch, guest.sources); !added) return added.error();
  if (const auto added = emu::add_thread_bodies(patch, bodies); !added) return added.error();
  return patch.finish(kName);
}

}  // namespace fiberscope::core::explore
