#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/explore/growing_array.h"

namespace fiberscope::core::explore {

using StateId = std::uint32_t;
inline constexpr StateId kNoState = 0xffffffff;

/// Numbers tuples of ids in the order of first sight. The tuples themselves lie one behind the other in an array of the
/// caller's, and stay there when the table goes. How many ids a tuple has is known to the compiler: copying and
/// comparing them are a few instructions each, and every transition does both.
///
/// Who knows that old tuples do not come back says so, and the table stays small enough for the processor's caches.
template <std::size_t Parts>
class StateTable {
 public:
  using Tuple = std::array<std::uint32_t, Parts>;

  /// The array must be empty and outlive the table.
  explicit StateTable(GrowingArray<std::uint32_t>& tuples) : tuples_(&tuples) { make_slots(kFirstTable); }

  /// A sum of products whose upper half spreads best (Lemire and Kaser, Strongly Universal String Hashing is Fast,
  /// 2014): where an id changes, so does one summand.
  static std::uint64_t hash_of(const Tuple& tuple) {
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < Parts; ++i) hash += tuple[i] * kFactors[i];
    return hash;
  }
  /// The hash once a part has changed.
  static std::uint64_t changed(std::uint64_t hash, std::size_t part, std::uint32_t from, std::uint32_t to) {
    return hash + (std::uint64_t{to} - from) * kFactors[part];
  }

  /// For who looks up many at once: first asks memory for where each will be looked for, then for the tuple there.
  void fetch_slot(std::uint64_t hash) const { __builtin_prefetch(&slots_[place_of(hash)]); }
  void fetch_tuple(std::uint64_t hash) const {
    const StateId slot = slots_[place_of(hash)];
    if (slot != 0) __builtin_prefetch(tuples_->data() + std::size_t{slot - 1} * Parts);
  }

  /// The tuple's number, and whether it is new.
  std::pair<StateId, bool> intern(const Tuple& tuple, std::uint64_t hash) {
    std::size_t place = place_of(hash);
    for (; slots_[place] > forgotten_; place = next(place))
      if (at(slots_[place] - 1) == tuple) return {slots_[place] - 1, false};
    const StateId fresh = size_++;
    slots_[place] = fresh + 1;
    tuples_->append(tuple);
    if (is_crowded()) fill_again();
    return {fresh, true};
  }
  [[nodiscard]] Tuple at(StateId id) const {
    Tuple tuple;
    std::copy_n(tuples_->data() + std::size_t{id} * Parts, Parts, tuple.begin());
    return tuple;
  }
  [[nodiscard]] StateId size() const { return size_; }

  /// From now on no tuple will be asked for that has a number by now. Costs nothing: their places count as free.
  void forget_all() { forgotten_ = size_; }
  /// Takes all promises back: every tuple is found again.
  void remember_all() {
    if (forgotten_ == 0) return;
    forgotten_ = 0;
    fill_again();
  }

  /// Bytes of memory held, without the tuples.
  [[nodiscard]] std::size_t footprint() const { return slots_.footprint(); }

 private:
  static constexpr std::size_t kFirstTable = 4096;
  static constexpr std::size_t kGrowth = 4;
  /// Odd, and random: digits of pi (as those of Blowfish's tables).
  static constexpr std::array<std::uint64_t, 10> kFactors = {
      0x243f6a8885a308d3, 0x13198a2e03707345, 0xa4093822299f31d1, 0x082efa98ec4e6c89, 0x452821e638d01377,
      0xbe5466cf34e90c6d, 0xc0ac29b7c97c50dd, 0x3f84d5b5b5470917, 0x9216d5d98979fb1b, 0xd1310ba698dfb5ad};
  static_assert(Parts <= kFactors.size());

  [[nodiscard]] std::size_t place_of(std::uint64_t hash) const { return hash >> shift_; }
  [[nodiscard]] std::size_t next(std::size_t place) const { return (place + 1) & (slots_.size() - 1); }
  [[nodiscard]] bool is_crowded() const { return (std::size_t{size_} - forgotten_) * 2 > slots_.size(); }

  void make_slots(std::size_t count) {
    slots_ = {};
    slots_.extend(count);
    shift_ = 64 - std::countr_zero(count);
  }

  void fill_again() {
    std::size_t count = slots_.size();
    while ((std::size_t{size_} - forgotten_) * 2 > count) count *= kGrowth;
    make_slots(count);
    for (StateId id = forgotten_; id < size_; ++id) {
      std::size_t place = place_of(hash_of(at(id)));
      while (slots_[place] != 0) place = next(place);
      slots_[place] = id + 1;
    }
  }

  GrowingArray<std::uint32_t>* tuples_;
  GrowingArray<StateId> slots_;  // id + 1; free where not above forgotten_
  int shift_ = 0;
  StateId forgotten_ = 0;  // how many, from the first
  StateId size_ = 0;
};

}  // namespace fiberscope::core::explore
