#include "core/explore/replay_image.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>
#include <vector>

#include "asm/interleaving/interleaving.h"
#include "core/builtin_files.h"
#include "core/explore/textbook_encoder.h"
#include "emu/added_lines.h"
#include "emu/image_patch.h"
#include "emu/thread_bodies.h"

namespace fiberscope::core::explore {
namespace {

using emu::Address;
using emu::Error;
using emu::Result;

constexpr const char* kImage = "images/interleaving.elf";
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
};

/// The guest will print these.
Result<void> tell_variables(emu::ImagePatch& patch, const emu::Image& image,
                            const std::vector<PlacedVariable>& variables) {
  if (variables.size() > INTERLEAVING_VARIABLES)
    return Error{
        fmt::format("{} shared variables; a replay has room for {}", variables.size(), +INTERLEAVING_VARIABLES)};
  Address entry = symbol_in(image, "interleaving_variables").address;
  for (const PlacedVariable& variable : variables) {
    interleaving_variable told{variable.address.value, variable.size, {}};
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
  const Address bodies = symbol_in(image, "interleaving_bodies").address;
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
    placed.push_back({name, address, kVariableSize});
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

}  // namespace

Result<emu::Image> typed_replay_image(const TypedThreads& typed, bool whole_statements) {
  const auto file = builtin_file(kImage);
  if (!file) return Error{fmt::format("{} is missing from this build", kImage)};
  const auto image = emu::Image::parse({file->begin(), file->end()}, kImage);
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

}  // namespace fiberscope::core::explore
