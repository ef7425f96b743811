#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "emu/address.h"
#include "emu/cpu.h"
#include "emu/memory.h"

namespace fiberscope::emu {

/// The frames of physical memory, which are a model: the engine knows no translation, its physical address is the
/// linear one. A frame is called by a physical address. Most lie where they are used, at the address of their page;
/// those of the region `frames` do not, and while a space is laid out that maps page v to such a frame f, the contents
/// of v and f have changed places, so that the program finds at v what is its own.
class LinuxFrames {
 public:
  /// Where a space's pages lie at frames of another address: frame by page.
  using Moved = std::map<std::uint64_t, std::uint64_t>;

  /// All must outlive the object. `pool` and `kernel` are regions of `memory` that the program cannot touch.
  LinuxFrames(Memory& memory, Cpu& cpu, AddressRange pool, AddressRange kernel);

  // ---- whose they are ----

  /// A frame that nobody has: that at the page's own address if it is free, else one of the pool; nothing where there
  /// is none left. It holds zeros.
  std::optional<Address> take(Address page);
  /// The frame at the page's own address, for one that may be anybody's or nobody's.
  Address take_own(Address page);
  void share(Address frame) { ++users_[frame.value]; }
  void release(Address frame);
  /// How many pages of spaces are mapped to it.
  [[nodiscard]] std::uint32_t users(Address frame) const;
  /// How many of these pages could be given a frame.
  [[nodiscard]] bool has_room(AddressRange pages) const;
  [[nodiscard]] bool is_of_pool(Address frame) const { return pool_.contains(frame); }
  [[nodiscard]] std::size_t free_in_pool() const { return free_.size(); }

  // ---- what they hold ----

  [[nodiscard]] std::span<const std::uint8_t> bytes(Address frame) const;
  void write(Address physical, std::span<const std::uint8_t> bytes);
  void copy(Address from, Address to);
  void clear(Address frame);
  /// What was written since the last time, at the addresses at which it lies now; the kernel's own region last.
  std::vector<AddressRange> take_written();

  // ---- the layout ----

  [[nodiscard]] const Moved& laid_out() const { return moved_; }
  void lay_out(const Moved& moved);
  /// Lets the program touch these pages as told, and no others.
  void set_rights(const std::map<std::uint64_t, PageRights>& rights);
  void set_rights(AddressRange pages, PageRights rights);

  [[nodiscard]] AddressRange kernel() const { return kernel_; }

 private:
  [[nodiscard]] Address place(Address physical) const;
  void exchange(std::uint64_t left, std::uint64_t right);
  void note_written(Address physical, std::uint64_t size);

  Memory& memory_;
  Cpu& cpu_;
  AddressRange pool_;
  AddressRange kernel_;
  std::set<std::uint64_t> free_;  ///< of the pool
  std::unordered_map<std::uint64_t, std::uint32_t> users_;
  Moved moved_;
  std::unordered_map<std::uint64_t, std::uint64_t> places_;  ///< moved_, both ways
  std::map<std::uint64_t, PageRights> rights_;               ///< of pages that can be touched
  std::vector<AddressRange> written_;                        ///< physical
};

}  // namespace fiberscope::emu
