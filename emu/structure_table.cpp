#include "emu/structure_table.h"

#include <dwarf.h>

#include <algorithm>
#include <utility>

#include "emu/dwarf_file.h"
#include "emu/global_variables.h"
#include "emu/type_cells.h"

namespace fiberscope::emu {
namespace {

constexpr std::size_t kMostMembers = 96;
constexpr std::size_t kMostObjects = 64;
constexpr std::uint64_t kMostElements = 8;    ///< an array of more stays one member
constexpr std::uint64_t kLargestInner = 512;  ///< a structure inside another one that is as large stays one member
constexpr int kDeepestType = 8;               // a damaged type may contain itself

bool is_structure(Dwarf_Die& type) {
  const int tag = dwarf_tag(&type);
  return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

std::string name_of(Dwarf_Die& die) {
  const char* name = dwarf_diename(&die);
  return name == nullptr ? std::string() : std::string(name);
}

std::uint64_t number(Dwarf_Die& die, unsigned name) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (dwarf_formudata(dwarf_attr_integrate(&die, name, &attribute), &value) != 0) return 0;
  return value;
}

/// Elements of an array of one dimension; 0 where that is not known, or there are several dimensions.
std::uint64_t count_of(Dwarf_Die& array) {
  std::uint64_t count = 0;
  int dimensions = 0;
  for_each_child(array, [&](Dwarf_Die& child) {
    if (dwarf_tag(&child) != DW_TAG_subrange_type) return;
    ++dimensions;
    if (dwarf_hasattr_integrate(&child, DW_AT_count) != 0) {
      count = number(child, DW_AT_count);
    } else if (dwarf_hasattr_integrate(&child, DW_AT_upper_bound) != 0) {
      count = number(child, DW_AT_upper_bound) + 1;
    }
  });
  return dimensions == 1 ? count : 0;
}

bool is_char(Dwarf_Die& type) {
  return dwarf_tag(&type) == DW_TAG_base_type && number(type, DW_AT_encoding) == DW_ATE_signed_char;
}

/// What a value of the type is aligned to, where nobody declares more (System V ABI for x86-64, 3.1.2).
std::uint64_t alignment_of(Dwarf_Die type, int depth = 0) {
  std::uint64_t alignment = number(type, DW_AT_alignment);
  if (depth > kDeepestType) return std::max<std::uint64_t>(alignment, 1);
  if (dwarf_tag(&type) == DW_TAG_array_type) {
    if (auto element = type_of(type)) alignment = std::max(alignment, alignment_of(*element, depth + 1));
  } else if (is_structure(type)) {
    for_each_child(type, [&](Dwarf_Die& child) {
      if (dwarf_tag(&child) != DW_TAG_member && dwarf_tag(&child) != DW_TAG_inheritance) return;
      alignment = std::max(alignment, number(child, DW_AT_alignment));
      if (auto member = type_of(child)) alignment = std::max(alignment, alignment_of(*member, depth + 1));
    });
  } else {
    alignment = std::max(alignment, std::min<std::uint64_t>(size_of(type), 16));
  }
  return std::max<std::uint64_t>(alignment, 1);
}

/// glibc's general registers in a ucontext are numbered by an enumeration beside them: REG_R8 = 0, …
std::vector<std::string> register_names(Dwarf_Die& array, std::uint64_t count) {
  Dwarf_Attribute attribute;
  Dwarf_Die element;
  if (dwarf_formref_die(dwarf_attr_integrate(&array, DW_AT_type, &attribute), &element) == nullptr) return {};
  if (dwarf_tag(&element) != DW_TAG_typedef || name_of(element) != "greg_t") return {};
  Dwarf_Die unit;
  if (dwarf_diecu(&array, &unit, nullptr, nullptr) == nullptr) return {};
  std::vector<std::string> names(count);
  for_each_child(unit, [&](Dwarf_Die& type) {
    if (dwarf_tag(&type) != DW_TAG_enumeration_type) return;
    for_each_child(type, [&](Dwarf_Die& enumerator) {
      const std::string name = name_of(enumerator);
      const std::uint64_t value = number(enumerator, DW_AT_const_value);
      if (name.starts_with("REG_") && value < count) names[value] = name;
    });
  });
  const bool whole = std::none_of(names.begin(), names.end(), [](const std::string& name) { return name.empty(); });
  return whole ? names : std::vector<std::string>();
}

class Members {
 public:
  explicit Members(std::vector<StructureMember>& members) : members_(members) {}

