#include "emu/debug_info.h"

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <utility>

#include "emu/dwarf_file.h"
#include "emu/function_index.h"
#include "emu/global_variables.h"
#include "emu/line_table.h"
#include "emu/local_variables.h"
#include "emu/structure_table.h"
#include "emu/switch_routines.h"
#include "emu/symbol_table.h"
#include "emu/type_cells.h"
#include "emu/unwind_table.h"

namespace fiberscope::emu {
namespace {

std::vector<AddressRange> executable_ranges(const std::vector<LoadedRegion>& regions) {
  std::vector<AddressRange> ranges;
  for (const LoadedRegion& loaded : regions)
    if (loaded.region.executable) ranges.push_back(loaded.region.range);
  return ranges;
}

}  // namespace

struct DebugInfo::Impl {
  // Of the image only what stays in place when the Image object is moved.
  explicit Impl(const Image& image)
      : regions(image.regions()),
        symbols(image.symbols()),
        executable(executable_ranges(regions)),
        file(image.file()),
        structures(file.dwarf()),
        unwind(file),
        switch_routines(symbols, regions) {}

  const LineTable& lines() {
    if (!line_table) line_table.emplace(file.dwarf(), executable);
    return *line_table;
  }
  const FunctionInfo* function_at(Address rip);
  const FunctionInfo* described_function_at(Address rip);
  const FunctionInfo* named_function_at(Address rip);

  const std::vector<LoadedRegion>& regions;
  const std::vector<Symbol>& symbols;
  std::vector<AddressRange> executable;
  DwarfFile file;
  StructureTable structures;
  UnwindTable unwind;
  SwitchRoutines switch_routines;
  std::optional<LineTable> line_table;
  std::optional<FunctionIndex> functions;
  std::vector<std::unique_ptr<FunctionInfo>> described;  ///< by position in functions, made when first asked for
  std::optional<SymbolTable> code_symbols;
  std::unordered_map<const Symbol*, FunctionInfo> named;
};

const FunctionInfo* DebugInfo::Impl::described_function_at(Address rip) {
  if (!functions) {
    functions.emplace(file.dwarf(), executable);
    described.resize(functions->entries().size());
  }
  const std::size_t position = functions->position(rip);
  if (position == described.size()) return nullptr;
  std::unique_ptr<FunctionInfo>& info = described[position];
  if (info) return info.get();
  const FunctionIndex::Entry& entry = functions->entries()[position];
  info = std::make_unique<FunctionInfo>(FunctionInfo{entry.name, entry.range, entry.range.low, {}, {}});
  Dwarf_Die die = entry.die;
  Dwarf_Addr entry_address = 0;
  const bool has_entry = dwarf_entrypc(&die, &entry_address) != 0 || entry_address == entry.range.low.value;
  if (!entry.is_assembly && has_entry) info->prologue_end = lines().prologue_end(entry.range);
  add_local_variables(*info, die, unwind);
  return info.get();
}

const FunctionInfo* DebugInfo::Impl::named_function_at(Address rip) {
  if (!code_symbols) {
    std::vector<Symbol> in_code;
    for (const Symbol& symbol : symbols)
      for (const AddressRange& range : executable)
        if (range.contains(symbol.address)) in_code.push_back(symbol);
    code_symbols.emplace(std::move(in_code), regions);
  }
  const Symbol* symbol = code_symbols->covering(rip);
  if (symbol == nullptr) return nullptr;
  const auto found = named.find(symbol);
  if (found != named.end()) return &found->second;
  AddressRange range{symbol->address, code_symbols->extent(rip).high};
  for (const AddressRange& code : executable)
    if (symbol->size > 0 && code.contains(range.low))
      range.high = symbol->size < code.high - range.low ? range.low + symbol->size : code.high;
  return &named.emplace(symbol, FunctionInfo{symbol->name, range, range.low, {}, {}}).first->second;
}

const FunctionInfo* DebugInfo::Impl::function_at(Address rip) {
  const FunctionInfo* described_one = described_function_at(rip);
  return described_one != nullptr ? described_one : named_function_at(rip);
}

DebugInfo::DebugInfo(const Image& image) : impl_(std::make_unique<Impl>(image)) {}
DebugInfo::DebugInfo(DebugInfo&&) noexcept = default;
DebugInfo& DebugInfo::operator=(DebugInfo&&) noexcept = default;
DebugInfo::~DebugInfo() = default;

std::optional<SourceLine> DebugInfo::line_at(Address rip) const {
  return impl_->lines().line_at(rip);
}

std::vector<DebugInfo::LineStart> DebugInfo::lines_in(AddressRange range) const {
  return impl_->lines().lines_in(range);
}

const FunctionInfo* DebugInfo::function_at(Address rip) const {
  return impl_->function_at(rip);
}
const UnwindRow* DebugInfo::unwind_row(Address rip) const {
  const UnwindRow* row = impl_->switch_routines.row_at(rip);
  return row != nullptr ? row : impl_->unwind.row_at(rip);
}
bool DebugInfo::is_beginning(Address return_address) const {
  return impl_->switch_routines.is_beginning(return_address);
}
std::vector<GlobalCell> DebugInfo::global(const std::string& name) const {
  std::vector<GlobalCell> cells = find_global(impl_->file.dwarf(), name);
  if (!cells.empty()) return cells;
  for (const Symbol& symbol : impl_->symbols) {
    if (symbol.name != name) continue;
    cells = find_static(impl_->file.dwarf(), symbol.address, name);
    if (!cells.empty()) break;
    for (std::uint64_t offset = 0; offset < symbol.size && cells.size() < kMostGlobalCells; offset += 8) {
      const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(8, symbol.size - offset));
      cells.push_back({offset == 0 && symbol.size <= 8 ? name : name + "+" + std::to_string(offset),
                       symbol.address + offset, size});
    }
    break;
  }
  return cells;
}
const Structure* DebugInfo::structure(const std::string& name) const {
  return impl_->structures.named(name);
}
const std::vector<ObjectPlace>& DebugInfo::objects(const std::string& path) const {
  return impl_->structures.objects(path);
}
std::vector<std::string> DebugInfo::source_files() const {
  return impl_->lines().source_files();
}

}  // namespace fiberscope::emu
