#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/snapshot.h"
#include "emu/debug_info.h"
#include "emu/memory.h"
#include "emu/registers.h"

namespace fiberscope::core {

/// One frame of a stack, as call frame information describes it.
struct UnwoundFrame {
  emu::Address rip;
  bool rip_is_exact = true;  ///< false for a return address: the call stands just before it
  emu::Address cfa;          ///< canonical frame address
  std::array<std::optional<std::uint64_t>, emu::kGeneralRegisters>
      registers;  ///< the caller's view is not known where empty
  std::array<std::optional<emu::Address>, emu::kGeneralRegisters> saved_at;  ///< cells that hold the caller's registers
  std::optional<emu::Address> return_address_at;
  UnwindMethod method = UnwindMethod::cfi;
};

struct UnwoundChain {
  std::vector<UnwoundFrame> frames;  ///< innermost first
  bool complete = false;
  ChainEnd end = ChainEnd::unknown;
};

/// Follows return addresses through the unwind tables, not from rbp: in the middle of a switch rbp still belongs to
/// another stack. Where no table covers a frame it goes on by the frame pointer, provided that lies on the same stack,
/// and says so. Ends where the table says there is no caller (System V ABI for x86-64, 3.4.1: undefined return
/// address).
class Unwinder {
 public:
  Unwinder(const emu::Image& image, const emu::DebugInfo& debug) : image_(image), debug_(debug) {}

  /// From the state of a running thread.
  [[nodiscard]] UnwoundChain running(const emu::RegisterFile& registers, const emu::Memory& memory,
                                     emu::AddressRange stack) const;
  /// From what is known of a parked one: where it will go on and its saved stack pointer.
  [[nodiscard]] UnwoundChain parked(emu::Address rip, emu::Address rsp, const emu::Memory& memory,
                                    emu::AddressRange stack) const;

 private:
  using Registers = std::array<std::optional<std::uint64_t>, emu::kGeneralRegisters>;
  [[nodiscard]] UnwoundChain unwind(emu::Address rip, const Registers& registers, const emu::Memory& memory,
                                    emu::AddressRange stack) const;
  [[nodiscard]] bool is_forged(const UnwoundFrame& outermost) const;

  const emu::Image& image_;
  const emu::DebugInfo& debug_;
};

}  // namespace fiberscope::core
