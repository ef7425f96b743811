#include "emu/line_table.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>

namespace fiberscope::emu {
namespace {

bool is_executable(Address address, const std::vector<AddressRange>& executable) {
  return std::any_of(executable.begin(), executable.end(),
                     [&](const AddressRange& range) { return range.contains(address); });
}

}  // namespace

LineTable::LineTable(Dwarf* dwarf, const std::vector<AddressRange>& executable) {
  if (dwarf == nullptr) return;
  std::unordered_map<std::string, std::uint32_t> indices;
  Dwarf_CU* unit = nullptr;
  Dwarf_Off offset = 0;
  Dwarf_Off next_offset = 0;
  Dwarf_Lines* lines = nullptr;
  Dwarf_Files* files = nullptr;
  std::size_t line_count = 0;
  std::size_t file_count = 0;
  for (; dwarf_next_lines(dwarf, offset, &next_offset, &unit, &files, &file_count, &lines, &line_count) == 0 &&
         next_offset > offset;
       offset = next_offset) {
    std::unordered_map<const char*, std::uint32_t> seen;  // libdw gives the same pointer for the same file
    for (std::size_t i = 0; i < line_count; ++i) {
      Dwarf_Line* line = dwarf_onesrcline(lines, i);
      Row row;
      bool is_end = false;
      bool is_prologue_end = false;
      if (line == nullptr || dwarf_lineaddr(line, &row.address.value) != 0 || dwarf_lineno(line, &row.line) != 0 ||
          dwarf_lineendsequence(line, &is_end) != 0 || dwarf_lineprologueend(line, &is_prologue_end) != 0)
        continue;
      row.ends_sequence = is_end;
      row.ends_prologue = is_prologue_end;
      if (!is_executable(is_end ? row.address - 1 : row.address, executable)) continue;
      const char* path = dwarf_linesrc(line, nullptr, nullptr);
      if (path == nullptr || row.line < 0) continue;
      auto known = seen.find(path);
      if (known == seen.end())
        known =
            seen.emplace(path, indices.emplace(path, static_cast<std::uint32_t>(indices.size())).first->second).first;
      row.file = known->second;
      rows_.push_back(row);
    }
  }
  files_.resize(indices.size());
  for (const auto& [path, index] : indices) files_[index] = path;
  std::stable_sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
    return a.address != b.address ? a.address < b.address : a.ends_sequence > b.ends_sequence;
  });
}

LineTable::Rows::const_iterator LineTable::first_from(Address address) const {
  return std::lower_bound(rows_.begin(), rows_.end(), address,
                          [](const Row& row, Address wanted) { return row.address < wanted; });
}

std::optional<SourceLine> LineTable::line_at(Address rip) const {
  const auto after = std::upper_bound(rows_.begin(), rows_.end(), rip,
                                      [](Address wanted, const Row& row) { return wanted < row.address; });
  if (after == rows_.begin()) return std::nullopt;
  const Row& row = *std::prev(after);
  if (row.ends_sequence || row.line == 0) return std::nullopt;
  return source_line(row);
}

std::vector<DebugInfo::LineStart> LineTable::lines_in(AddressRange range) const {
  std::vector<DebugInfo::LineStart> starts;
  const Row* before = nullptr;
  for (auto row = first_from(range.low); row != rows_.end() && row->address < range.high; ++row) {
    const auto next = std::next(row);
    if (next != rows_.end() && next->address == row->address) continue;  // no code is left to it
    const bool goes_on =
        before != nullptr && !before->ends_sequence && before->line == row->line && before->file == row->file;
    if (!row->ends_sequence && row->line != 0 && !goes_on) starts.push_back({row->address, source_line(*row)});
    before = &*row;
  }
  return starts;
}

Address LineTable::prologue_end(AddressRange function) const {
  const auto first = first_from(function.low);
  if (first == rows_.end() || first->address != function.low) return function.low;
  const auto end = first_from(function.high);
  const auto marked = std::find_if(first, end, [](const Row& row) { return row.ends_prologue; });
  if (marked != end) return marked->address;
  const auto second =
      std::find_if(first, end, [&](const Row& row) { return row.address > function.low && !row.ends_sequence; });
  return second != end ? second->address : function.low;
}

std::vector<std::string> LineTable::source_files() const {
  std::vector<std::string> used;
  std::vector<bool> taken(files_.size());
  for (const Row& row : rows_) {
    if (row.ends_sequence || row.line == 0 || taken[row.file]) continue;
    taken[row.file] = true;
    used.push_back(files_[row.file]);
  }
  return used;
}

}  // namespace fiberscope::emu