  void add_all(Dwarf_Die& type, const std::string& prefix, std::uint64_t offset, int depth) {
    for_each_child(type, [&](Dwarf_Die& child) {
      const int tag = dwarf_tag(&child);
      if (tag != DW_TAG_member && tag != DW_TAG_inheritance) return;
      if (dwarf_hasattr(&child, DW_AT_bit_size) != 0 || dwarf_hasattr(&child, DW_AT_external) != 0) return;
      auto member = type_of(child);
      if (!member) return;
      const std::string own = tag == DW_TAG_member ? name_of(child) : std::string();
      const std::string name = own.empty() || prefix.empty() ? prefix + own : prefix + "." + own;
      add(*member, name, offset + number(child, DW_AT_data_member_location), depth + 1);
    });
  }

 private:
  void add(Dwarf_Die& type, const std::string& name, std::uint64_t offset, int depth) {
    const std::uint64_t size = size_of(type);
    if (members_.size() >= kMostMembers || depth > kDeepestType || size == 0) return;
    if (is_structure(type) && size < kLargestInner) return add_all(type, name, offset, depth);
    if (dwarf_tag(&type) == DW_TAG_array_type) return add_array(type, name, offset, size, depth);
    members_.push_back({name, offset, size, false});
  }

  void add_array(Dwarf_Die& type, const std::string& name, std::uint64_t offset, std::uint64_t size, int depth) {
    auto element = type_of(type);
    const std::uint64_t count = count_of(type);
    const std::uint64_t width = element ? size_of(*element) : 0;
    const bool reserved = name.find("reserved") != std::string::npos;
    const std::vector<std::string> names = element ? register_names(type, count) : std::vector<std::string>();
    if (!names.empty()) {
      for (std::uint64_t i = 0; i < count; ++i) members_.push_back({names[i], offset + i * width, width, false});
    } else if (width < 2 || count == 0 || count > kMostElements || reserved) {
      members_.push_back({name, offset, size, element && is_char(*element)});
    } else {
      for (std::uint64_t i = 0; i < count; ++i)
        add(*element, count == 1 ? name : name + "[" + std::to_string(i) + "]", offset + i * width, depth + 1);
    }
  }

