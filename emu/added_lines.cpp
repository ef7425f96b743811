#include "emu/added_lines.h"

#include <dwarf.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace fiberscope::emu {
namespace {

/// Name and text of each file in turn, each with a zero behind it.
constexpr const char* kSources = ".fiberscope.sources";
constexpr std::uint16_t kVersion = 4;
constexpr std::uint8_t kOpcodeBase = 13;  // of the standard opcodes of DWARF 4, 6.2.5.2
constexpr std::uint8_t kOpcodeLengths[] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};

class DwarfBytes {
 public:
  void byte(std::uint8_t value) { bytes_.push_back(value); }
  void half(std::uint16_t value) { fixed(value); }
  void word(std::uint32_t value) { fixed(value); }
  void giant(std::uint64_t value) { fixed(value); }
  void text(const std::string& value) {
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    byte(0);
  }
  void unsigned_leb(std::uint64_t value) {
    do {
      const auto low = static_cast<std::uint8_t>(value & 0x7f);
      value >>= 7;
      byte(value != 0 ? low | 0x80 : low);
    } while (value != 0);
  }
  void signed_leb(std::int64_t value) {
    for (bool more = true; more;) {
      const auto low = static_cast<std::uint8_t>(value & 0x7f);
      value >>= 7;
      more = !((value == 0 && (low & 0x40) == 0) || (value == -1 && (low & 0x40) != 0));
      byte(more ? low | 0x80 : low);
    }
  }
  void append(const DwarfBytes& other) { bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end()); }

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(bytes_.size()); }
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  template <class Value>
  void fixed(Value value) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof value);
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }
  std::vector<std::uint8_t> bytes_;
};

/// Unit headers and line tables begin with the length of what follows it.
DwarfBytes with_length(const DwarfBytes& rest) {
  DwarfBytes bytes;
  bytes.word(rest.size());
  bytes.append(rest);
  return bytes;
}

/// One abbreviation, the only one that the units use.
DwarfBytes abbreviations() {
  DwarfBytes bytes;
  bytes.unsigned_leb(1);
  bytes.unsigned_leb(DW_TAG_compile_unit);
  bytes.byte(DW_CHILDREN_no);
  constexpr std::uint8_t kAttributes[][2] = {{DW_AT_name, DW_FORM_string},
                                             {DW_AT_stmt_list, DW_FORM_sec_offset},
                                             {DW_AT_low_pc, DW_FORM_addr},
                                             {DW_AT_high_pc, DW_FORM_data8},
                                             {0, 0}};
  for (const auto& attribute : kAttributes) {
    bytes.unsigned_leb(attribute[0]);
    bytes.unsigned_leb(attribute[1]);
  }
  bytes.byte(0);
  return bytes;
}

DwarfBytes line_table(const AddedLines& added) {
  DwarfBytes header;                           // what follows header_length
  header.byte(1);                              // minimum_instruction_length
  header.byte(1);                              // maximum_operations_per_instruction
  header.byte(1);                              // default_is_stmt
  header.byte(static_cast<std::uint8_t>(-5));  // line_base; special opcodes are not used
  header.byte(14);                             // line_range
  header.byte(kOpcodeBase);
  for (const std::uint8_t length : kOpcodeLengths) header.byte(length);
  header.byte(0);  // no include directories
  header.text(added.file);
  for (int i = 0; i < 3; ++i) header.byte(0);  // directory, time, size
  header.byte(0);                              // no more files

  DwarfBytes rest;
  rest.half(kVersion);
  rest.append(with_length(header));
  rest.byte(0);
  rest.unsigned_leb(1 + sizeof(std::uint64_t));
  rest.byte(DW_LNE_set_address);
  rest.giant(added.code.low.value);
  Address at = added.code.low;
  int line = 1;
  for (const AddedLines::Row& row : added.rows) {
    rest.byte(DW_LNS_advance_pc);
    rest.unsigned_leb(row.address - at);
    rest.byte(DW_LNS_advance_line);
    rest.signed_leb(row.line - line);
    rest.byte(DW_LNS_copy);
    at = row.address;
    line = row.line;
  }
  rest.byte(DW_LNS_advance_pc);
  rest.unsigned_leb(added.code.high - at);
  rest.byte(0);
  rest.unsigned_leb(1);
  rest.byte(DW_LNE_end_sequence);
  return with_length(rest);
}

}  // namespace

Result<void> add_lines(ImagePatch& patch, const std::vector<AddedLines>& added) {
  const auto abbreviation_offset = patch.append(".debug_abbrev", abbreviations().bytes());
  if (!abbreviation_offset) return abbreviation_offset.error();
  for (const AddedLines& each : added) {
    const auto line_offset = patch.append(".debug_line", line_table(each).bytes());
    if (!line_offset) return line_offset.error();
    DwarfBytes unit;
    unit.half(kVersion);
    unit.word(static_cast<std::uint32_t>(*abbreviation_offset));
    unit.byte(sizeof(std::uint64_t));
    unit.unsigned_leb(1);
    unit.text(each.file);
    unit.word(static_cast<std::uint32_t>(*line_offset));
    unit.giant(each.code.low.value);
    unit.giant(each.code.size());
    if (const auto offset = patch.append(".debug_info", with_length(unit).bytes()); !offset) return offset.error();
  }
  std::map<std::string, std::string> sources;
  for (const AddedLines& each : added) sources[each.file] = each.text;
  return add_sources(patch, sources);
}

Result<void> add_sources(ImagePatch& patch, const std::map<std::string, std::string>& sources) {
  DwarfBytes bytes;
  for (const auto& [file, text] : sources) {
    bytes.text(file);
    bytes.text(text);
  }
  return patch.add_section(kSources, bytes.bytes());
}

std::map<std::string, std::string> added_sources(const Image& image) {
  std::map<std::string, std::string> sources;
  const auto bytes = section_bytes(image, kSources);
  if (!bytes) return sources;
  std::string_view rest(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  const auto take = [&rest] {
    const std::string_view text = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), text.size() + 1));
    return std::string(text);
  };
  while (!rest.empty()) {
    std::string file = take();
    sources[std::move(file)] = take();
  }
  return sources;
}

}  // namespace fiberscope::emu
