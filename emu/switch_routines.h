#pragma once
#include <functional>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "emu/debug_info.h"
#include "emu/instruction.h"

namespace fiberscope::emu {

/// Unwind rows of the routines of well-known libraries that leave one stack for another: glibc's __longjmp, swapcontext
/// and setcontext, and Boost.Context's jump_fcontext. Their own call frame information is absent (Boost.Context),
/// speaks of the target before rsp has moved (__longjmp, setcontext), or ignores that the return address has not been
/// pushed yet (swapcontext). Here each row speaks of the stack that rsp lies on.
class SwitchRoutines {
 public:
  SwitchRoutines(const std::vector<Symbol>& symbols, const std::vector<LoadedRegion>& regions);

  /// The row at rip; nullptr outside of these routines.
  [[nodiscard]] const UnwindRow* row_at(Address rip) const;
  /// Whether a stack begins with this return address: written there by hand, nobody called (glibc's __start_context;
  /// trampoline and finish in Boost.Context's make_fcontext).
  [[nodiscard]] bool is_beginning(Address return_address) const { return beginnings_.contains(return_address); }

 private:
  /// Where the thread's registers are right behind the instruction that loads rsp.
  enum class Arrival {
    in_registers,  ///< rip in rdx, rbp in r9, the others in place (glibc's __longjmp)
    in_ucontext,   ///< in the ucontext_t that rdx points to
    same_shape     ///< on the new stack as they were saved on the old one
  };
  class Walk;

  void add(const Symbol& routine, Arrival arrival, const std::vector<LoadedRegion>& regions);
  /// A routine that begins a stack from `first` on; without `first`, from behind its first return or jump on. Behind
  /// each further one another piece begins.
  void add_beginning(const Symbol& routine, std::optional<Address> first, const std::vector<LoadedRegion>& regions);
  void fill(const Symbol& routine, const std::vector<LoadedRegion>& regions,
            const std::function<UnwindRow(const Instruction&)>& row_of);

  std::unordered_map<Address, UnwindRow> rows_;
  std::set<Address> beginnings_;
};

}  // namespace fiberscope::emu
