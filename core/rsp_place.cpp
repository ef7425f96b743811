#include "core/rsp_place.h"

#include <algorithm>

#include "emu/shown_name.h"

namespace fiberscope::core {
namespace {

using emu::Address;

constexpr std::size_t kMostWords = 20;
constexpr std::uint64_t kWordsAround = 8;

/// "contexts[2]" of "contexts[2].r15"; of a name without an element the variable's.
std::string_view element_of(std::string_view name) {
  const std::size_t member = name.find("].");
  return member == std::string_view::npos ? name.substr(0, name.find_first_of(".[")) : name.substr(0, member + 1);
}

RspPlace::Word word_at(const MachineState& state, Address address, std::uint32_t size, std::string name) {
  RspPlace::Word word;
  word.address = address;
  word.size = static_cast<std::uint8_t>(size);
  word.value = state.memory.read(address, size).value_or(0);
  word.name = std::move(name);
  word.live = address.value >= state.registers[emu::Register::rsp];
  return word;
}

/// At most kMostWords of them, those around rsp.
void keep_those_around(std::vector<RspPlace::Word>& words, Address rsp) {
  if (words.size() <= kMostWords) return;
  const auto at = std::find_if(words.begin(), words.end(),
                               [&](const RspPlace::Word& word) { return word.address + word.size > rsp; });
  const auto index = static_cast<std::size_t>(at - words.begin());
  const std::size_t first = std::min(index - std::min(index, kMostWords / 2), words.size() - kMostWords);
  words = {words.begin() + static_cast<std::ptrdiff_t>(first),
           words.begin() + static_cast<std::ptrdiff_t>(first + kMostWords)};
}

}  // namespace

std::optional<RspPlace> rsp_place(const Trace& trace, const MachineState& state) {
  const Address rsp{state.registers[emu::Register::rsp]};
  const emu::Region* region = state.memory.region_at(rsp);
  if (region == nullptr || !region->readable) return std::nullopt;
  RspPlace place;
  if (const auto symbol = trace.image().symbol_at(rsp)) {
    const std::vector<emu::GlobalCell> cells = trace.debug().global(symbol->name);
    const auto here = std::find_if(cells.begin(), cells.end(), [&](const emu::GlobalCell& cell) {
      return cell.address <= rsp && rsp < cell.address + cell.size;
    });
    if (here != cells.end()) {
      place.name = element_of(here->name);
      for (const emu::GlobalCell& cell : cells) {
        if (element_of(cell.name) != place.name) continue;
        const bool member = cell.name.size() > place.name.size();
        const std::size_t skipped = place.name.size() + (member && cell.name[place.name.size()] == '.' ? 1 : 0);
        place.words.push_back(word_at(state, cell.address, cell.size, cell.name.substr(member ? skipped : 0)));
      }
    }
  }
  if (place.words.empty()) {
    place.name = region->name;
    const Address low{std::max(rsp.value / 8 * 8 - std::min(rsp.value, kWordsAround * 8), region->range.low.value)};
    for (Address at = low; at + 8 <= region->range.high && at <= rsp + kWordsAround * 8; at = at + 8)
      place.words.push_back(word_at(state, at, 8, emu::symbolized(trace.image(), at)));
  }
  keep_those_around(place.words, rsp);
  std::reverse(place.words.begin(), place.words.end());
  return place;
}

}  // namespace fiberscope::core
