#pragma once
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "emu/address.h"
#include "emu/memory.h"

namespace fiberscope::emu {

/// What a processor must remember of its stores where other processors run on the same memory.
class SharedStores {
 public:
  explicit SharedStores(Memory& memory) : memory_(memory) {}

  struct Store {
    AddressRange range;
    std::vector<std::uint8_t> before;  ///< what lay there, under what is latched
  };

  /// Called in front of each store.
  void note(Address address, std::uint64_t size);
  /// From now on every store is kept, to be taken.
  void keep() { keeps_ = true; }
  /// The stores since it was last asked, in their order.
  std::vector<Store> take() { return std::exchange(kept_, {}); }
  /// Where there was code, since it was last asked.
  std::vector<AddressRange> take_code() { return std::exchange(code_, {}); }

  /// Lays bytes that the processor read before over what lies there now (Cpu::latch).
  void latch(Address address, std::span<const std::uint8_t> bytes);
  /// Gives back what lay there where no store was noted since; everywhere, if the step did not complete.
  void unlatch(bool completed);

 private:
  Memory& memory_;
  std::vector<AddressRange> code_;
  std::vector<Store> kept_;
  bool keeps_ = false;
  Address at_;
  std::vector<std::uint8_t> over_;  ///< what lay where the bytes are now; empty: nothing is latched
  std::uint32_t written_ = 0;       ///< of it, a bit a byte
};

}  // namespace fiberscope::emu
