#pragma once
#include <compare>
#include <cstdint>
#include <functional>

namespace fiberscope::emu {

/// A linear address of the guest. A type of its own, so that it is never mixed up with a register's value, a step or a
/// host pointer.
struct Address {
  std::uint64_t value = 0;

  friend constexpr auto operator<=>(Address, Address) = default;
  friend constexpr Address operator+(Address address, std::uint64_t offset) { return {address.value + offset}; }
  friend constexpr Address operator-(Address address, std::uint64_t offset) { return {address.value - offset}; }
  friend constexpr std::uint64_t operator-(Address high, Address low) { return high.value - low.value; }
};

/// The half-open range [low, high) of guest addresses.
struct AddressRange {
  Address low;
  Address high;

  friend constexpr bool operator==(const AddressRange&, const AddressRange&) = default;
  [[nodiscard]] constexpr bool contains(Address address) const { return low <= address && address < high; }
  [[nodiscard]] constexpr bool empty() const { return high <= low; }
  [[nodiscard]] constexpr std::uint64_t size() const { return empty() ? 0 : high - low; }
};

}  // namespace fiberscope::emu

template <>
struct std::hash<fiberscope::emu::Address> {
  std::size_t operator()(fiberscope::emu::Address address) const noexcept {
    return std::hash<std::uint64_t>{}(address.value);
  }
};
