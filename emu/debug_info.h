#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emu/address.h"
#include "emu/image.h"
#include "emu/registers.h"
#include "emu/result.h"
#include "emu/scalar_kind.h"
#include "emu/structure.h"

namespace fiberscope::emu {

/// A line of source, as the line table names it.
struct SourceLine {
  std::string file;  ///< as recorded by the compiler, made absolute with its compilation directory
  int line = 0;      ///< from 1

  friend bool operator==(const SourceLine&, const SourceLine&) = default;
};

/// A local variable or parameter that lives in memory relative to its frame.
struct LocalCell {
  std::string name;             ///< "item", "buffer[2]", "job.next": one entry a scalar of at most 8 bytes
  std::int64_t cfa_offset = 0;  ///< address = canonical frame address + cfa_offset
  std::uint32_t size = 0;       ///< bytes
  bool is_parameter = false;
  AddressRange live;  ///< the rips at which the cell holds the variable (its scope, after the prologue)
};

/// A local variable that lives in a register over a range of rips.
struct LocalRegister {
  std::string name;
  Register reg = Register::rax;
  AddressRange live;
};

/// Everything about one function's names. Computed once a function.
struct FunctionInfo {
  std::string name;
  AddressRange range;
  Address prologue_end;  ///< first address at which the locals are in place
  std::vector<LocalCell> cells;
  std::vector<LocalRegister> registers;
};

/// How to find the caller's value of one register (DWARF 5, 6.4.1).
struct RegisterRule {
  enum class Kind : std::uint8_t {
    same_value,
    undefined,
    at_cfa_offset,
    cfa_plus_offset,
    at_register_offset,
    in_register
  };
  Kind kind = Kind::same_value;
  std::int64_t offset = 0;  ///< at_cfa_offset: the value is stored at CFA + offset; cfa_plus_offset: it is CFA + offset
  Register reg = Register::rax;  ///< at_register_offset: stored at this frame's reg + offset; in_register: reg itself
};

/// One row of the unwind table: how to leave the function at this rip.
struct UnwindRow {
  Register cfa_register = Register::rsp;
  std::int64_t cfa_offset = 0;           ///< CFA = cfa_register + cfa_offset
  bool cfa_dereferenced = false;         ///< CFA = memory[cfa_register + cfa_offset] (a CFA expression of that shape)
  std::array<RegisterRule, 17> rules{};  ///< by slot: the 16 general registers, then rip
  bool signal_frame = false;             ///< the caller's rip is an exact resume address, not a return address
};

/// A scalar of a variable that lies at one place for the whole run.
struct GlobalCell {
  std::string name;  ///< "report.made", "slots[2]"
  Address address;
  std::uint32_t size = 0;  ///< 1 … 8 bytes
  ScalarKind kind = ScalarKind::signed_number;
};

/// What the debug information of an image says (libdw): lines, locals, call frame information. Loads lazily and caches;
/// one object is for one thread.
class DebugInfo {
 public:
  /// Works without DWARF too: everything asked then answers "nothing". The image must outlive this object.
  explicit DebugInfo(const Image& image);
  DebugInfo(DebugInfo&&) noexcept;
  DebugInfo& operator=(DebugInfo&&) noexcept;
  ~DebugInfo();

  [[nodiscard]] std::optional<SourceLine> line_at(Address rip) const;
  /// All rows of the line table inside the range, ascending: the address where a line's code begins, and the line.
  struct LineStart {
    Address address;
    SourceLine line;
  };
  [[nodiscard]] std::vector<LineStart> lines_in(AddressRange range) const;
  /// The function whose code holds rip, from DWARF, else from the symbol table (without locals); nullptr where neither
  /// knows it.
  [[nodiscard]] const FunctionInfo* function_at(Address rip) const;
  /// The unwind row that holds at rip; nothing where no FDE covers it or its CFA is an expression we do not evaluate.
  /// SwitchRoutines is asked first, then `.eh_frame` and `.debug_frame`. Cached per rip: 0.1 µs after the first time.
  [[nodiscard]] const UnwindRow* unwind_row(Address rip) const;
  /// Whether a stack begins with this return address: a library put it there by hand (SwitchRoutines).
  [[nodiscard]] bool is_beginning(Address return_address) const;
  /// The scalars of a global variable, or of one inside a function by its symbol (emu/global_variables.h); where only
  /// the symbol table knows the name, its bytes as 8-byte words. At most 65536 of them (kMostGlobalCells).
  [[nodiscard]] std::vector<GlobalCell> global(const std::string& name) const;
  /// The structure type of that name (struct, union or typedef), nullptr where there is none; and the objects that a
  /// path of a global variable and members names (emu/structure_table.h). Both live as long as this object.
  [[nodiscard]] const Structure* structure(const std::string& name) const;
  [[nodiscard]] const std::vector<ObjectPlace>& objects(const std::string& path) const;
  /// Source files that the line table names, each once, in order of first use.
  [[nodiscard]] std::vector<std::string> source_files() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fiberscope::emu
