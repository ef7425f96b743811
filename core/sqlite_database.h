#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace fiberscope::core {

/// What SQLite said went wrong.
struct DatabaseError : std::runtime_error {
  explicit DatabaseError(const std::string& message, int error_code = 0)
      : std::runtime_error(message), code(error_code) {}
  int code;  ///< SQLite's extended result code; 0: not from SQLite
};

/// A running checksum over the values of a table's rows, in the order in which they were written (XXH3-64, each row's
/// bytes seeded with the sum so far). Integers count as 8 bytes little-endian, text and blobs as their length (8 bytes)
/// and their bytes, NULL as the byte 0xff.
class RowDigest {
 public:
  explicit RowDigest(std::uint64_t sum = 0) : sum_(sum) {}
  void add_integer(std::int64_t value);
  void add_bytes(std::span<const std::uint8_t> bytes);
  void add_null();
  void end_row();
  [[nodiscard]] std::uint64_t sum() const { return sum_; }

 private:
  std::vector<std::uint8_t> row_;
  std::uint64_t sum_ = 0;
};

/// One prepared statement. Values are bound, or read, in the order of the columns.
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  /// Feeds every value bound or read from now on into the digest.
  void watch(RowDigest* digest) { digest_ = digest; }

  Statement& bind(std::int64_t value);
  Statement& bind(std::uint64_t value) { return bind(static_cast<std::int64_t>(value)); }
  Statement& bind(std::string_view text);
  Statement& bind(std::span<const std::uint8_t> blob);
  Statement& bind_null();
  /// Runs a statement without rows, and makes it ready for the next values.
  void run();

  /// True where a row is there to be read.
  bool step();
  std::int64_t integer();
  std::uint64_t unsigned_integer() { return static_cast<std::uint64_t>(integer()); }
  std::string text();
  std::vector<std::uint8_t> blob();
  /// Whether the next column is NULL; then it is skipped.
  bool null();
  void reset();

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
  RowDigest* digest_ = nullptr;
  int at_ = 0;
  bool in_row_ = false;
};

/// An open database. Statements of it must be gone before it is.
class Database {
 public:
  enum class Mode : std::uint8_t { read, read_write, create };
  Database(const std::string& path, Mode mode);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  void execute(const std::string& sql);
  [[nodiscard]] sqlite3* handle() const { return handle_; }

 private:
  sqlite3* handle_ = nullptr;
};

}  // namespace fiberscope::core
