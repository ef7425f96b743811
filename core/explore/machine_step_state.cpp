// The part of MachineStep that turns states into words and back, and tells what is in them.
#include "core/explore/machine_step_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "emu/registers.h"

namespace fiberscope::core::explore {
namespace {

constexpr std::size_t kHeadWords = 19;  // registers, rip, flags, and how many of what follows
constexpr std::uint32_t kNoLevel = 0xffffffff;
constexpr std::size_t kRdi = emu::slot(emu::Register::rdi);

}  // namespace

MachineStep::State MachineStep::unpack(LocalId local) const {
  const auto words = locals_.at(local);
  State state;
  std::copy_n(words.begin(), 16, state.registers.general.begin());
  state.registers.rip = words[16];
  state.registers.flags = words[17];
  state.thread = words[18] & 0xff;
  state.is_finished = (words[18] >> 8 & 1) != 0;
  const std::size_t stores = words[18] >> 16 & 0xffff;
  const std::size_t pending = words[18] >> 32 & 0xffff;
  std::size_t at = kHeadWords;
  if (program_.uses_vector) {
    std::copy_n(words.begin() + kHeadWords, 32, state.registers.vector.begin());
    at += 32;
  }
  for (std::size_t i = 0; i < stores + pending; ++i, at += 2)
    (i < stores ? state.stores : state.pending)
        .push_back({words[at] & 0xffffffffffffffULL, static_cast<std::uint32_t>(words[at] >> 56), words[at + 1]});
  state.stack.assign(words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
  return state;
}

LocalId MachineStep::pack(const State& state) {
  scratch_.assign(state.registers.general.begin(), state.registers.general.end());
  scratch_.push_back(state.registers.rip);
  scratch_.push_back(state.registers.flags);
  scratch_.push_back(state.thread | (state.is_finished ? 1U : 0U) << 8 | state.stores.size() << 16 |
                     state.pending.size() << 32);
  if (program_.uses_vector)
    scratch_.insert(scratch_.end(), state.registers.vector.begin(), state.registers.vector.end());
  for (const auto* list : {&state.stores, &state.pending}) {
    for (const Store& store : *list) {
      scratch_.push_back(store.address | std::uint64_t{store.size} << 56);
      scratch_.push_back(store.value);
    }
  }
  scratch_.insert(scratch_.end(), state.stack.begin(), state.stack.end());
  const LocalId id = locals_.intern(scratch_);
  if (id == status_.size()) {
    status_.push_back(
        static_cast<std::uint8_t>((state.is_finished ? kFinished : 0) | (state.stores.empty() ? 0 : kHasStores)));
    levels_.push_back(kNoLevel);
  }
  return id;
}

void MachineStep::note_level(LocalId from, LocalId to) {
  const std::uint32_t level = levels_[from] + 1;
  if (levels_[to] == kNoLevel) levels_[to] = level;
  if (levels_[to] != level) is_levelled_ = false;
}

void MachineStep::load_stack(const State& state) {
  std::vector<std::uint64_t>& now = stack_now_[state.thread];
  if (now == state.stack) return;
  std::uint8_t* bytes = stacks_[state.thread].bytes;
  for (std::size_t i = 0; i + 1 < now.size(); i += 2) std::memset(bytes + now[i] * 8, 0, 8);
  for (std::size_t i = 0; i + 1 < state.stack.size(); i += 2)
    std::memcpy(bytes + state.stack[i] * 8, &state.stack[i + 1], 8);
  now = state.stack;
}

/// Every word that was not zero before, and every word written since, is looked at.
void MachineStep::save_stack(State& state) {
  std::vector<std::uint64_t>& now = stack_now_[state.thread];
  const Range& stack = stacks_[state.thread];
  std::vector<std::uint64_t> words = std::move(stack_written_);
  stack_written_.clear();
  if (words.empty()) return;
  for (std::size_t i = 0; i + 1 < now.size(); i += 2) words.push_back(now[i]);
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  now.clear();
  for (const std::uint64_t word : words) {
    const std::uint64_t value = read_word(stack.bytes + word * 8, 8);
    if (value == 0) continue;
    now.push_back(word);
    now.push_back(value);
  }
  state.stack = now;
}

void MachineStep::load_shared(SharedId shared) {
  if (shared_.bytes == nullptr) return;
  for (std::size_t i = 0; i + 1 < shared_now_.size(); i += 2)
    std::memcpy(shared_.bytes + shared_now_[i] * 8, shared_start_.data() + shared_now_[i] * 8, 8);
  const auto words = memories_.at(shared);
  shared_now_.assign(words.begin(), words.end());
  for (std::size_t i = 0; i + 1 < shared_now_.size(); i += 2)
    std::memcpy(shared_.bytes + shared_now_[i] * 8, &shared_now_[i + 1], 8);
}

/// Every word that differed before, and every word that this step touched, is looked at.
SharedId MachineStep::save_shared() {
  std::vector<std::uint64_t> words;
  for (std::size_t i = 0; i + 1 < shared_now_.size(); i += 2) words.push_back(shared_now_[i]);
  for (const SiteAccess& access : touched_)
    if (access.is_write)
      for (std::uint64_t word = (access.address - shared_.low) / 8;
           word <= (access.address - shared_.low + access.size - 1) / 8; ++word)
        words.push_back(word);
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  shared_now_.clear();
  for (const std::uint64_t word : words) {
    const std::uint64_t value = read_word(shared_.bytes + word * 8, 8);
    if (value == read_word(shared_start_.data() + word * 8, 8)) continue;
    shared_now_.push_back(word);
    shared_now_.push_back(value);
  }
  return memories_.intern(shared_now_);
}

// NOLINTNEXTLINE(readability-make-member-function-const): it gives write access
std::uint8_t* MachineStep::shared_bytes(std::uint64_t address) {
  return shared_.bytes + (address - shared_.low);
}

bool MachineStep::is_shared(std::uint64_t address, std::uint32_t size) const {
  return shared_.bytes != nullptr && shared_.holds(address, size);
}

bool MachineStep::is_in_object(std::uint64_t address, std::uint32_t size) const {
  return program_.objects.empty() ||
         std::any_of(program_.objects.begin(), program_.objects.end(), [&](const SharedObject& object) {
           return object.low <= address && address < object.high && size <= object.high - address;
         });
}

std::string MachineStep::place_outside(std::uint64_t address, std::uint32_t size) const {
  const SharedObject* nearest = nullptr;
  std::uint64_t least = 0;
  for (const SharedObject& object : program_.objects) {
    const bool meets = address < object.high && object.low < address + size;
    const std::uint64_t away = meets                    ? 0
                               : address >= object.high ? address - object.high + 1
                                                        : object.low - (address + size) + 1;
    if (nearest != nullptr && away >= least) continue;
    nearest = &object;
    least = away;
  }
  const std::uint64_t whole = nearest->high - nearest->low;
  const std::string what =
      fmt::format("{} ({} byte{} at {:#x})", nearest->name, whole, whole == 1 ? "" : "s", nearest->low);
  if (least == 0) return fmt::format("beyond the {} of {}", address < nearest->low ? "beginning" : "end", what);
  const std::string distance = least == 1 ? "just" : fmt::format("{} byte{}", least - 1, least == 2 ? "" : "s");
  return fmt::format("{} {} {}", distance, address < nearest->low ? "in front of" : "behind the end of", what);
}

bool MachineStep::is_plain(std::uint64_t address) const {
  if (program_.sync.empty()) return true;
  const SharedVariable* variable = program_.variable_at(address);
  return variable == nullptr || program_.sync.count(variable->name) == 0;
}

std::int64_t MachineStep::value(SharedId shared, const SharedVariable& variable) const {
  const auto words = memories_.at(shared);
  std::array<std::uint8_t, 16> bytes{};
  const std::uint64_t offset = variable.address - shared_.low;
  const std::uint64_t first = offset / 8;
  for (std::uint64_t word = 0; word < 2; ++word) {
    if ((first + word) * 8 + 8 <= shared_start_.size())
      std::memcpy(bytes.data() + word * 8, shared_start_.data() + (first + word) * 8, 8);
    for (std::size_t i = 0; i + 1 < words.size(); i += 2)
      if (words[i] == first + word) std::memcpy(bytes.data() + word * 8, &words[i + 1], 8);
  }
  return variable.number(read_word(bytes.data() + offset % 8, variable.size), variable.size);
}

std::uint64_t MachineStep::register_value(LocalId local, std::size_t reg) const {
  return locals_.at(local)[reg];
}

std::uint64_t MachineStep::rip(LocalId local) const {
  return locals_.at(local)[16];
}

std::vector<MachineStep::Store> MachineStep::stores(LocalId local) const {
  return unpack(local).stores;
}

std::optional<MachineStep::Waiting> MachineStep::waiting(LocalId local) const {
  const auto instruction = decode(rip(local));
  if (!instruction || instruction->flow != emu::Flow::call || !instruction->target) return std::nullopt;
  const auto call = program_.runtime.find(instruction->target->value);
  if (call == program_.runtime.end()) return std::nullopt;
  return Waiting{call->second, register_value(local, kRdi)};
}

std::size_t MachineStep::footprint() const {
  return locals_.footprint() + memories_.footprint() + steps_.footprint() + drains_.footprint() + status_.capacity();
}

bool MachineStep::stores_constant(std::uint64_t rip) const {
  const auto instruction = decode(rip);
  return instruction && instruction->stores_constant;
}

std::string MachineStep::text(std::uint64_t rip) const {
  const auto place = program_.places.find(rip);
  if (place != program_.places.end() && !place->second.text.empty()) return place->second.text;
  const auto instruction = decode(rip);
  if (!instruction) return "";
  return instruction->intel_operands.empty() ? instruction->intel_mnemonic
                                             : instruction->intel_mnemonic + " " + instruction->intel_operands;
}

std::string MachineStep::source(std::uint64_t rip) const {
  const auto place = program_.places.find(rip);
  return place == program_.places.end() ? "" : place->second.source;
}

std::string MachineStep::describe(std::uint64_t rip) const {
  const std::string where = source(rip);
  const std::string what = text(rip);
  return fmt::format("{}{}{}", where.empty() ? fmt::format("{:#x}", rip) : where, what.empty() ? "" : ": ", what);
}

}  // namespace fiberscope::core::explore
