#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "emu/address.h"
#include "emu/memory.h"

namespace fiberscope::emu {

/// A store that a processor has made.
struct BufferedStore {
  Address address;
  std::uint8_t size = 0;  ///< 1 … 8 bytes
  std::uint64_t value = 0;

  friend bool operator==(const BufferedStore&, const BufferedStore&) = default;
};

/// What a processor has stored and memory does not hold yet, oldest first: the store buffer of x86-TSO (Owens, Sarkar,
/// Sewell, "A Better x86 Memory Model: x86-TSO", 2009). A model: it says what programs can see, not how a processor is
/// built.
///
/// Where the image has an array `store_buffers`, an element a processor, its contents are mirrored there, so that they
/// are part of the recorded memory: 8 bytes count, then kEntries times address, size, value of 8 bytes each, oldest
/// first, the unused ones zero.
class StoreBuffer {
 public:
  static constexpr std::size_t kEntries = 32;
  static constexpr std::size_t kMirrorSize = 8 + kEntries * 24;
  static constexpr const char* kSymbol = "store_buffers";

  [[nodiscard]] const std::vector<BufferedStore>& stores() const { return stores_; }
  [[nodiscard]] bool empty() const { return stores_.empty(); }
  [[nodiscard]] bool has_room(std::size_t count) const { return stores_.size() + count <= kEntries; }
  [[nodiscard]] bool meets(AddressRange range) const;

  void add(const BufferedStore& store) { stores_.push_back(store); }
  /// The oldest goes to memory. There must be one.
  BufferedStore drain(Memory& memory);
  /// Brings the mirror up to date; returns the words that changed.
  std::vector<AddressRange> mirror(Memory& memory, Address address) const;
  /// What a mirror says; nothing where it makes no sense.
  static std::vector<BufferedStore> from_mirror(const Memory& memory, Address address);

  /// As long as it lives, memory shows what the buffer's own processor sees.
  class View {
   public:
    View(const StoreBuffer& buffer, Memory& memory);
    ~View();
    View(const View&) = delete;
    View& operator=(const View&) = delete;

   private:
    Memory& memory_;
    std::vector<BufferedStore> under_;  ///< what lay there, in the order of the stores
  };

 private:
  std::vector<BufferedStore> stores_;
};

}  // namespace fiberscope::emu
