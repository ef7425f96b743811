#include "emu/local_variables.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <set>

#include "emu/debug_info.h"
#include "tests/emu/debug_guest.h"

/* Against what the guest says of itself when it runs natively. */

namespace fiberscope::emu {
namespace {

struct Record {
  char name[32];
  std::int64_t cfa_offset;
  std::uint64_t size;
  Address rip;
};

struct NativeRun {
  std::uint64_t registers[16];  // in the order of Register
  std::vector<Record> records;
};

NativeRun run_natively(const std::string& guest) {
  NativeRun run{};
  const std::string command = fmt::format("'{}'", debug_guest(guest));
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  EXPECT_EQ(std::fread(run.registers, sizeof run.registers, 1, pipe.get()), 1U);
  Record record;
  while (std::fread(&record, sizeof record, 1, pipe.get()) == 1) run.records.push_back(record);
  EXPECT_EQ(run.records.size(), 21U);
  return run;
}

class LocalsOf : public testing::TestWithParam<const char*> {
 protected:
  Image image = load_debug_guest(GetParam());
  DebugInfo info{image};

  std::vector<LocalCell> live_cells(Address rip, const std::string& name) const {
    std::vector<LocalCell> found;
    if (const FunctionInfo* function = info.function_at(rip))
      for (const LocalCell& cell : function->cells)
        if (cell.name == name && cell.live.contains(rip)) found.push_back(cell);
    return found;
  }
};

TEST_P(LocalsOf, AreWhereTheRunningProgramFoundThem) {
  const bool optimized = std::string(GetParam()).find("optimized") != std::string::npos;
  for (const Record& record : run_natively(GetParam()).records) {
    SCOPED_TRACE(record.name);
    const auto cells = live_cells(record.rip, record.name);
    // gcc may describe an optimized aggregate in pieces, or drop it; it may not describe it wrongly.
    if (optimized && cells.empty()) continue;
    ASSERT_EQ(cells.size(), 1U);
    EXPECT_EQ(cells[0].cfa_offset, record.cfa_offset);
    EXPECT_EQ(cells[0].size, record.size);
    const std::set<std::string> parameters = {"first", "second", "third", "given"};
    EXPECT_EQ(cells[0].is_parameter, parameters.contains(record.name));
  }
}

TEST_P(LocalsOf, LieInsideTheirFrameAndLiveInsideTheirFunction) {
  for (const char* name : {"debug_scalars", "debug_aggregates", "debug_blocks", "debug_optimized", "debug_main"}) {
    const FunctionInfo* function = info.function_at(address_of(image, name));
    ASSERT_NE(function, nullptr) << name;
    EXPECT_EQ(function->name, name);
    EXPECT_EQ(function->range.low, address_of(image, name));
    EXPECT_EQ(function->range.size(), image.symbol(name)->size);
    for (const LocalCell& cell : function->cells) {
      EXPECT_TRUE(cell.size >= 1 && cell.size <= 8) << cell.name;
      EXPECT_LT(cell.cfa_offset + cell.size, 0) << cell.name << " would lie on the return address";
      EXPECT_GT(cell.cfa_offset, -1024) << cell.name;
      EXPECT_FALSE(cell.live.empty()) << cell.name;
      EXPECT_LE(function->prologue_end, cell.live.low) << cell.name;
      EXPECT_LE(cell.live.high, function->range.high) << cell.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Compiled, LocalsOf,
                         testing::Values("debug_locals", "debug_locals_optimized", "debug_locals_dwarf2",
                                         "debug_locals_dwarf4", "debug_locals_debug_frame"),
                         [](const auto& test) { return std::string(test.param); });

TEST(LocalVariables, AnOptimizedGuestStillNamesMostOfItsMemory) {
  const Image image = load_debug_guest("debug_locals_optimized");
  const DebugInfo info(image);
  int named = 0;
  for (const Record& record : run_natively("debug_locals_optimized").records)
    for (const LocalCell& cell : info.function_at(record.rip)->cells)
      named += cell.name == record.name && cell.live.contains(record.rip);
  EXPECT_GE(named, 14);
}

TEST(LocalVariables, CellsOfOneMomentDoNotOverlapButInAUnion) {
  const Image image = load_debug_guest("debug_locals");
  const DebugInfo info(image);
  for (const char* name : {"debug_scalars", "debug_aggregates", "debug_blocks", "debug_main"}) {
    const FunctionInfo* function = info.function_at(address_of(image, name));
    for (const LocalCell& a : function->cells)
      for (const LocalCell& b : function->cells) {
        if (&a == &b || a.live.high <= b.live.low || b.live.high <= a.live.low || a.name == "job.letter" ||
            b.name == "job.letter")
          continue;
        EXPECT_TRUE(a.cfa_offset + a.size <= b.cfa_offset || b.cfa_offset + b.size <= a.cfa_offset)
            << name << ": " << a.name << " and " << b.name;
      }
  }
}

TEST(LocalVariables, AggregatesAreFlattenedAndCapped) {
  const Image image = load_debug_guest("debug_locals");
  const DebugInfo info(image);
  std::set<std::string> names;
  std::size_t buffer = 0;
  for (const LocalCell& cell : info.function_at(address_of(image, "debug_aggregates"))->cells) {
    names.insert(cell.name);
    buffer += cell.name.starts_with("buffer[");
  }
  EXPECT_EQ(buffer, 256U) << "of 300 elements";
  for (const char* expected : {"job.id", "job.tag[0]", "job.tag[2]", "job.where[0].x", "job.where[1].y", "job.number",
                               "job.letter", "job.next", "grid[0][0]", "grid[1][2]", "given"})
    EXPECT_TRUE(names.contains(expected)) << expected;
  EXPECT_FALSE(names.contains("job.low_bits")) << "a bit-field has no cell";
  EXPECT_EQ(names.size(), 256 + 1 + 6 + 11 + 1U) << "buffer, given, grid, job, and here_ of the macro";
  for (const LocalCell& cell : info.function_at(address_of(image, "debug_scalars"))->cells)
    EXPECT_NE(cell.name, "elsewhere") << "a static variable is not on the stack";
  for (const LocalCell& cell : info.function_at(address_of(image, "debug_blocks"))->cells)
    EXPECT_FALSE(cell.name.starts_with("variable_length")) << "it has no fixed place";
}

TEST(LocalVariables, LocalsLiveFromTheEndOfThePrologue) {
  const Image image = load_debug_guest("debug_locals");
  const DebugInfo info(image);
  const FunctionInfo* function = info.function_at(address_of(image, "debug_scalars"));
  ASSERT_NE(function, nullptr);
  const auto line = info.line_at(function->prologue_end);
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line->line, line_with("debug_locals.c", "/* MARK scalars */"));
  EXPECT_GT(function->prologue_end, function->range.low);
  for (const LocalCell& cell : function->cells) {
    if (!cell.is_parameter) continue;
    EXPECT_EQ(cell.live, (AddressRange{function->prologue_end, function->range.high})) << cell.name;
  }
}

TEST(LocalVariables, BlocksLiveOnlyInTheirOwnCode) {
  const Image image = load_debug_guest("debug_locals");
  const DebugInfo info(image);
  const FunctionInfo* function = info.function_at(address_of(image, "debug_blocks"));
  ASSERT_NE(function, nullptr);
  std::vector<LocalCell> shadows;
  for (const LocalCell& cell : function->cells) {
    if (cell.name == "shadow") shadows.push_back(cell);
    if (cell.name == "inner") {
      EXPECT_LT(cell.live.size(), function->range.size() / 2);
    }
    if (cell.name == "total") {
      EXPECT_EQ(cell.live.high, function->range.high);
    }
  }
  ASSERT_EQ(shadows.size(), 2U);
  EXPECT_LE(shadows[0].live.high, shadows[1].live.low);
  EXPECT_EQ(shadows[0].size, 8U);
  EXPECT_EQ(shadows[1].size, 1U);
}

TEST(LocalVariables, ParametersOfAnInlinedCallAreLocalsOfTheFunctionAroundIt) {
  const Image image = load_debug_guest("debug_locals");
  const DebugInfo info(image);
  std::map<std::string, bool> is_parameter;
  for (const LocalCell& cell : info.function_at(address_of(image, "debug_optimized"))->cells)
    is_parameter.emplace(cell.name, cell.is_parameter);
  const std::map<std::string, bool> expected = {
      {"start", true}, {"kept", false}, {"result", false}, {"amount", false}, {"doubled", false}};
  EXPECT_EQ(is_parameter, expected);
}

TEST(LocalVariables, AParameterStaysInItsRegisterOnlyAsLongAsItsListSays) {
  const Image image = load_debug_guest("debug_locals_optimized");
  const DebugInfo info(image);
  const FunctionInfo* function = info.function_at(address_of(image, "debug_blocks"));
  ASSERT_NE(function, nullptr);
  const auto begins_in_rdi = [&](const LocalRegister& local) {
    return local.name == "count" && local.reg == Register::rdi && local.live.contains(function->range.low);
  };
  const auto count = std::find_if(function->registers.begin(), function->registers.end(), begins_in_rdi);
  ASSERT_TRUE(count != function->registers.end()) << "System V ABI: the first argument comes in rdi";
  EXPECT_LT(count->live.high, function->range.high) << "a call in between may change rdi";
}

TEST(LocalVariables, ARegisterHoldsTheVariableThatItIsSaidToHold) {
  const Image image = load_debug_guest("debug_locals_optimized");
  const DebugInfo info(image);
  const NativeRun run = run_natively("debug_locals_optimized");
  const Address call = address_of(image, "debug_in_register");
  const FunctionInfo* function = info.function_at(call);
  ASSERT_NE(function, nullptr);
  EXPECT_EQ(function->name, "debug_optimized") << "the inlined call belongs to the function around it";
  const std::map<std::string, std::uint64_t> values = {{"kept", 0x5ca1ab1e}, {"amount", 0x5ca1ab1e}};
  int checked = 0;
  for (const LocalRegister& local : function->registers) {
    if (!local.live.contains(call) || !values.contains(local.name)) continue;
    ++checked;
    ASSERT_LT(slot(local.reg), kGeneralRegisters);
    EXPECT_EQ(run.registers[slot(local.reg)], values.at(local.name)) << local.name;
  }
  EXPECT_GE(checked, 1);
}

}  // namespace
}  // namespace fiberscope::emu
