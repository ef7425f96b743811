#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emu/address.h"
#include "emu/region.h"
#include "emu/result.h"

namespace fiberscope::emu {

/// What one instruction can change of a processor in user code, in a layout that is quickly copied.
struct StepRegisters {
  std::array<std::uint64_t, 16> general{};  ///< in the order of Register: rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8 …
  std::uint64_t rip = 0;
  std::uint64_t flags = 2;
  std::array<std::uint64_t, 32> vector{};  ///< xmm0 … xmm15, low half first; only where they are in use
};

/// One access of memory, as the engine reported it.
struct StepAccess {
  Address address;
  std::uint32_t size = 0;  ///< bytes
  bool is_write = false;

  friend bool operator==(const StepAccess&, const StepAccess&) = default;
};

/// A processor (Unicorn) that is only ever driven one instruction at a time, from any state to the next: what
/// exploration needs. Whatever a program keeps between two steps is the caller's: registers go in and out of each step,
/// memory is the engine's own and is changed through bytes(). Costs some 0.3 µs a step.
class StepEngine {
 public:
  /// Maps the regions with their rights; contents are copied. Fails where the engine cannot be made.
  static Result<StepEngine> create(const std::vector<LoadedRegion>& regions, bool with_vector);
  StepEngine(StepEngine&&) noexcept;
  StepEngine& operator=(StepEngine&&) noexcept;
  ~StepEngine();

  /// The bytes of the region that holds the address, from the address on; null where nothing is mapped. Data may be
  /// written through it at any time, code may not.
  [[nodiscard]] std::uint8_t* bytes(Address address);
  /// Executes the instruction at registers.rip; an iteration of a repeated string instruction counts as one. Returns
  /// what the engine said against it (then the registers are unchanged), or nothing.
  std::optional<std::string> step(StepRegisters& registers);
  /// What the last step read and wrote, in order; where it failed, also what it wanted to read where nothing is mapped.
  [[nodiscard]] const std::vector<StepAccess>& accesses() const;

 private:
  struct Impl;
  explicit StepEngine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fiberscope::emu
