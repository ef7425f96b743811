#include "emu/stop.h"

#include <algorithm>
#include <iterator>

namespace fiberscope::emu {

namespace {

constexpr std::string_view kReasons[] = {"exit", "limit", "halt", "fault", "stopped", "crash", "deadlock", "schedule"};

}  // namespace

std::string_view to_string(Stop::Reason reason) {
  return kReasons[static_cast<std::size_t>(reason)];
}

std::optional<Stop::Reason> stop_reason_by_name(std::string_view name) {
  const auto found = std::find(std::begin(kReasons), std::end(kReasons), name);
  if (found == std::end(kReasons)) return std::nullopt;
  return static_cast<Stop::Reason>(found - std::begin(kReasons));
}

std::string exception_name(std::uint8_t vector) {
  constexpr std::string_view kNames[] = {"#DE divide error",
                                         "#DB debug exception",
                                         "NMI",
                                         "#BP breakpoint",
                                         "#OF overflow",
                                         "#BR bound range exceeded",
                                         "#UD invalid opcode",
                                         "#NM device not available",
                                         "#DF double fault",
                                         "coprocessor overrun",
                                         "#TS invalid TSS",
                                         "#NP segment not present",
                                         "#SS stack fault",
                                         "#GP general protection",
                                         "#PF page fault",
                                         "vector 15",
                                         "#MF x87 floating point",
                                         "#AC alignment check",
                                         "#MC machine check",
                                         "#XM SIMD floating point"};
  if (vector < std::size(kNames)) return std::string(kNames[vector]);
  return "vector " + std::to_string(vector);
}

}  // namespace fiberscope::emu
