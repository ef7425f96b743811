#include "core/sqlite_database.h"

#include <sqlite3.h>
#include <xxhash.h>

#include <cstring>

namespace fiberscope::core {
namespace {

constexpr int kBusyMilliseconds = 5000;

[[noreturn]] void fail(sqlite3* database) {
  throw DatabaseError(sqlite3_errmsg(database), sqlite3_extended_errcode(database));
}

}  // namespace

void RowDigest::add_integer(std::int64_t value) {
  std::uint8_t bytes[8];
  std::memcpy(bytes, &value, sizeof bytes);
  row_.insert(row_.end(), bytes, bytes + sizeof bytes);
}

void RowDigest::add_bytes(std::span<const std::uint8_t> bytes) {
  add_integer(static_cast<std::int64_t>(bytes.size()));
  row_.insert(row_.end(), bytes.begin(), bytes.end());
}

void RowDigest::add_null() {
  row_.push_back(0xff);
}

void RowDigest::end_row() {
  sum_ = XXH3_64bits_withSeed(row_.data(), row_.size(), sum_);
  row_.clear();
}

Statement::Statement(sqlite3* database, std::string_view sql) : database_(database) {
  if (sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &statement_, nullptr) != SQLITE_OK)
    fail(database);
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement& Statement::bind(std::int64_t value) {
  if (sqlite3_bind_int64(statement_, ++at_, value) != SQLITE_OK) fail(database_);
  if (digest_ != nullptr) digest_->add_integer(value);
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  if (sqlite3_bind_text64(statement_, ++at_, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8) != SQLITE_OK)
    fail(database_);
  if (digest_ != nullptr) digest_->add_bytes({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  return *this;
}

Statement& Statement::bind(std::span<const std::uint8_t> blob) {
  const int result = blob.empty() ? sqlite3_bind_zeroblob(statement_, ++at_, 0)
                                  : sqlite3_bind_blob64(statement_, ++at_, blob.data(), blob.size(), SQLITE_TRANSIENT);
  if (result != SQLITE_OK) fail(database_);
  if (digest_ != nullptr) digest_->add_bytes(blob);
  return *this;
}

Statement& Statement::bind_null() {
  if (sqlite3_bind_null(statement_, ++at_) != SQLITE_OK) fail(database_);
  if (digest_ != nullptr) digest_->add_null();
  return *this;
}

void Statement::run() {
  const int result = sqlite3_step(statement_);
  reset();
  if (result != SQLITE_DONE && result != SQLITE_ROW) fail(database_);
  if (digest_ != nullptr) digest_->end_row();
}

bool Statement::step() {
  if (digest_ != nullptr && in_row_) digest_->end_row();
  in_row_ = false;
  at_ = 0;
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) {
    in_row_ = true;
    return true;
  }
  if (result != SQLITE_DONE) {
    sqlite3_reset(statement_);
    fail(database_);
  }
  reset();
  return false;
}

std::int64_t Statement::integer() {
  const std::int64_t value = sqlite3_column_int64(statement_, at_++);
  if (digest_ != nullptr) digest_->add_integer(value);
  return value;
}

std::string Statement::text() {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, at_));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, at_));
  ++at_;
  std::string text = bytes == nullptr ? std::string() : std::string(bytes, size);
  if (digest_ != nullptr) digest_->add_bytes({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  return text;
}

std::vector<std::uint8_t> Statement::blob() {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, at_));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, at_));
  ++at_;
  std::vector<std::uint8_t> blob =
      bytes == nullptr ? std::vector<std::uint8_t>() : std::vector<std::uint8_t>(bytes, bytes + size);
  if (digest_ != nullptr) digest_->add_bytes(blob);
  return blob;
}

bool Statement::null() {
  if (sqlite3_column_type(statement_, at_) != SQLITE_NULL) return false;
  ++at_;
  if (digest_ != nullptr) digest_->add_null();
  return true;
}

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  at_ = 0;
}

Database::Database(const std::string& path, Mode mode) {
  int flags = SQLITE_OPEN_NOMUTEX;
  flags |= mode == Mode::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (mode == Mode::create) flags |= SQLITE_OPEN_CREATE;
  if (sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr) != SQLITE_OK) {
    const DatabaseError error(handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_),
                              handle_ == nullptr ? SQLITE_NOMEM : sqlite3_extended_errcode(handle_));
    sqlite3_close_v2(handle_);
    throw error;
  }
  sqlite3_busy_timeout(handle_, kBusyMilliseconds);
}

Database::~Database() {
  sqlite3_close_v2(handle_);
}

void Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(handle_);
}

}  // namespace fiberscope::core
