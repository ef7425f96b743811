#include "emu/unwind_table.h"

#include <cstdlib>
#include <iterator>
#include <memory>
#include <optional>

#include "emu/location.h"

namespace fiberscope::emu {
namespace {

using Kind = RegisterRule::Kind;

struct FrameDeleter {
  void operator()(Dwarf_Frame* frame) const { std::free(frame); }
};
using Frame = std::unique_ptr<Dwarf_Frame, FrameDeleter>;

bool set_cfa(UnwindRow& row, Dwarf_Frame* frame) {
  Dwarf_Op* operations = nullptr;
  std::size_t count = 0;
  if (dwarf_frame_cfa(frame, &operations, &count) != 0) return false;
  const auto location = location_of(operations, count);
  if (!location || location->base != Location::Base::register_value || location->is_value) return false;
  if (slot(location->reg) >= kGeneralRegisters) return false;
  row.cfa_register = location->reg;
  row.cfa_offset = location->offset;
  row.cfa_dereferenced = location->dereferenced;
  return true;
}

/// Where the register's value in the caller is: with respect to the CFA, or to a register of this frame, as in a
/// context that a switch saves. A place that needs more counts as undefined.
RegisterRule rule_for(int number, Register reg, Dwarf_Frame* frame, const UnwindRow& row) {
  Dwarf_Op memory[3];
  Dwarf_Op* operations = nullptr;
  std::size_t count = 0;
  if (dwarf_frame_register(frame, number, memory, &operations, &count) != 0) return {Kind::undefined, 0};
  // libdw 0.188 takes 0 for rbx's number in the ABI's defaults: it lets rax survive a call, and rbx not.
  if (count == 0 && reg == Register::rbx) return {Kind::same_value, 0};
  if (count == 0 && reg == Register::rax) return {Kind::undefined, 0};
  if (count == 0) return {operations == nullptr ? Kind::same_value : Kind::undefined, 0};
  const auto location = location_of(operations, count);
  if (!location) return {Kind::undefined, 0};
  if (location->is_register) return {location->reg == reg ? Kind::same_value : Kind::undefined, 0};
  if (location->dereferenced) return {Kind::undefined, 0};
  const Kind kind = location->is_value ? Kind::cfa_plus_offset : Kind::at_cfa_offset;
  if (location->base == Location::Base::cfa) return {kind, location->offset};
  if (location->base == Location::Base::register_value && location->reg == row.cfa_register && !row.cfa_dereferenced)
    return {kind, wrapped_difference(location->offset, row.cfa_offset)};
  if (location->base == Location::Base::register_value && !location->is_value &&
      slot(location->reg) < kGeneralRegisters)
    return {Kind::at_register_offset, location->offset, location->reg};
  return {Kind::undefined, 0};
}

std::optional<UnwindRow> compact(Dwarf_Frame* frame, int return_address_column, bool signal_frame) {
  UnwindRow row;
  if (!set_cfa(row, frame)) return std::nullopt;
  row.signal_frame = signal_frame;
  for (int number = 0; number < static_cast<int>(kGeneralRegisters); ++number) {
    const auto reg = register_by_dwarf_number(number);
    if (!reg) continue;
    RegisterRule rule = rule_for(number, *reg, frame, row);
    // The ABI's default, undefined for what a call may clobber, is not meant for a handler: it gives everything back,
    // so what it has not saved yet still has the interrupted value.
    if (signal_frame && rule.kind == Kind::undefined) rule.kind = Kind::same_value;
    row.rules[slot(*reg)] = rule;
  }
  row.rules[slot(Register::rip)] = rule_for(return_address_column, Register::rip, frame, row);
  return row;
}

/// Where the row at rip really begins. Behind a .cfi_restore_state libdw (0.188) says where the state that was
/// remembered began, which lies in front of rows of other kinds.
Address begin_of_row(Dwarf_CFI* cfi, Address low, Address rip) {
  while (low < rip) {
    Dwarf_Frame* found = nullptr;
    if (dwarf_cfi_addrframe(cfi, low.value, &found) != 0) return rip;
    const Frame frame(found);
    Dwarf_Addr begin = 0;
    Dwarf_Addr end = 0;
    if (dwarf_frame_info(frame.get(), &begin, &end, nullptr) < 0 || end <= low.value) return rip;
    if (end > rip.value) break;
    low = Address{end};
  }
  return low;
}

}  // namespace

UnwindTable::Extent UnwindTable::read(Address rip) {
  const Extent nothing{nullptr, {rip, rip + 1}};
  for (Dwarf_CFI* cfi : file_.call_frames()) {
    Dwarf_Frame* found = nullptr;
    if (dwarf_cfi_addrframe(cfi, rip.value, &found) != 0) continue;
    const Frame frame(found);
    Dwarf_Addr low = 0;
    Dwarf_Addr high = 0;
    bool signal_frame = false;
    const int column = dwarf_frame_info(frame.get(), &low, &high, &signal_frame);
    if (column < 0 || !AddressRange{Address{low}, Address{high}}.contains(rip)) continue;
    const AddressRange range{begin_of_row(cfi, Address{low}, rip), Address{high}};
    const auto row = compact(frame.get(), column, signal_frame);
    if (!row) return {nullptr, range};
    rows_.push_back(*row);
    return {&rows_.back(), range};
  }
  return nothing;
}

UnwindTable::Extent UnwindTable::extent_at(Address rip) {
  const auto after = extents_.upper_bound(rip);
  if (after != extents_.begin()) {
    const Extent& before = std::prev(after)->second;
    if (before.range.contains(rip)) return before;
  }
  const Extent extent = read(rip);
  extents_.insert_or_assign(extent.range.low, extent);
  return extent;
}

const UnwindRow* UnwindTable::row_at(Address rip) {
  if (const auto found = by_rip_.find(rip); found != by_rip_.end()) return found->second;
  return by_rip_[rip] = extent_at(rip).row;
}

}  // namespace fiberscope::emu
