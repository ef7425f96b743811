#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "emu/address.h"
#include "emu/memory.h"

namespace fiberscope::emu {

/// What one repeated string instruction has stored so far, as few ranges: it may make a million stores, and what they
/// left lies in memory when it is over.
class RepWrites {
 public:
  /// One more store, of an iteration upwards or downwards from the last.
  void add(Address address, std::uint64_t size);
  /// The last store failed after all. Returns its address.
  Address take_back_last();
  void clear() { ranges_.clear(); }
  [[nodiscard]] bool empty() const { return ranges_.empty(); }

  /// Words of the block writes (step_log.h) that tell them.
  [[nodiscard]] std::size_t log_words() const;
  /// Writes these with what memory holds now; returns the place behind them.
  std::uint64_t* log(std::uint64_t* at, const Memory& memory) const;

 private:
  std::vector<AddressRange> ranges_;
  AddressRange last_;
};

}  // namespace fiberscope::emu
