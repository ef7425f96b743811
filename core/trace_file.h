#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/recording_lock.h"
#include "core/sqlite_database.h"
#include "core/temporary_folder.h"
#include "core/trace_data.h"
#include "emu/result.h"

namespace fiberscope::core {

/// "FSCP": marks a SQLite database as a trace.
inline constexpr std::int64_t kTraceApplicationId = 0x46534350;
inline constexpr std::int64_t kTraceVersion = 1;
/// The tables that have a row in `digests`, from the first commit on, empty ones too.
inline constexpr std::array<std::string_view, 14> kTraceTables = {
    "meta",  "images",  "sources",  "regions", "start",  "instructions", "chunks",
    "pages", "threads", "switches", "events",  "output", "findings",     "ending"};

/// Whether the file says of itself that it is a trace, of whatever version and in whatever state.
bool is_trace_file(const std::string& path);

/// Writes a `.fscope` file (docs/trace-format.md). Chunks, switches, events and output of the same steps are committed
/// together, every 4 chunks or 20 ms; a kill leaves what was committed. Holds the file's RecordingLock for its
/// lifetime. Throws DatabaseError. What fails half-way is rolled back, and the writer is of no use any more.
class TraceFileWriter final : public TraceSink {
 public:
  /// Makes the file, replacing what is there. Fails where the folder cannot be written.
  static emu::Result<std::unique_ptr<TraceFileWriter>> create(const std::string& path, const TraceHeader& header);
  /// Goes on with a file whose recorder died.
  static emu::Result<std::unique_ptr<TraceFileWriter>> resume(const std::string& path);
  ~TraceFileWriter() override;

  void append(TraceBatch batch) override;
  void idle() override;
  void finish(const emu::Stop& stop) override;
  [[nodiscard]] std::uint64_t safe_chunks() const override { return committed_chunks_; }

 private:
  struct Table {
    Table(sqlite3* database, std::string_view sql) : insert(database, sql) { insert.watch(&digest); }
    RowDigest digest;
    std::uint64_t rows = 0;
    Statement insert;
  };
  struct Tables;

  explicit TraceFileWriter(const std::string& path, Database::Mode mode);
  void write_header(const TraceHeader& header);
  void load_digests();
  void begin();
  void commit();
  void roll_back();
  void insert(const TraceBatch& batch);
  void insert_ending(const emu::Stop& stop);
  template <typename Work>
  void in_transaction(Work&& work);

  std::unique_ptr<RecordingLock> lock_;  // outlives the database
  Database database_;
  std::unique_ptr<Tables> tables_;
  bool open_ = false;
  bool broken_ = false;
  std::chrono::steady_clock::time_point opened_;
  std::uint64_t pending_chunks_ = 0;
  std::uint64_t committed_chunks_ = 0;
};

/// Reads a `.fscope` file, finished or still being written. Every value is checked against its table's digest.
class TraceFileReader {
 public:
  /// Fails with a message for people: no such file, not a trace, a newer version, damaged.
  static emu::Result<std::unique_ptr<TraceFileReader>> open(const std::string& path);
  ~TraceFileReader();

  [[nodiscard]] const TraceHeader& header() const { return header_; }
  /// A killed writer left the file in the middle of a change, and what is read is a copy without that: it will not
  /// grow.
  [[nodiscard]] bool reads_copy() const { return !private_folder_.path().empty(); }

  struct Update {
    TraceBatch batch;
    std::optional<emu::Stop> stop;  ///< set once the recording has ended
  };
  /// What came since the last call.
  emu::Result<Update> poll();
  /// Whether the file's recorder lives. One that does not may have ended the trace just before: poll after asking.
  [[nodiscard]] bool is_being_recorded() const { return lock_.is_held(); }

 private:
  explicit TraceFileReader(const std::string& path) : path_(path), lock_(path, false) {}
  void connect();
  void open_copy();
  void check_identity();
  void read_digests();
  void read_header();
  template <typename ReadRow>
  void read_rows(const std::string& table, const std::string& columns, ReadRow&& read_row);
  void read_new(Update& update);

  struct Progress {
    RowDigest digest;
    std::int64_t rows = 0;
  };
  struct Told {
    std::int64_t rows = 0;
    std::uint64_t digest = 0;
  };
  std::string path_;
  RecordingLock lock_;              // outlives the database
  TemporaryFolder private_folder_;  ///< holds a copy of a file with a hot journal
  std::unique_ptr<Database> database_;
  TraceHeader header_;
  std::map<std::string, Progress, std::less<>> progress_;
  std::map<std::string, Told, std::less<>> told_;  ///< the digests, as the transaction under way finds them
};

}  // namespace fiberscope::core
