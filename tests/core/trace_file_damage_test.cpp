// Damage aimed at what a random flip seldom hits: the list of digests, sizes, a write that fails half-way, hot
// journals.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdint>
#include <limits>

#include "core/trace_session.h"
#include "core/varint.h"
#include "core/zstd_codec.h"
#include "tests/core/recorded_file.h"

namespace fiberscope::core {
namespace {

class TraceFileDamage : public ::testing::Test {
 protected:
  /// What a reader finds, as text; or its error.
  [[nodiscard]] static std::string read(const std::string& path) {
    auto reader = TraceFileReader::open(path);
    if (!reader) return "error: " + reader.error().message;
    const auto update = (*reader)->poll();
    if (!update) return "error: " + update.error().message;
    const TraceBatch& batch = update->batch;
    std::string text = (*reader)->header().meta.at("target");
    for (const std::size_t count :
         {(*reader)->header().regions.size(), (*reader)->header().sources.size(), batch.chunks.size(),
          batch.threads.size(), batch.switches.size(), batch.output.size(), batch.templates.size()})
      text += " " + std::to_string(count);
    return text + (update->stop ? " " + update->stop->message : std::string(" no ending"));
  }
  [[nodiscard]] static bool is_error(const std::string& text) { return text.rfind("error: ", 0) == 0; }
  static std::int64_t ask(const std::string& path, const std::string& sql) {
    const Database database(path, Database::Mode::read);
    Statement statement(database.handle(), sql);
    statement.step();
    return statement.integer();
  }

