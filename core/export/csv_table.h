#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "core/export/export_stream.h"
#include "core/thread.h"

namespace fiberscope::core {

/// One row after the other. Fields are quoted where RFC 4180 asks for it; rows end in CR LF.
class CsvTable {
 public:
  /// Without a row of column names.
  explicit CsvTable(ExportStream& out) : out_(out) {}
  CsvTable(ExportStream& out, std::initializer_list<std::string_view> columns);

  CsvTable& text(std::string_view field);
  CsvTable& number(std::uint64_t value);
  /// "0x" and 16 digits, which a spreadsheet leaves alone.
  CsvTable& word(std::uint64_t value);
  /// The id; empty for nobody.
  CsvTable& thread(std::optional<ThreadId> id);
  void end_row();

 private:
  void separate();

  ExportStream& out_;
  bool first_ = true;
};

}  // namespace fiberscope::core
