#include "core/export/csv_export.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/export/trace_export.h"
#include "tests/core/event_run.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

using Rows = std::vector<std::vector<std::string>>;

/// RFC 4180, strictly: rows end in CR LF, a quote inside quotes is doubled, all rows have the same number of fields.
Rows parse_csv(const std::string& text) {
  Rows rows;
  std::vector<std::string> row;
  std::string field;
  enum class In { plain, quoted, behind_quote } in = In::plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in == In::quoted) {
      if (c == '"')
        in = In::behind_quote;
      else
        field += c;
    } else if (in == In::behind_quote && c == '"') {
      field += '"';
      in = In::quoted;
    } else if (c == ',' || c == '\r') {
      row.push_back(std::exchange(field, {}));
      in = In::plain;
      if (c == ',') continue;
      EXPECT_EQ(text.at(i + 1), '\n');
      ++i;
      rows.push_back(std::exchange(row, {}));
      EXPECT_EQ(rows.back().size(), rows.front().size()) << "row " << rows.size();
    } else if (c == '"') {
      EXPECT_TRUE(in == In::plain && field.empty()) << "a quote inside an unquoted field, row " << rows.size() + 1;
      in = In::quoted;
    } else {
      EXPECT_TRUE(in == In::plain) << "text behind a closing quote, row " << rows.size() + 1;
      EXPECT_NE(c, '\n');
      field += c;
    }
  }
  EXPECT_TRUE(row.empty() && field.empty()) << "the last row has no end";
  return rows;
}

std::size_t column(const Rows& rows, const std::string& name) {
  const auto found = std::find(rows.at(0).begin(), rows.at(0).end(), name);
  EXPECT_NE(found, rows[0].end()) << name;
  return static_cast<std::size_t>(found - rows[0].begin());
}

std::string word(std::uint64_t value) {
  return fmt::format("0x{:016x}", value);
}

Rows exported(Trace& trace) {
  std::stringstream text;
  const auto done = export_trace(trace, ExportFormat::csv, text);
  EXPECT_TRUE(done.ok());
  return parse_csv(text.str());
}

/// A folder of the set, removed at the end.
class CsvSet {
 public:
  explicit CsvSet(Trace& trace) {
    const auto done = export_trace_to(trace, ExportFormat::csv, folder_.string() + "/");
    EXPECT_TRUE(done.ok()) << done.error().message;
  }
  ~CsvSet() { std::filesystem::remove_all(folder_); }
  [[nodiscard]] Rows read(const std::string& name) const {
    std::ifstream file(folder_ / name, std::ios::binary);
    EXPECT_TRUE(file.is_open()) << name;
    std::stringstream text;
    text << file.rdbuf();
    return parse_csv(text.str());
  }

 private:
  std::filesystem::path folder_ = std::filesystem::temp_directory_path() / fmt::format("fiberscope-csv-{}", ::getpid());
};

TEST(CsvExport, HasARowAStep) {
  const auto trace = record(scenario_image("switch_to_context.elf"));
  const Rows rows = exported(*trace);
  ASSERT_EQ(rows.size(), trace->steps().value + 1);
  const std::vector<std::string> header = {"step",  "thread", "thread_name", "cpu",       "address", "symbol",
                                           "bytes", "text",   "rsp",         "registers", "memory"};
  EXPECT_EQ(rows[0], header);
  for (std::uint64_t step = 1; step < rows.size(); ++step) {
    const std::vector<std::string>& row = rows[step];
    ASSERT_EQ(row[0], std::to_string(step));
    ASSERT_EQ(row[1], std::to_string(trace->thread_of_step(StepIndex{step})->value));
    ASSERT_EQ(row[4], word(trace->state_at(StepIndex{step - 1}).registers[emu::Register::rip]));
    ASSERT_EQ(row[8], word(trace->state_at(StepIndex{step}).registers[emu::Register::rsp]));
  }
  const std::uint64_t at = trace->switches().front().step.value;
  EXPECT_EQ(rows[at][2], "main");
  EXPECT_EQ(rows[at][5], "switch_to_context+16");
  EXPECT_EQ(rows[at][6], "48 89 f4");
  EXPECT_EQ(rows[at][7], "mov rsp, rsi");
  EXPECT_EQ(rows[at][9], fmt::format("rsp={};rip={}", rows[at][8], rows[at + 1][4]));
}

