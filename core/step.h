#pragma once
#include <compare>
#include <cstdint>

namespace fiberscope::core {

/// A cursor of a trace: the number of executed steps. Cursor N is the state after N steps and after every event between
/// step N and step N+1; cursor 0 is the start. As the name of a step (from 1) it is the step that led to that cursor.
struct StepIndex {
  std::uint64_t value = 0;

  friend constexpr auto operator<=>(StepIndex, StepIndex) = default;
  friend constexpr StepIndex operator+(StepIndex step, std::uint64_t count) { return {step.value + count}; }
  friend constexpr StepIndex operator-(StepIndex step, std::uint64_t count) { return {step.value - count}; }
};

/// Identifies a thread of the guest in one trace: the id in its control block.
struct ThreadId {
  std::uint32_t value = 0;

  friend constexpr auto operator<=>(ThreadId, ThreadId) = default;
};

/// The processor that executed a step, from 0.
struct CpuId {
  std::uint16_t value = 0;

  friend constexpr auto operator<=>(CpuId, CpuId) = default;
};

}  // namespace fiberscope::core
