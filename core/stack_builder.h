#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/machine_state.h"
#include "core/snapshot.h"
#include "core/thread.h"
#include "core/trace.h"
#include "core/unwinder.h"

namespace fiberscope::core {

/// "yield+21": a return address, named after the function that made the call, which a call without return may end.
std::string return_name(const emu::Image& image, emu::Address address);

/// Makes the picture of one thread's stack: its chain, and a role for every cell.
class StackBuilder {
 public:
  /// At most so many cells below rsp are listed; only of a deeper stack may `omitted` count cells that were written.
  static constexpr std::uint64_t kDeadCells = 4096;

  explicit StackBuilder(const Trace& trace);

  /// The stack of a thread at the state. `lowest` is the lowest address of the stack that was ever written, or is about
  /// to be, if any.
  /// Cell::written_at is left open.
  [[nodiscard]] StackView build(const Thread& thread, bool holds_rsp, const MachineState& state,
                                std::optional<emu::Address> lowest, const emu::RegisterFile* left_with = nullptr) const;
  /// The chain alone, as far as it lies on this stack: an interrupted thread on another one belongs to that. Of a
  /// parked thread: from `left_with`, the registers when rsp last left its stack, whatever code took it away; without
  /// them, as for one that never ran, from what its control block says.
  [[nodiscard]] UnwoundChain chain(const Thread& thread, bool holds_rsp, const MachineState& state,
                                   const emu::RegisterFile* left_with = nullptr) const;

 private:
  struct Mark {
    std::uint8_t size = 8;
    CellRole role = CellRole::padding;
    std::string symbol;
    std::string owner;
  };
  using Marks = std::map<std::uint64_t, Mark>;

  [[nodiscard]] UnwoundChain whole_chain(const Thread& thread, bool holds_rsp, const MachineState& state,
                                         const emu::RegisterFile* left_with) const;
  void add_frames(StackView& view, const UnwoundChain& chain, const emu::Memory& memory) const;
  [[nodiscard]] Marks marks(const UnwoundChain& chain, const emu::Memory& memory) const;
  /// What the CPU pushed with rip and rsp when it interrupted (Intel SDM vol. 3, figure 6-9).
  static void mark_interrupt_frame(Marks& marks, const UnwoundFrame& frame);
  void mark_locals(Marks& marks, const UnwoundFrame& frame) const;
  [[nodiscard]] std::string owner_of(const UnwoundChain& chain, std::size_t frame, emu::Register reg) const;
  void add_cells(StackView& view, const Marks& marks, const emu::Memory& memory, emu::Address bottom) const;
  [[nodiscard]] std::string function_name(const UnwoundFrame& frame) const;

  const emu::Image& image_;
  const emu::DebugInfo& debug_;
  Unwinder unwinder_;
  std::optional<emu::Address> resume_;  ///< where a parked thread goes on
};

}  // namespace fiberscope::core
