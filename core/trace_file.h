#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/sqlite_database.h"
#include "core/trace_data.h"
#include "emu/result.h"

namespace fiberscope::core {

/// "FSCP": marks a SQLite database as a trace.
inline constexpr std::int64_t kTraceApplicationId = 0x46534350;
inline constexpr std::int64_t kTraceVersion = 1;

/// Writes a `.fscope` file (docs/trace-format.md). Chunks, switches, events and output of the same steps are committed
/// together, every 4 chunks or 20 ms; a kill leaves what was committed. Throws DatabaseError.
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

  Database database_;
  std::unique_ptr<Tables> tables_;
  bool open_ = false;
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

  struct Update {
    TraceBatch batch;
    std::optional<emu::Stop> stop;  ///< set once the recording has ended
  };
  /// What came since the last call.
  emu::Result<Update> poll();

 private:
  explicit TraceFileReader(std::string path) : path_(std::move(path)) {}
  void connect();
  void check_identity();
  void read_header();
  template <typename ReadRow>
  void read_rows(const std::string& table, const std::string& columns, ReadRow&& read_row);
  void read_new(Update& update);

  struct Progress {
    RowDigest digest;
    std::int64_t rows = 0;
  };
  std::string path_;
  std::string private_folder_;  ///< holds a copy of a file with a hot journal, removed at the end
  std::unique_ptr<Database> database_;
  TraceHeader header_;
  std::map<std::string, Progress> progress_;
};

}  // namespace fiberscope::core
