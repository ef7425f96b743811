// The tables that every transition asks, against those of the standard library.
#include "core/explore/state_table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <random>
#include <utility>
#include <vector>

#include "core/explore/step_memory.h"

namespace fiberscope::core::explore {
namespace {

/// Numbers tuples as a map does. Few different ids make tuples come again; from time to time old ones are promised not
/// to come back, as long as the promise is not taken back.
template <std::size_t Parts>
void compare_with_a_map(std::uint32_t ids, std::size_t count, bool forgets) {
  using Table = StateTable<Parts>;
  using Tuple = typename Table::Tuple;
  std::mt19937_64 random(*rc::gen::arbitrary<std::uint64_t>());
  GrowingArray<std::uint32_t> tuples;
  Table table(tuples);
  std::map<Tuple, StateId> expected;
  StateId oldest = 0;  // what may be asked for
  for (std::size_t i = 0; i < count; ++i) {
    Tuple tuple;
    for (std::uint32_t& part : tuple) part = static_cast<std::uint32_t>(random() % ids);
    if (const auto known = expected.find(tuple); known != expected.end() && known->second < oldest) continue;
    // The hash comes by way of another tuple, as a state's comes by way of the one before.
    Tuple before = tuple;
    const std::size_t part = random() % Parts;
    before[part] = static_cast<std::uint32_t>(random());
    const std::uint64_t hash = Table::changed(Table::hash_of(before), part, before[part], tuple[part]);
    RC_ASSERT(hash == Table::hash_of(tuple));
    const auto [place, fresh] = expected.emplace(tuple, static_cast<StateId>(expected.size()));
    table.fetch_slot(hash);
    table.fetch_tuple(hash);
    const auto [id, is_new] = table.intern(tuple, hash);
    RC_ASSERT(id == place->second);
    RC_ASSERT(is_new == fresh);
    if (!forgets || random() % 1000 != 0) continue;
    if (random() % 3 != 0) {
      table.forget_all();
      oldest = table.size();
    } else {
      table.remember_all();
      oldest = 0;
    }
  }
  RC_ASSERT(table.size() == expected.size());
  RC_ASSERT(tuples.size() == expected.size() * Parts);
  for (const auto& [tuple, id] : expected) RC_ASSERT(table.at(id) == tuple);
}

RC_GTEST_PROP(StateTable, NumbersAsAMapDoes, (bool forgets)) {
  compare_with_a_map<2>(*rc::gen::inRange(2, 400), 20'000, forgets);
  compare_with_a_map<3>(*rc::gen::inRange(2, 40), 20'000, forgets);
  compare_with_a_map<4>(*rc::gen::inRange(2, 20), 20'000, forgets);
  compare_with_a_map<10>(*rc::gen::inRange(2, 4), 5'000, forgets);
}

TEST(StateTable, StaysSmallWhereOldTuplesAreForgotten) {
  GrowingArray<std::uint32_t> tuples;
  StateTable<2> table(tuples);
  const std::size_t before = table.footprint();
  for (std::uint32_t layer = 0; layer < 1000; ++layer) {
    for (std::uint32_t i = 0; i < 1000; ++i)
      EXPECT_TRUE(table.intern({layer, i}, StateTable<2>::hash_of({layer, i})).second);
    table.forget_all();
  }
  EXPECT_EQ(table.footprint(), before);
  EXPECT_EQ(table.size(), 1'000'000U);
  table.remember_all();
  EXPECT_GT(table.footprint(), before);
  for (std::uint32_t layer = 0; layer < 1000; layer += 37)
    EXPECT_EQ(table.intern({layer, 5}, StateTable<2>::hash_of({layer, 5})), std::make_pair(layer * 1000 + 5, false));
}

RC_GTEST_PROP(StepMemory, FindsWhatAMapFinds, ()) {
  std::mt19937_64 random(*rc::gen::arbitrary<std::uint64_t>());
  const auto ids = *rc::gen::inRange<std::uint32_t>(1, 300);
  StepMemory memory;
  std::map<std::pair<LocalId, SharedId>, StepResult> expected;
  for (int i = 0; i < 20'000; ++i) {
    const auto local = static_cast<LocalId>(random() % ids);
    const auto shared = static_cast<SharedId>(random() % ids);
    const auto known = expected.find({local, shared});
    const StepResult* found = memory.find(local, shared);
    RC_ASSERT((found != nullptr) == (known != expected.end()));
    if (found != nullptr) {
      RC_ASSERT(found->enabled == known->second.enabled);
      RC_ASSERT(found->local == known->second.local);
      RC_ASSERT(found->shared == known->second.shared);
      RC_ASSERT(found->site == known->second.site);
      continue;
    }
    const StepResult result{random() % 2 == 0, static_cast<LocalId>(random()), static_cast<SharedId>(random()),
                            static_cast<SiteId>(random())};
    memory.keep(local, shared, result);
    expected[{local, shared}] = result;
  }
  RC_ASSERT(memory.size() == expected.size());
  RC_ASSERT(memory.footprint() >= expected.size() * (sizeof(StepResult) + 8));
}

}  // namespace
}  // namespace fiberscope::core::explore
