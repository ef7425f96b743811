#include "emu/linux_page_tables.h"

#include <array>
#include <cstring>

#include "emu/linux_books.h"

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kTableEntry = page_entry::kPresent | page_entry::kWritable | page_entry::kUser;

}  // namespace

LinuxTableRoom::LinuxTableRoom(LinuxFrames& frames) : frames_(frames) {
  const AddressRange kernel = frames.kernel();
  for (Address page = kernel.low + linux_books::kTablesAt; page < kernel.high; page = page + kPageSize)
    free_.insert(page.value);
}

Address LinuxTableRoom::take() {
  const Address table{*free_.begin()};
  free_.erase(free_.begin());
  frames_.clear(table);
  return table;
}

std::uint64_t LinuxTableRoom::entry(Address table, std::size_t index) const {
  std::uint64_t value = 0;
  std::memcpy(&value, frames_.bytes(table).data() + index * sizeof value, sizeof value);
  return value;
}

void LinuxTableRoom::set_entry(Address table, std::size_t index, std::uint64_t value) {
  if (entry(table, index) == value) return;
  std::array<std::uint8_t, sizeof value> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  frames_.write(table + index * sizeof value, bytes);
}

LinuxPageTables::LinuxPageTables(LinuxTableRoom& room) : room_(room), pages_{room.take()} {}

LinuxPageTables::~LinuxPageTables() {
  for (const Address table : pages_) room_.give_back(table);
}

bool LinuxPageTables::reserve(AddressRange pages) {
  constexpr std::uint64_t kTableSpan = kPageSize * 512;
  for (Address page{pages.low.value & ~(kTableSpan - 1)}; page < pages.high; page = page + kTableSpan) {
    Address table = root();
    for (int level = kLevels - 1; level > 0; --level) {
      std::uint64_t entry = room_.entry(table, index_at(page, level));
      if (entry == 0) {
        if (room_.left() == 0) return false;
        const Address made = room_.take();
        pages_.push_back(made);
        entry = made.value | kTableEntry;
        room_.set_entry(table, index_at(page, level), entry);
      }
      table = Address{entry & page_entry::kFrame};
    }
  }
  return true;
}

void LinuxPageTables::set(Address page, std::uint64_t entry) {
  Address table = root();
  for (int level = kLevels - 1; level > 0; --level)
    table = Address{room_.entry(table, index_at(page, level)) & page_entry::kFrame};
  room_.set_entry(table, index_at(page, 0), entry);
}

}  // namespace fiberscope::emu
