#include "core/code_listing.h"

#include <algorithm>
#include <iterator>

#include "core/trimmed.h"
#include "emu/shown_name.h"

namespace fiberscope::core {
namespace {

using emu::Address;

/// Where no symbol says how long a function is, so many bytes are listed.
constexpr std::uint64_t kBlindBytes = 64;

/// In assembly the source line says what the instruction below it says again: its comment says more.
bool is_assembly(const std::string& path) {
  return path.size() > 2 && path.compare(path.size() - 2, 2, ".S") == 0;
}

/// A comment without its marks.
std::string heading(const std::string& text) {
  return text.rfind("//", 0) == 0 ? std::string(trimmed(text.substr(2))) : text;
}

std::string base_name(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace

CodeListing::Place CodeListing::place(StepIndex cursor) {
  Place place;
  cursor = std::min(cursor, trace_.steps());
  if (cursor.value > 0) place.ran = Address{trace_.effects_of(cursor).rip_before};
  place.next = Address{trace_.state_at(cursor).registers[emu::Register::rip]};
  return place;
}

emu::AddressRange CodeListing::range_around(Address inside) const {
  if (const emu::FunctionInfo* function = trace_.debug().function_at(inside)) return function->range;
  if (const auto symbol = trace_.image().symbol_at(inside); symbol && symbol->size > 0)
    return {symbol->address, symbol->address + symbol->size};
  return {inside, inside + kBlindBytes};
}

CodeView CodeListing::at_cursor(StepIndex cursor, Syntax syntax, std::span<const Address> beside) {
  const Place now = place(cursor);
  CodeView view = at_address(now.next, cursor, syntax);
  const auto put_first = [&view](std::vector<CodeRow> rows) {
    view.rows.insert(view.rows.begin(), std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()));
  };
  if (now.ran && !range_around(now.next).contains(*now.ran)) {
    CodeView ran;
    add_function(ran, *now.ran, now, trace_.state_at(cursor).memory, syntax);
    put_first(std::move(ran.rows));
  }
  for (const Address address : beside) put_first(rows_beside(view, address, now, cursor));
  return view;
}

std::vector<CodeRow> CodeListing::rows_beside(const CodeView& view, Address address, const Place& now,
                                              StepIndex cursor) {
  const auto is_it = [address](const CodeRow& row) {
    return row.kind == CodeRow::Kind::instruction && row.address == address;
  };
  if (std::any_of(view.rows.begin(), view.rows.end(), is_it)) return {};
  CodeView function;
  add_function(function, address, now, trace_.state_at(cursor).memory, view.syntax);
  const auto found = std::find_if(function.rows.begin(), function.rows.end(), is_it);
  if (found == function.rows.end()) return {};
  std::vector<CodeRow> rows;
  for (auto row = found; row != function.rows.begin() && rows.empty();)
    if ((--row)->kind == CodeRow::Kind::source) rows.push_back(*row);
  rows.push_back(*found);
  return rows;
}

CodeView CodeListing::at_address(Address address, StepIndex cursor, Syntax syntax) {
  const Place now = place(cursor);
  CodeView view;
  view.syntax = syntax;
  const auto symbol = trace_.image().symbol_at(address);
  if (symbol) view.function = emu::shown_name(symbol->name);
  if (const auto line = trace_.debug().line_at(address)) view.file = base_name(line->file);
  add_function(view, address, now, trace_.state_at(cursor).memory, syntax);
  return view;
}

void CodeListing::add_function(CodeView& view, Address inside, const Place& now, const emu::Memory& memory,
                               Syntax syntax) {
  const emu::AddressRange range = range_around(inside);
  const std::vector<emu::DebugInfo::LineStart> starts = trace_.debug().lines_in(range);
  auto start = starts.begin();
  int shown_line = 0;
  for (Address at = range.low; at < range.high;) {
    const std::vector<std::uint8_t> bytes = memory.copy(at, emu::kMaxInstructionSize);
    if (bytes.empty()) break;
    while (start != starts.end() && start->address <= at) {
      if (start->address == at && start->line.line != shown_line) {
        emu::SourceLine line = start->line;
        if (is_assembly(line.file)) line.line = comment_between(line, shown_line);
        CodeRow row;
        row.kind = CodeRow::Kind::source;
        row.line = line.line;
        row.text = heading(sources_.at(line.file, line.line));
        row.address = at;
        // A line without text (a source that is not at hand) is no use above its instructions.
        if (!row.text.empty()) view.rows.push_back(std::move(row));
        shown_line = start->line.line;
      }
      ++start;
    }
    CodeRow row;
    row.address = at;
    const auto instruction = disassembler_.decode(at, bytes);
    row.mnemonic = !instruction              ? "(bad)"
                   : syntax == Syntax::intel ? instruction->intel_mnemonic
                                             : instruction->att_mnemonic;
    if (instruction) row.operands = syntax == Syntax::intel ? instruction->intel_operands : instruction->att_operands;
    if (instruction && instruction->target) {
      const std::string target = emu::symbolized(trace_.image(), *instruction->target);
      if (!target.empty()) row.operands = target;
    }
    row.just_ran = now.ran == at;
    row.is_next = now.next == at;
    view.rows.push_back(std::move(row));
    at = at + (instruction ? instruction->size : 1);
  }
}

int CodeListing::comment_between(const emu::SourceLine& line, int above) {
  for (emu::SourceLine at = line; --at.line > above && at.line > 0;) {
    const std::string& text = sources_.at(at.file, at.line);
    if (text.rfind("//", 0) == 0) return at.line;
    // A comment belongs to the instructions right behind it.
    if (text.empty()) break;
  }
  return 0;
}

}  // namespace fiberscope::core