  std::vector<StructureMember>& members_;
};

/// Calls visit for the direct children of every unit until it says that it has found what it wants.
void search_units(Dwarf* dwarf, const std::function<bool(Dwarf_Die&)>& visit) {
  if (dwarf == nullptr) return;
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  bool found = false;
  while (!found && dwarf_get_units(dwarf, unit, &unit, nullptr, nullptr, &die, nullptr) == 0) {
    if (dwarf_tag(&die) != DW_TAG_compile_unit) continue;
    for_each_child(die, [&](Dwarf_Die& child) { found = found || visit(child); });
  }
}

}  // namespace

const Structure* StructureTable::structure_of(Dwarf_Die type, std::string_view name) {
  std::unique_ptr<Structure>& known = structures_[dwarf_dieoffset(&type)];
  if (known) return known.get();
  known = std::make_unique<Structure>();
  known->name = name_of(type);
  if (known->name.empty()) known->name = name;  // of a typedef
  known->size = size_of(type);
  known->alignment = alignment_of(type);
  Members(known->members).add_all(type, "", 0, 0);
  return known.get();
}

const Structure* StructureTable::named(const std::string& name) {
  const auto known = named_.find(name);
  if (known != named_.end()) return known->second;
  const Structure* found = nullptr;
  search_units(dwarf_, [&](Dwarf_Die& child) {
    if (name_of(child) != name || dwarf_hasattr(&child, DW_AT_declaration) != 0) return false;
    if (is_structure(child)) {
      found = structure_of(child, name);
    } else if (dwarf_tag(&child) == DW_TAG_typedef) {
      auto type = type_of(child);
      if (type && is_structure(*type)) found = structure_of(*type, name);
    }
    return found != nullptr;
  });
  named_[name] = found;
  return found;
}

std::optional<StructureTable::Value> StructureTable::variable(const std::string& name) {
  std::optional<Value> found;
  search_units(dwarf_, [&](Dwarf_Die& child) {
    if (dwarf_tag(&child) != DW_TAG_variable || name_of(child) != name) return false;
    const auto address = fixed_address(child);
    const auto type = type_of(child);
    if (!address || !type) return false;
    found = Value{name, *address, *type, number(child, DW_AT_alignment)};
    return true;
  });
  return found;
}

void StructureTable::add_elements(const Value& value, std::vector<Value>& values) {
  Value array = value;
  if (dwarf_tag(&array.type) != DW_TAG_array_type) {
    values.push_back(value);
    return;
  }
  auto element = type_of(array.type);
  const std::uint64_t count = count_of(array.type);
  const std::uint64_t width = element ? size_of(*element) : 0;
  if (width == 0) return;
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, kMostObjects); ++i)
    add_elements(
        {count == 1 ? value.name : value.name + "[" + std::to_string(i) + "]", value.address + i * width, *element, 0},
        values);
}

void StructureTable::add_member(const Value& value, std::string_view member, std::vector<Value>& values) {
  Value object = value;
  if (!is_structure(object.type)) return;
  for_each_child(object.type, [&](Dwarf_Die& child) {
    if (dwarf_tag(&child) != DW_TAG_member || name_of(child) != member) return;
    if (dwarf_hasattr(&child, DW_AT_bit_size) != 0) return;
    const auto type = type_of(child);
    if (!type) return;
    add_elements({value.name + "." + std::string(member), value.address + number(child, DW_AT_data_member_location),
                  *type, number(child, DW_AT_alignment)},
                 values);
  });
}

void StructureTable::add_place(const Value& value, std::vector<ObjectPlace>& places) {
  Dwarf_Die type = value.type;
  if (places.size() >= kMostObjects) return;
  if (is_structure(type)) {
    const Structure* structure = structure_of(type, "");
    places.push_back({value.name, value.address, std::max(value.alignment, structure->alignment), structure, false});
    return;
  }
  if (size_of(type) != 8) return;
  const Structure* target = nullptr;
  if (dwarf_tag(&type) == DW_TAG_pointer_type) {
    auto pointee = type_of(type);
    if (pointee && is_structure(*pointee)) target = structure_of(*pointee, "");
  }
  places.push_back({value.name, value.address, target != nullptr ? target->alignment : 8, target, true});
}

const std::vector<ObjectPlace>& StructureTable::objects(const std::string& path) {
  const auto known = objects_.find(path);
  if (known != objects_.end()) return known->second;
  std::vector<ObjectPlace>& places = objects_[path];
  std::size_t end = std::min(path.find('.'), path.size());
  const auto first = variable(path.substr(0, end));
  if (!first) return places;
  std::vector<Value> values;
  add_elements(*first, values);
  while (end < path.size()) {
    const std::size_t begin = end + 1;
    end = std::min(path.find('.', begin), path.size());
    std::vector<Value> inner;
    for (const Value& value : values) add_member(value, std::string_view(path).substr(begin, end - begin), inner);
    values = std::move(inner);
  }
  for (const Value& value : values) add_place(value, places);
  return places;
}

}  // namespace fiberscope::emu
