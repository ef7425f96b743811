#include "core/export/csv_table.h"

namespace fiberscope::core {

CsvTable::CsvTable(ExportStream& out, std::initializer_list<std::string_view> columns) : out_(out) {
  for (const std::string_view column : columns) text(column);
  end_row();
}

CsvTable& CsvTable::text(std::string_view field) {
  separate();
  if (field.find_first_of("\",\r\n") == std::string_view::npos) {
    out_.put(field);
    return *this;
  }
  out_.put("\"");
  for (const char c : field) out_.put(c == '"' ? std::string_view("\"\"") : std::string_view(&c, 1));
  out_.put("\"");
  return *this;
}

CsvTable& CsvTable::number(std::uint64_t value) {
  separate();
  out_.print("{}", value);
  return *this;
}

CsvTable& CsvTable::word(std::uint64_t value) {
  separate();
  out_.put_word(value);
  return *this;
}

CsvTable& CsvTable::thread(std::optional<ThreadId> id) {
  return id ? number(id->value) : text("");
}

void CsvTable::end_row() {
  out_.put("\r\n");
  first_ = true;
}

void CsvTable::separate() {
  if (!first_) out_.put(",");
  first_ = false;
}

}  // namespace fiberscope::core