TEST(CsvExport, TheSetTellsTheWholeRun) {
  const auto trace = record(scenario_image("switch_to_context.elf"));
  const CsvSet set(*trace);
  EXPECT_EQ(set.read("steps.csv"), exported(*trace));

  const Rows registers = set.read("registers.csv");
  ASSERT_EQ(registers.size(), trace->steps().value + 2);
  for (std::uint64_t cursor = 0; cursor <= trace->steps().value; ++cursor) {
    const emu::RegisterFile& actual = trace->state_at(StepIndex{cursor}).registers;
    for (std::size_t i = 1; i < column(registers, "cpu"); ++i)
      ASSERT_EQ(registers[cursor + 1][i], word(actual[emu::register_by_name(registers[0][i]).value()]))
          << "cursor " << cursor;
    ASSERT_EQ(registers[cursor + 1][column(registers, "cpu")], "0");
  }

  emu::Memory memory = trace->state_at(StepIndex{0}).memory;
  const Rows writes = set.read("memory.csv");
  for (std::size_t i = 1; i < writes.size(); ++i) {
    const auto& row = writes[i];
    const emu::Address address{std::stoull(row[column(writes, "address")], nullptr, 16)};
    const auto size = static_cast<std::size_t>(std::stoul(row[column(writes, "size")]));
    ASSERT_EQ(word(memory.read(address, size).value()), row[column(writes, "old")]) << "row " << i;
    ASSERT_EQ(row[column(writes, "region")], memory.region_at(address)->name);
    memory.write(address, std::stoull(row[column(writes, "new")], nullptr, 16), size);
  }
  EXPECT_TRUE(memory == trace->state_at(trace->steps()).memory);

  const Rows switches = set.read("switches.csv");
  ASSERT_EQ(switches.size(), trace->switches().size() + 1);
  for (std::size_t i = 1; i < switches.size(); ++i) {
    EXPECT_EQ(switches[i][column(switches, "step")], std::to_string(trace->switches()[i - 1].step.value));
    EXPECT_EQ(switches[i][column(switches, "reason")], to_string(trace->switches()[i - 1].reason));
  }
  EXPECT_EQ(switches[1][column(switches, "from_name")], "main");
  EXPECT_EQ(switches[1][column(switches, "to_name")], "producer");

  const Rows threads = set.read("threads.csv");
  ASSERT_EQ(threads.size(), 4U);
  EXPECT_EQ(threads[2][column(threads, "state")], "finished");
  std::uint64_t steps = 0;
  for (std::size_t i = 1; i < threads.size(); ++i) steps += std::stoull(threads[i][column(threads, "steps")]);
  EXPECT_EQ(steps, trace->steps().value);
  EXPECT_EQ(set.read("events.csv").size(), 1U);
}

TEST(CsvExport, AwkwardTextComesBackAsItWas) {
  EventRun run = record_events();
  const CsvSet set(*run.trace);
  const Rows output = set.read("output.csv");
  ASSERT_EQ(output.size(), 4U);
  EXPECT_EQ(output[1][1], "a,\"b\"\r\n\xff=1");
  EXPECT_EQ(output[1][2], "61 2c 22 62 22 0d 0a ff 3d 31");
  EXPECT_EQ(output[2][1], "say \"x\"");
  EXPECT_EQ(output[3][1], "two\nlines");
  const Rows switches = set.read("switches.csv");
  EXPECT_EQ(switches.at(1)[column(switches, "to_name")], "say \"hi\", =1");
}

TEST(CsvExport, StepsAndEventsKeepTheirOwnChanges) {
  EventRun run = record_events();
  const CsvSet set(*run.trace);
  const Rows steps = set.read("steps.csv");
  ASSERT_EQ(steps.size(), 4U);
  EXPECT_EQ(steps[1][column(steps, "memory")], "");
  EXPECT_EQ(steps[1][column(steps, "rsp")], word(run.states[0].registers[emu::Register::rsp]))
      << "the event moved rsp, not the step";
  const Rows events = set.read("events.csv");
  ASSERT_EQ(events.size(), 6U);
  EXPECT_EQ(events[2][column(events, "event")], "interrupt");
  EXPECT_EQ(events[2][column(events, "vector")], "32");
  EXPECT_NE(events[2][column(events, "registers")].find("rsp="), std::string::npos);
  const Rows registers = set.read("registers.csv");
  for (std::size_t cursor = 0; cursor < run.states.size(); ++cursor)
    EXPECT_EQ(registers.at(cursor + 1)[column(registers, "rsp")],
              word(run.states[cursor].registers[emu::Register::rsp]));
}

}  // namespace
}  // namespace fiberscope::core
