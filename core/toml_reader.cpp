#include "core/toml_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/near_names.h"

namespace fiberscope::core {
namespace {

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::none:
      return "nothing";
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date or time";
  }
  return "something else";
}

}  // namespace

void TomlProblem::report(const toml::source_region& where, std::string_view text) {
  if (found()) return;
  message_ = fmt::format("{}:{}:{}: {}", filename_, where.begin.line, where.begin.column, text);
}

TomlTable::TomlTable(const toml::table& table, std::string name, TomlProblem& problem)
    : table_(&table), name_(std::move(name)), problem_(&problem) {}

const toml::source_region& TomlTable::where(std::string_view key) const {
  const toml::node* node = table_->get(key);
  return node == nullptr ? table_->source() : node->source();
}

const toml::node* TomlTable::find(std::string_view key, Presence presence, std::string_view type) {
  known_.emplace_back(key);
  const toml::node* node = table_->get(key);
  if (node != nullptr || presence == Presence::optional) return node;
  for (const auto& [present, value] : *table_) {  // more likely misspelled than missing
    const std::vector<std::string> wanted{std::string(key)};
    const bool known = std::find(known_.begin(), known_.end(), present.str()) != known_.end();
    if (!known && !nearest_name(present.str(), wanted).empty()) {
      problem_->report(present.source(),
                       fmt::format("unknown key '{}' in {}; did you mean '{}'?", present.str(), name_, key));
    }
  }
  problem_->report(table_->source(), fmt::format("{} lacks the key '{}', which is {}; add it", name_, key, type));
  return nullptr;
}

void TomlTable::wrong_type(std::string_view key, const toml::node& node, std::string_view expected) {
  problem_->report(node.source(), fmt::format("'{}' in {} must be {}, not {}", key, name_, expected, type_name(node)));
}

std::optional<std::string> TomlTable::text(std::string_view key, Presence presence) {
  const toml::node* node = find(key, presence, "a text");
  if (node == nullptr) return std::nullopt;
  if (const auto* value = node->as_string()) return value->get();
  wrong_type(key, *node, "a text (\"…\")");
  return std::nullopt;
}

std::optional<std::int64_t> TomlTable::integer(std::string_view key, Presence presence) {
  const toml::node* node = find(key, presence, "a whole number");
  if (node == nullptr) return std::nullopt;
  if (const auto* value = node->as_integer()) return value->get();
  wrong_type(key, *node, "a whole number");
  return std::nullopt;
}

std::optional<bool> TomlTable::boolean(std::string_view key, Presence presence) {
  const toml::node* node = find(key, presence, "true or false");
  if (node == nullptr) return std::nullopt;
  if (const auto* value = node->as_boolean()) return value->get();
  wrong_type(key, *node, "true or false");
  return std::nullopt;
}

std::vector<std::string> TomlTable::texts(std::string_view key, Presence presence) {
  const toml::node* node = find(key, presence, "an array of texts");
  if (node == nullptr) return {};
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    wrong_type(key, *node, "an array of texts ([\"…\", \"…\"])");
    return {};
  }
  std::vector<std::string> values;
  for (const toml::node& element : *array) {
    if (const auto* value = element.as_string()) {
      values.push_back(value->get());
    } else {
      wrong_type(key, element, "an array of texts ([\"…\", \"…\"])");
    }
  }
  return values;
}

std::optional<TomlTable> TomlTable::table(std::string_view key, Presence presence) {
  const toml::node* node = find(key, presence, "a table");
  if (node == nullptr) return std::nullopt;
  if (const toml::table* value = node->as_table()) return TomlTable(*value, fmt::format("[{}]", key), *problem_);
  wrong_type(key, *node, fmt::format("a table ([{}])", key));
  return std::nullopt;
}

std::vector<TomlTable> TomlTable::tables(std::string_view key) {
  const toml::node* node = find(key, Presence::optional, "an array of tables");
  if (node == nullptr) return {};
  const std::string expected = fmt::format("a list of tables ([[{}]])", key);
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    wrong_type(key, *node, expected);
    return {};
  }
  std::vector<TomlTable> values;
  for (const toml::node& element : *array) {
    if (const toml::table* value = element.as_table()) {
      values.emplace_back(*value, fmt::format("[[{}]]", key), *problem_);
    } else {
      wrong_type(key, element, expected);
    }
  }
  return values;
}

void TomlTable::finish() {
  const toml::key* first = nullptr;
  for (const auto& [key, value] : *table_) {
    if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) continue;
    if (first == nullptr || key.source().begin < first->source().begin) first = &key;
  }
  if (first == nullptr) return;
  problem_->report(
      first->source(),
      fmt::format("unknown key '{}' in {}{} Known here: {}", first->str(), name_,
                  nearest_name(first->str(), known_).empty() ? std::string(".") : did_you_mean(first->str(), known_),
                  fmt::join(known_, ", ")));
}

}  // namespace fiberscope::core
