#pragma once
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fiberscope::core {

/// The first mistake in a file: what the user reads. Shared by all tables of one document; the later ones are not kept,
/// because they often follow from the first.
class TomlProblem {
 public:
  explicit TomlProblem(std::string_view filename) : filename_(filename) {}

  /// "file:line:column: text", unless there is one already.
  void report(const toml::source_region& where, std::string_view text);
  [[nodiscard]] bool found() const { return !message_.empty(); }
  [[nodiscard]] const std::string& message() const { return message_; }

 private:
  std::string filename_;
  std::string message_;
};

/// Reads one table by its keys. Each getter reports a value of the wrong type, and a missing one where it is required;
/// the result then is empty. When all is read, finish() reports a key that nobody asked for, with near names.
class TomlTable {
 public:
  /// `name` is how messages call the table: "the file", "[expected]". Both references must outlive this object.
  TomlTable(const toml::table& table, std::string name, TomlProblem& problem);

  enum class Presence : std::uint8_t { required, optional };

  std::optional<std::string> text(std::string_view key, Presence presence = Presence::required);
  std::optional<std::int64_t> integer(std::string_view key, Presence presence = Presence::required);
  std::optional<bool> boolean(std::string_view key, Presence presence = Presence::required);
  std::vector<std::string> texts(std::string_view key, Presence presence = Presence::required);
  std::optional<TomlTable> table(std::string_view key, Presence presence = Presence::required);
  /// The tables of `[[key]]`; none where it is absent.
  std::vector<TomlTable> tables(std::string_view key);

  [[nodiscard]] bool has(std::string_view key) const { return table_->contains(key); }
  /// Where the key's value stands; the table itself where it has no such key.
  [[nodiscard]] const toml::source_region& where(std::string_view key) const;
  void report(std::string_view key, std::string_view text) { problem_->report(where(key), text); }
  void finish();

 private:
  const toml::node* find(std::string_view key, Presence presence, std::string_view type);
  void wrong_type(std::string_view key, const toml::node& node, std::string_view expected);

  const toml::table* table_;
  std::string name_;
  TomlProblem* problem_;
  std::vector<std::string> known_;
};

}  // namespace fiberscope::core
