#include "emu/address_set.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace fiberscope::emu {
namespace {

AddressRange arbitrary_range() {
  const auto low = *rc::gen::inRange<std::uint64_t>(0, 60);
  return {Address{low}, Address{low + *rc::gen::inRange<std::uint64_t>(0, 20)}};
}

RC_GTEST_PROP(AddressSet, IsASetOfAddresses, ()) {
  AddressSet set;
  std::set<std::uint64_t> model;
  const int changes = *rc::gen::inRange(0, 20);
  for (int i = 0; i < changes; ++i) {
    const AddressRange range = arbitrary_range();
    const bool adds = *rc::gen::arbitrary<bool>();
    if (adds) {
      set.add(range);
    } else {
      set.remove(range);
    }
    for (std::uint64_t at = range.low.value; at < range.high.value; ++at) {
      if (adds) {
        model.insert(at);
      } else {
        model.erase(at);
      }
    }
  }
  const AddressRange asked = arbitrary_range();
  std::set<std::uint64_t> inside;
  for (const std::uint64_t at : model)
    if (asked.contains(Address{at})) inside.insert(at);
  RC_ASSERT(set.contains(asked) == (inside.size() == asked.size()));
  std::set<std::uint64_t> told;
  Address last{0};
  for (const AddressRange& part : set.parts_of(asked)) {
    RC_ASSERT(part.low >= last);
    last = part.high;
    for (std::uint64_t at = part.low.value; at < part.high.value; ++at) told.insert(at);
  }
  RC_ASSERT(told == inside);

  const auto size = *rc::gen::inRange<std::uint64_t>(1, 10);
  const auto gap = set.highest_gap(asked, size);
  std::optional<std::uint64_t> expected;
  for (std::uint64_t low = asked.low.value; low + size <= asked.high.value; ++low) {
    bool is_free = true;
    for (std::uint64_t at = low; at < low + size; ++at) is_free &= !model.contains(at);
    if (is_free) expected = low;
  }
  RC_ASSERT(gap.has_value() == expected.has_value());
  if (gap) RC_ASSERT(gap->low.value == *expected);
}

}  // namespace
}  // namespace fiberscope::emu
