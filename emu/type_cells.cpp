#include "emu/type_cells.h"

#include <dwarf.h>

#include <utility>

#include "emu/dwarf_file.h"

namespace fiberscope::emu {
namespace {

constexpr int kDeepestType = 16;  // a damaged type may contain itself

std::optional<std::uint64_t> number(Dwarf_Die& die, unsigned name) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (dwarf_formudata(dwarf_attr_integrate(&die, name, &attribute), &value) != 0) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> member_offset(Dwarf_Die& member) {
  Dwarf_Attribute attribute;
  if (dwarf_attr_integrate(&member, DW_AT_data_member_location, &attribute) == nullptr) return 0;  // of a union
  Dwarf_Word value = 0;
  if (dwarf_formudata(&attribute, &value) == 0) return value;
  Dwarf_Op* operations = nullptr;
  std::size_t count = 0;
  if (dwarf_getlocation(&attribute, &operations, &count) != 0 || count != 1) return std::nullopt;
  if (operations[0].atom != DW_OP_plus_uconst) return std::nullopt;  // as DWARF 2 wrote it; others: a virtual base
  return operations[0].number;
}

/// Elements along each dimension; empty where one is not constant.
std::vector<std::uint64_t> dimensions(Dwarf_Die& array) {
  std::vector<std::uint64_t> counts;
  bool constant = true;
  for_each_child(array, [&](Dwarf_Die& child) {
    if (dwarf_tag(&child) != DW_TAG_subrange_type) return;
    const auto count = number(child, DW_AT_count);
    const auto upper = number(child, DW_AT_upper_bound);
    if (count)
      counts.push_back(*count);
    else if (upper && *upper + 1 != 0)
      counts.push_back(*upper + 1 - number(child, DW_AT_lower_bound).value_or(0));
    else
      constant = false;
  });
  return constant ? counts : std::vector<std::uint64_t>{};
}

class Flattener {
 public:
  explicit Flattener(std::size_t most) : most_(most) {}

  std::vector<TypeCell> cells;

  void add(Dwarf_Die type, const std::string& suffix, std::uint64_t offset, int depth) {
    if (depth > kDeepestType || full()) return;
    switch (dwarf_tag(&type)) {
      case DW_TAG_array_type:
        return add_array(type, suffix, offset, depth);
      case DW_TAG_structure_type:
      case DW_TAG_class_type:
      case DW_TAG_union_type:
        return add_members(type, suffix, offset, depth);
      default:
        return add_scalar(suffix, offset, size_of(type), kind_of(type));
    }
  }

 private:
  [[nodiscard]] bool full() const { return cells.size() >= most_; }

  std::size_t most_;

  void add_scalar(const std::string& suffix, std::uint64_t offset, std::uint64_t size, ScalarKind kind) {
    if (size >= 1 && size <= 8) {
      cells.push_back({suffix, offset, static_cast<std::uint32_t>(size), kind});
    } else if (size == 16) {
      const bool is_signed = kind == ScalarKind::signed_number;
      cells.push_back({suffix + ".low", offset, 8, is_signed ? ScalarKind::unsigned_number : kind});
      if (!full()) cells.push_back({suffix + ".high", offset + 8, 8, kind});
    }
  }

  void add_array(Dwarf_Die& array, const std::string& suffix, std::uint64_t offset, int depth) {
    auto element = type_of(array);
    const auto counts = dimensions(array);
    if (!element || counts.empty()) return;
    const std::uint64_t size = size_of(*element);
    if (size == 0) return;
    add_elements(*element, size, counts, 0, suffix, offset, depth);
  }

  /// Returns the offset behind the elements of this dimension.
  std::uint64_t add_elements(Dwarf_Die& element, std::uint64_t size, const std::vector<std::uint64_t>& counts,
                             std::size_t dimension, const std::string& suffix, std::uint64_t offset, int depth) {
    if (dimension == counts.size()) {
      add(element, suffix, offset, depth + 1);
      return offset + size;
    }
    // An element without cells (of bit-fields only) must not make a huge array take for ever.
    for (std::uint64_t i = 0; i < counts[dimension] && i < most_ && !full(); ++i)
      offset =
          add_elements(element, size, counts, dimension + 1, suffix + "[" + std::to_string(i) + "]", offset, depth);
    return offset;
  }

  void add_members(Dwarf_Die& type, const std::string& suffix, std::uint64_t offset, int depth) {
    for_each_child(type, [&](Dwarf_Die& child) {
      const int tag = dwarf_tag(&child);
      if (full() || (tag != DW_TAG_member && tag != DW_TAG_inheritance)) return;
      if (dwarf_hasattr(&child, DW_AT_bit_size) != 0 || dwarf_hasattr(&child, DW_AT_external) != 0) return;
      const auto member = type_of(child);
      const auto at = member_offset(child);
      if (!member || !at) return;
      const char* name = tag == DW_TAG_member ? dwarf_diename(&child) : nullptr;
      add(*member, name != nullptr ? suffix + "." + name : suffix, offset + *at, depth + 1);
    });
  }
};

}  // namespace

std::optional<Dwarf_Die> type_of(Dwarf_Die& variable) {
  Dwarf_Attribute attribute;
  Dwarf_Die type;
  if (dwarf_formref_die(dwarf_attr_integrate(&variable, DW_AT_type, &attribute), &type) == nullptr) return std::nullopt;
  Dwarf_Die peeled;
  if (dwarf_peel_type(&type, &peeled) != 0) return std::nullopt;
  return peeled;
}

ScalarKind kind_of(Dwarf_Die type) {
  const int tag = dwarf_tag(&type);
  if (tag == DW_TAG_pointer_type || tag == DW_TAG_reference_type || tag == DW_TAG_rvalue_reference_type)
    return ScalarKind::pointer;
  if (tag == DW_TAG_enumeration_type && dwarf_hasattr(&type, DW_AT_encoding) == 0) {
    const auto underlying = type_of(type);
    return underlying ? kind_of(*underlying) : ScalarKind::signed_number;
  }
  switch (number(type, DW_AT_encoding).value_or(DW_ATE_signed)) {
    case DW_ATE_address:
      return ScalarKind::pointer;
    case DW_ATE_boolean:
    case DW_ATE_unsigned:
    case DW_ATE_unsigned_char:
    case DW_ATE_UTF:
      return ScalarKind::unsigned_number;
    case DW_ATE_float:
    case DW_ATE_complex_float:
    case DW_ATE_imaginary_float:
    case DW_ATE_decimal_float:
      return ScalarKind::floating;
    default:
      return ScalarKind::signed_number;
  }
}

std::uint64_t size_of(Dwarf_Die type) {
  Dwarf_Word size = 0;
  return dwarf_aggregate_size(&type, &size) == 0 ? size : 0;
}

std::vector<TypeCell> cells_of(Dwarf_Die type, std::size_t most) {
  Flattener flattener(most);
  flattener.add(type, "", 0, 0);
  return std::move(flattener.cells);
}

}  // namespace fiberscope::emu
