#pragma once
#include <map>
#include <optional>
#include <vector>

#include "emu/address.h"

namespace fiberscope::emu {

/// A set of addresses, kept as ranges that do not touch.
class AddressSet {
 public:
  void add(AddressRange range);
  void remove(AddressRange range);
  /// All of it.
  [[nodiscard]] bool contains(AddressRange range) const;
  /// The parts of it that belong to the set, ascending.
  [[nodiscard]] std::vector<AddressRange> parts_of(AddressRange range) const;
  /// The highest `size` addresses within the range of which none belongs to the set.
  [[nodiscard]] std::optional<AddressRange> highest_gap(AddressRange within, std::uint64_t size) const;

 private:
  std::map<Address, Address> ranges_;  ///< high end by low end
};

}  // namespace fiberscope::emu
