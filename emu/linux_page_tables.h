#pragma once
#include <cstdint>
#include <set>
#include <vector>

#include "emu/address.h"
#include "emu/linux_frames.h"

namespace fiberscope::emu {

/// The pages of the kernel's region that page tables are made of.
class LinuxTableRoom {
 public:
  explicit LinuxTableRoom(LinuxFrames& frames);

  [[nodiscard]] std::size_t left() const { return free_.size(); }
  /// A page of zeros; there must be one left.
  Address take();
  void give_back(Address table) { free_.insert(table.value); }
  [[nodiscard]] std::uint64_t entry(Address table, std::size_t index) const;
  void set_entry(Address table, std::size_t index, std::uint64_t value);

 private:
  LinuxFrames& frames_;
  std::set<std::uint64_t> free_;
};

/// The page tables of one address space: real ones of four levels (Intel SDM vol. 3, 4.5), which no processor walks.
/// Tables are made when they are first needed and kept until the space ends.
class LinuxPageTables {
 public:
  /// Needs a page. `room` must outlive the object.
  explicit LinuxPageTables(LinuxTableRoom& room);
  LinuxPageTables(const LinuxPageTables&) = delete;
  LinuxPageTables& operator=(const LinuxPageTables&) = delete;
  ~LinuxPageTables();

  /// Makes the tables for these pages; false where there is no room for all of them.
  bool reserve(AddressRange pages);
  /// Of the last level (page_entry); the tables must be there.
  void set(Address page, std::uint64_t entry);
  [[nodiscard]] Address root() const { return pages_.front(); }
  [[nodiscard]] std::uint32_t pages() const { return static_cast<std::uint32_t>(pages_.size()); }

 private:
  static constexpr int kLevels = 4;
  static std::size_t index_at(Address page, int level) { return (page.value >> (12 + 9 * level)) & 511; }

  LinuxTableRoom& room_;
  std::vector<Address> pages_;  ///< the root first
};

}  // namespace fiberscope::emu