  emu::Image image_ = scenario_image("switch_to_context.elf");
  TestFolder folder_;
  std::string path_ = folder_.file("run.fscope");
};

TEST_F(TraceFileDamage, EveryTableIsListedFromTheFirstCommitOn) {
  auto machine = emu::Machine::boot(image_);
  auto file = TraceFileWriter::create(path_, make_header(**machine, image_, {{"target", "test"}}));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(ask(path_, "SELECT count(*) FROM digests"), 14);
  EXPECT_EQ(read(path_).find("error"), std::string::npos) << read(path_);
}

TEST_F(TraceFileDamage, AMissingDigestIsTold) {
  record_file(image_, path_, 2000);
  for (const std::string_view table : kTraceTables) {
    const std::string damaged = folder_.file("damaged.fscope");
    std::filesystem::copy_file(path_, damaged, std::filesystem::copy_options::overwrite_existing);
    Database(damaged, Database::Mode::read_write)
        .execute("DELETE FROM digests WHERE name = '" + std::string(table) + "'");
    EXPECT_TRUE(is_error(read(damaged))) << table << ": " << read(damaged);
  }
}

TEST_F(TraceFileDamage, AForeignDigestOrRowIsTold) {
  record_file(image_, path_, 2000);
  for (const char* sql :
       {"INSERT INTO digests VALUES ('more', 0, 0)", "UPDATE digests SET name = 'chunky' WHERE name = 'chunks'",
        "INSERT INTO output(step, bytes) VALUES (1, x'41')", "DELETE FROM ending",
        "UPDATE digests SET rows = 0, digest = 0 WHERE name = 'ending'"}) {
    const std::string damaged = folder_.file("damaged.fscope");
    std::filesystem::copy_file(path_, damaged, std::filesystem::copy_options::overwrite_existing);
    Database(damaged, Database::Mode::read_write).execute(sql);
    EXPECT_TRUE(is_error(read(damaged))) << sql << ": " << read(damaged);
  }
}

TEST_F(TraceFileDamage, AFlipInAnyByteOfTheDigestsIsToldOrHarmless) {
  record_file(image_, path_, 300);
  const std::string good = read(path_);
  ASSERT_FALSE(is_error(good)) << good;
  const auto page_size = static_cast<std::size_t>(ask(path_, "PRAGMA page_size"));
  const auto page = static_cast<std::size_t>(ask(path_, "SELECT rootpage FROM sqlite_schema WHERE name = 'digests'"));
  const std::string whole = file_bytes(path_);
  int told = 0;
  for (std::size_t at = (page - 1) * page_size; at < page * page_size; ++at) {
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
    const auto put = [&](char byte) {
      file.seekp(static_cast<std::streamoff>(at));
      file.put(byte).flush();
    };
    put(static_cast<char>(whole[at] ^ (1 << (at % 8))));
    const std::string found = read(path_);
    if (is_error(found)) {
      ++told;
    } else {
      EXPECT_EQ(found, good) << "byte " << at % page_size << " of the page";
    }
    put(whole[at]);
  }
  EXPECT_GT(told, 200) << "14 rows of about 20 bytes";
}

TEST_F(TraceFileDamage, ASizeIsNotBelievedBeforeItIsCompared) {
  const std::vector<std::uint8_t> frame = compress(std::vector<std::uint8_t>(1000, 7));
  EXPECT_EQ(decompress(frame, 1000).size(), 1000U);
  for (const std::size_t size : {std::size_t{999}, std::size_t{1001}, std::numeric_limits<std::size_t>::max() - 5})
    EXPECT_THROW(decompress(frame, size), CorruptData) << size;
  record_file(image_, path_, 300);
  Database(path_, Database::Mode::read_write).execute("UPDATE images SET size = 4000000000");
  EXPECT_NE(read(path_).find("another size"), std::string::npos) << read(path_);
}

TEST_F(TraceFileDamage, AFailedAppendLeavesNothingBehind) {
  auto machine = emu::Machine::boot(image_);
  const auto trace = record(image_, 5000);
  {
    auto file = TraceFileWriter::create(path_, make_header(**machine, image_, {{"target", "test"}}));
    ASSERT_TRUE(file.ok());
    TraceBatch batch;
    batch.templates.assign(trace->templates().begin(), trace->templates().end());
    batch.chunks.push_back(trace->chunk(0));
    batch.threads.push_back(trace->threads().front());
    batch.threads.push_back(trace->threads().front());  // the table takes each thread once
    EXPECT_THROW((*file)->append(batch), DatabaseError);
    EXPECT_THROW((*file)->append(TraceBatch{}), DatabaseError) << "its digests are ahead of the file";
    EXPECT_THROW((*file)->finish(emu::Stop{}), DatabaseError);
    EXPECT_EQ((*file)->safe_chunks(), 0U);
  }
  EXPECT_EQ(ask(path_, "SELECT count(*) FROM chunks"), 0);
  EXPECT_FALSE(is_error(read(path_))) << read(path_);
}

/// A trace whose recorder was killed in the middle of a commit: in the folder given, with its journal.
class HotJournal : public TraceFileDamage {
 protected:
  void SetUp() override {
    record_file(image_, path_, 2000);
    const std::string victim = folder_.file("victim.fscope");
    std::filesystem::copy_file(path_, victim);
    Database database(victim, Database::Mode::read_write);
    database.execute(
        "PRAGMA journal_mode=PERSIST; PRAGMA synchronous=OFF; PRAGMA cache_size=2; PRAGMA cache_spill=2; BEGIN "
        "IMMEDIATE");
    database.execute("UPDATE chunks SET body = zeroblob(length(body)); UPDATE images SET elf = zeroblob(length(elf))");
    std::filesystem::create_directory(folder_.file("hot"));
    std::filesystem::copy_file(victim, hot_);
    std::filesystem::copy_file(victim + "-journal", hot_ + "-journal");
    database.execute("ROLLBACK");
    setenv("TMPDIR", folder_.path().c_str(), 1);
    ASSERT_NE(file_bytes(hot_), file_bytes(path_)) << "something of the unfinished commit is in the file";
  }
  void TearDown() override { unsetenv("TMPDIR"); }
  [[nodiscard]] std::size_t private_folders() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
      count += entry.path().filename().string().rfind("fiberscope-", 0) == 0 ? 1 : 0;
    return count;
  }
  const std::string hot_ = folder_.file("hot") + "/run.fscope";
};

TEST_F(HotJournal, IsRolledBackInACopy) {
  const std::string before = file_bytes(hot_);
  {
    auto reader = TraceFileReader::open(hot_);
    ASSERT_TRUE(reader.ok()) << reader.error().message;
    EXPECT_EQ(private_folders(), 1U) << "in TMPDIR";
    EXPECT_TRUE((*reader)->reads_copy());
    EXPECT_EQ(read(hot_), read(path_));
  }
  EXPECT_EQ(private_folders(), 0U);
  EXPECT_FALSE(TraceFileReader::open(path_).value()->reads_copy());
  EXPECT_EQ(file_bytes(hot_), before) << "looking at a file does not change it";
  EXPECT_TRUE(std::filesystem::exists(hot_ + "-journal"));
}

TEST_F(HotJournal, ThatCannotBeCopiedIsToldInOneMessage) {
  setenv("TMPDIR", folder_.file("absent").c_str(), 1);
  EXPECT_NE(read(hot_).find("set TMPDIR"), std::string::npos) << read(hot_);
}

TEST_F(HotJournal, OfAnotherKindOfDamageIsNoReasonToCopy) {
  std::filesystem::resize_file(hot_ + "-journal", 0);
  std::ofstream(hot_, std::ios::binary) << "this is no database, but long enough to be looked at by SQLite";
  setenv("TMPDIR", folder_.file("absent").c_str(), 1);  // who wanted to copy it would say so
  EXPECT_NE(read(hot_).find("not a database"), std::string::npos) << read(hot_);
}

}  // namespace
}  // namespace fiberscope::core
