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
  bool is_signal_frame = false;  ///< nobody called it: its caller was interrupted
};

struct UnwoundChain {
  std::vector<UnwoundFrame> frames;  ///< innermost first
  bool complete = false;
  ChainEnd end = ChainEnd::unknown;
};

/// The frames of one stack, innermost first, one at a time. A register that was saved is read from the stack only when
/// something asks for it, so that following return addresses alone costs little.
class StackWalk {
 public:
  /// Goes to the innermost frame, then from each to its caller; false at the end.
  bool next();
  /// An address inside the frame's function: of a return address, the call's.
  [[nodiscard]] emu::Address lookup() const { return rip_is_exact_ ? rip_ : rip_ - 1; }
  [[nodiscard]] UnwoundFrame frame() const;
  /// After the end: whether that was the chain's own, and which.
  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] ChainEnd end() const;

 private:
  friend class Unwinder;

  /// Bits are numbered as general registers are.
  struct Registers {
    std::array<std::uint64_t, emu::kGeneralRegisters> values{};
    std::uint32_t known = 0;   ///< whose value is in `values` …
    std::uint32_t stored = 0;  ///< … or lies at the address that is there

    void set(std::size_t slot, std::uint64_t value) {
      values[slot] = value;
      known |= 1U << slot;
    }
    [[nodiscard]] std::optional<std::uint64_t> get(std::size_t slot, const emu::Memory& memory) const;
  };

  StackWalk(const emu::Image& image, const emu::DebugInfo& debug, const emu::Memory& memory, emu::AddressRange stack,
            emu::Address rip)
      : image_(image), debug_(debug), memory_(memory), stack_(stack), rip_(rip) {}
  bool enter();
  bool leave();
  [[nodiscard]] std::optional<std::uint64_t> get(std::size_t slot) const { return registers_.get(slot, memory_); }
  /// Where a register's caller's value is stored; nothing where it is not.
  [[nodiscard]] std::optional<emu::Address> cell_of(const emu::RegisterRule& rule) const;

  const emu::Image& image_;
  const emu::DebugInfo& debug_;
  const emu::Memory& memory_;
  emu::AddressRange stack_;
  // The frame under way:
  emu::Address rip_;
  bool rip_is_exact_ = true;
  Registers registers_;
  emu::Address cfa_;
  const emu::UnwindRow* row_ = nullptr;  ///< null: by the frame pointer
  std::size_t frames_ = 0;               ///< with it
  bool complete_ = false;
  bool begins_by_hand_ = false;  ///< at a return address that is a beginning
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
  /// The same as running() frame by frame, with rip and rsp in place of those in `registers`.
  [[nodiscard]] StackWalk walk(emu::Address rip, emu::Address rsp, const emu::RegisterFile& registers,
                               const emu::Memory& memory, emu::AddressRange stack) const;
  /// From what is known of a parked one: where it will go on and its saved stack pointer.
  [[nodiscard]] UnwoundChain parked(emu::Address rip, emu::Address rsp, const emu::Memory& memory,
                                    emu::AddressRange stack) const;

 private:
  static UnwoundChain chain(StackWalk walk);

  const emu::Image& image_;
  const emu::DebugInfo& debug_;
};

}  // namespace fiberscope::core
