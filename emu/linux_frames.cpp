#include "emu/linux_frames.h"

#include <algorithm>

namespace fiberscope::emu {
namespace {

std::uint64_t page_of(std::uint64_t address) {
  return address & ~(kPageSize - 1);
}

}  // namespace

LinuxFrames::LinuxFrames(Memory& memory, Cpu& cpu, AddressRange pool, AddressRange kernel)
    : memory_(memory), cpu_(cpu), pool_(pool), kernel_(kernel) {
  for (Address frame = pool.low; frame < pool.high; frame = frame + kPageSize) free_.insert(frame.value);
}

std::optional<Address> LinuxFrames::take(Address page) {
  Address frame = page;
  if (users(page) != 0) {
    if (free_.empty()) return std::nullopt;
    frame = Address{*free_.begin()};
    free_.erase(free_.begin());
  }
  users_[frame.value] = 1;
  clear(frame);
  return frame;
}

Address LinuxFrames::take_own(Address page) {
  ++users_[page.value];
  return page;
}

void LinuxFrames::release(Address frame) {
  const auto found = users_.find(frame.value);
  if (found == users_.end() || --found->second > 0) return;
  users_.erase(found);
  if (is_of_pool(frame)) free_.insert(frame.value);
}

std::uint32_t LinuxFrames::users(Address frame) const {
  const auto found = users_.find(frame.value);
  return found == users_.end() ? 0 : found->second;
}

bool LinuxFrames::has_room(AddressRange pages) const {
  std::size_t needed = 0;
  for (Address page = pages.low; page < pages.high; page = page + kPageSize) needed += users(page) != 0 ? 1 : 0;
  return needed <= free_.size();
}

Address LinuxFrames::place(Address physical) const {
  if (places_.empty()) return physical;
  const auto found = places_.find(page_of(physical.value));
  return found == places_.end() ? physical : Address{found->second + physical.value % kPageSize};
}

std::span<const std::uint8_t> LinuxFrames::bytes(Address frame) const {
  return std::as_const(memory_).bytes_at(place(frame)).first(kPageSize);
}

void LinuxFrames::note_written(Address physical, std::uint64_t size) {
  if (!written_.empty() && written_.back().high == physical) {
    written_.back().high = physical + size;
  } else {
    written_.push_back({physical, physical + size});
  }
}

void LinuxFrames::write(Address physical, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const std::size_t count = std::min<std::size_t>(bytes.size(), kPageSize - physical.value % kPageSize);
    const Address at = place(physical);
    memory_.write_bytes(at, bytes.first(count));
    note_written(physical, count);
    if (const auto rights = rights_.find(page_of(at.value)); rights != rights_.end() && rights->second.executable)
      cpu_.code_changed({at, at + count});
    bytes = bytes.subspan(count);
    physical = physical + count;
  }
}

void LinuxFrames::copy(Address from, Address to) {
  const auto source = bytes(from);
  write(to, std::vector<std::uint8_t>(source.begin(), source.end()));
}

void LinuxFrames::clear(Address frame) {
  const auto now = bytes(frame);
  if (std::all_of(now.begin(), now.end(), [](std::uint8_t byte) { return byte == 0; })) return;
  write(frame, std::vector<std::uint8_t>(kPageSize, 0));
}

std::vector<AddressRange> LinuxFrames::take_written() {
  std::vector<AddressRange> placed;
  for (AddressRange range : std::exchange(written_, {})) {
    if (places_.empty()) {
      placed.push_back(range);
      continue;
    }
    while (!range.empty()) {
      const Address end = std::min(range.high, Address{page_of(range.low.value) + kPageSize});
      const Address at = place(range.low);
      placed.push_back({at, at + (end - range.low)});
      range.low = end;
    }
  }
  std::stable_partition(placed.begin(), placed.end(),
                        [this](const AddressRange& range) { return !kernel_.contains(range.low); });
  return placed;
}

void LinuxFrames::exchange(std::uint64_t left, std::uint64_t right) {
  const auto first = memory_.bytes_at(Address{left}).first(kPageSize);
  const auto second = memory_.bytes_at(Address{right}).first(kPageSize);
  std::swap_ranges(first.begin(), first.end(), second.begin());
  cpu_.code_changed({Address{left}, Address{left} + kPageSize});
}

void LinuxFrames::lay_out(const Moved& moved) {
  if (moved == moved_) return;
  const auto stays = [](const Moved& in, const std::pair<const std::uint64_t, std::uint64_t>& pair) {
    const auto found = in.find(pair.first);
    return found != in.end() && found->second == pair.second;
  };
  for (const auto& pair : moved_)
    if (!stays(moved, pair)) exchange(pair.first, pair.second);
  for (const auto& pair : moved)
    if (!stays(moved_, pair)) exchange(pair.first, pair.second);
  moved_ = moved;
  places_.clear();
  for (const auto& [page, frame] : moved_) {
    places_[page] = frame;
    places_[frame] = page;
  }
}

void LinuxFrames::set_rights(AddressRange pages, PageRights rights) {
  for (Address page = pages.low; page < pages.high; page = page + kPageSize) {
    if (rights == PageRights{}) {
      rights_.erase(page.value);
    } else {
      rights_[page.value] = rights;
    }
  }
  memory_.protect(pages, rights);
  cpu_.rights_changed(pages);
}

void LinuxFrames::set_rights(const std::map<std::uint64_t, PageRights>& rights) {
  std::vector<std::pair<AddressRange, PageRights>> changes;
  const auto change = [&](std::uint64_t page, PageRights to) {
    const Address at{page};
    if (!changes.empty() && changes.back().first.high == at && changes.back().second == to) {
      changes.back().first.high = at + kPageSize;
    } else {
      changes.push_back({{at, at + kPageSize}, to});
    }
  };
  for (const auto& [page, had] : rights_)
    if (!rights.contains(page)) change(page, {});
  for (const auto& [page, wanted] : rights) {
    const auto had = rights_.find(page);
    if ((had == rights_.end() ? PageRights{} : had->second) != wanted) change(page, wanted);
  }
  for (const auto& [pages, wanted] : changes) set_rights(pages, wanted);
}

}  // namespace fiberscope::emu
