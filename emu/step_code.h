#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "emu/disassembler.h"
#include "emu/memory.h"

namespace fiberscope::emu {

/// What the hooks must know about one instruction, computed when it first runs.
struct StepCode {
  std::uint64_t rip = 0;
  std::array<std::uint8_t, 16> bytes{};
  std::uint8_t size = 0;
  std::vector<std::uint8_t> slots;           ///< its write set
  std::vector<int> engine_registers;         ///< the registers to read for it …
  std::vector<std::uint8_t> offsets;         ///< … and where in the list of slot values each goes
  std::vector<std::uint8_t> narrow;          ///< places in that list that the engine does not fill whole
  const std::uint8_t* live_bytes = nullptr;  ///< where the code may change under us: what to compare with
  std::optional<MemoryOperand> aligned;      ///< an operand that must lie on a 16-byte boundary
  bool is_rep = false;
  bool may_jump = false;  ///< its next instruction may be itself again
  bool is_trap = false;   ///< int n, int3, int1
  bool is_halt = false;
  bool is_sti = false;
  bool is_time_stamp = false;  ///< rdtsc, rdtscp
  bool may_set_interrupts = false;
  bool shadows_interrupts = false;
  bool is_random = false;                     ///< rdrand, rdseed
  bool is_port = false;                       ///< in, out, ins, outs
  bool is_flags_move = false;                 ///< lahf, sahf with a REX prefix: the engine takes spl for ah
  std::optional<Register> breakpoint_source;  ///< of a move to dr7: with breakpoints enabled it would crash the engine
  bool is_special =
      false;  ///< any of: aligned, is_time_stamp, is_flags_move, is_random, is_port, breakpoint_source, is_sti
  /// A store that begins nearer than this to a page's end may be followed by another one that faults: its old bytes are
  /// kept until the instruction has completed.
  std::uint16_t store_span = 0;
};

/// Instructions by address, decoded once; noticed again when guest code has changed.
class StepCodeCache {
 public:
  explicit StepCodeCache(const Memory& memory);

  const StepCode& at(std::uint64_t rip, std::uint32_t size) {
    const StepCode* code = table_[index(rip)];
    if (code != nullptr && code->rip == rip && (code->live_bytes == nullptr || unchanged(*code))) return *code;
    return miss(rip, size);
  }

 private:
  static constexpr std::size_t kEntries = 1 << 14;
  static std::size_t index(std::uint64_t rip) { return (rip ^ (rip >> 14)) & (kEntries - 1); }
  static bool unchanged(const StepCode& code);
  const StepCode& miss(std::uint64_t rip, std::uint32_t size);

  const Memory& memory_;
  Disassembler disassembler_;
  std::vector<const StepCode*> table_;
  std::unordered_map<std::uint64_t, std::vector<std::unique_ptr<StepCode>>> all_;  ///< by rip
};

}  // namespace fiberscope::emu
