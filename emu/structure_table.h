#pragma once
#include <elfutils/libdw.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emu/structure.h"

namespace fiberscope::emu {

/// The structure types of an image, and the objects of such types among its global variables. Reads only what is asked
/// for, and keeps it: references stay valid as long as the table.
class StructureTable {
 public:
  /// nullptr: there is no debug information, and everything asked answers "nothing".
  explicit StructureTable(Dwarf* dwarf) : dwarf_(dwarf) {}

  /// By the name of a struct, union or typedef; nullptr where there is none of that name.
  const Structure* named(const std::string& name);
  /// What a path names: a global variable, followed by members ("threads.context"). Of an array every element. Only
  /// what is a structure, a pointer to one or a word of 8 bytes counts.
  const std::vector<ObjectPlace>& objects(const std::string& path);

 private:
  struct Value {
    std::string name;
    Address address;
    Dwarf_Die type;
    std::uint64_t alignment = 0;  ///< declared; 0: the type's
  };
  std::optional<Value> variable(const std::string& name);
  static void add_elements(const Value& value, std::vector<Value>& values);
  void add_member(const Value& value, std::string_view member, std::vector<Value>& values);
  void add_place(const Value& value, std::vector<ObjectPlace>& places);
  const Structure* structure_of(Dwarf_Die type, std::string_view name);

  Dwarf* dwarf_;
  std::map<Dwarf_Off, std::unique_ptr<Structure>> structures_;  ///< by place of the type
  std::map<std::string, const Structure*> named_;
  std::map<std::string, std::vector<ObjectPlace>> objects_;
};

}  // namespace fiberscope::emu
