#include "core/export/trace_export.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <streambuf>

#include "tests/core/recorded_run.h"

namespace fiberscope::core {
namespace {

constexpr ExportFormat kFormats[] = {ExportFormat::jsonl, ExportFormat::csv, ExportFormat::chrome, ExportFormat::text};

/// A disk with room for so many bytes.
class SmallDisk final : public std::streambuf {
 public:
  explicit SmallDisk(std::size_t room) : room_(room) {}

 protected:
  std::streamsize xsputn(const char*, std::streamsize count) override {
    const auto taken = std::min<std::size_t>(room_, static_cast<std::size_t>(count));
    room_ -= taken;
    return static_cast<std::streamsize>(taken);
  }
  int_type overflow(int_type) override { return traits_type::eof(); }

 private:
  std::size_t room_;
};

/// Cuts a chunk's body in half on its way into the trace.
class DamagingSink final : public TraceSink {
 public:
  explicit DamagingSink(Trace& trace) : sink_(trace) {}
  void append(TraceBatch batch) override {
    for (Chunk& chunk : batch.chunks) chunk.body.resize(chunk.body.size() / 2);
    sink_.append(std::move(batch));
  }
  void finish(const emu::Stop& stop) override { sink_.finish(stop); }
  [[nodiscard]] std::uint64_t safe_chunks() const override { return sink_.safe_chunks(); }

 private:
  MemorySink sink_;
};

TEST(TraceExport, KnowsTheFormatsByName) {
  EXPECT_EQ(parse_export_format("jsonl"), ExportFormat::jsonl);
  EXPECT_EQ(parse_export_format("csv"), ExportFormat::csv);
  EXPECT_EQ(parse_export_format("chrome"), ExportFormat::chrome);
  EXPECT_EQ(parse_export_format("text"), ExportFormat::text);
  EXPECT_EQ(parse_export_format("JSONL"), std::nullopt);
}

TEST(TraceExport, AFullDiskIsAnErrorInEveryFormat) {
  const auto trace = record(scenario_image("switch_to_context.elf"));
  for (const ExportFormat format : kFormats) {
    std::stringstream whole;
    ASSERT_TRUE(export_trace(*trace, format, whole).ok());
    const std::size_t size = whole.str().size();
    for (const std::size_t room : {std::size_t{0}, size / 2, size - 1}) {
      SmallDisk disk(room);
      std::ostream out(&disk);
      EXPECT_FALSE(export_trace(*trace, format, out).ok()) << room << " of " << size << " bytes";
    }
    SmallDisk enough(size);
    std::ostream out(&enough);
    EXPECT_TRUE(export_trace(*trace, format, out).ok());
  }
}

TEST(TraceExport, AFileThatCannotBeWrittenIsNamed) {
  const auto trace = record(scenario_image("switch_to_context.elf"));
  for (const ExportFormat format : kFormats) {
    const auto full = export_trace_to(*trace, format, "/dev/full");
    ASSERT_FALSE(full.ok());
    EXPECT_NE(full.error().message.find("/dev/full: No space left on device"), std::string::npos)
        << full.error().message;
    const auto missing = export_trace_to(*trace, format, "/nonexistent/folder/file");
    ASSERT_FALSE(missing.ok());
    EXPECT_NE(missing.error().message.find("/nonexistent/folder/file: No such file"), std::string::npos)
        << missing.error().message;
  }
  const auto set = export_trace_to(*trace, ExportFormat::csv, "/proc/nowhere/");
  ASSERT_FALSE(set.ok());
  EXPECT_NE(set.error().message.find("/proc/nowhere/"), std::string::npos) << set.error().message;
}

TEST(TraceExport, AFileHoldsWhatTheStreamGets) {
  const auto trace = record(scenario_image("switch_to_context.elf"));
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("fiberscope-export-{}", ::getpid())).string();
  for (const ExportFormat format : kFormats) {
    std::stringstream whole;
    ASSERT_TRUE(export_trace(*trace, format, whole).ok());
    ASSERT_TRUE(export_trace_to(*trace, format, path).ok());
    EXPECT_EQ(std::filesystem::file_size(path), whole.str().size());
  }
  std::filesystem::remove(path);
}

TEST(TraceExport, ADamagedTraceIsAnErrorAndNoCrash) {
  const emu::Image image = scenario_image("switch_to_context.elf");
  auto machine = std::move(emu::Machine::boot(image)).value();
  auto trace = std::move(Trace::create(make_header(*machine, image, {}))).value();
  DamagingSink sink(*trace);
  const auto ring = std::make_unique<StepRing>();
  Recorder(*machine, image, *ring, sink).run(1000);
  for (const ExportFormat format : {ExportFormat::jsonl, ExportFormat::csv, ExportFormat::text}) {
    std::stringstream out;
    const auto done = export_trace(*trace, format, out);
    ASSERT_FALSE(done.ok());
    EXPECT_NE(done.error().message.find("damaged"), std::string::npos) << done.error().message;
  }
}

}  // namespace
}  // namespace fiberscope::core
