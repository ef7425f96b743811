#include "core/expected_end.h"

#include <fmt/format.h>

namespace fiberscope::core {
namespace {

/// Where a fault is that no function's instruction raised.
constexpr std::string_view kOutside = "nowhere";

bool ends_so(const ExpectedRun& expected, const Trace& trace) {
  if (!trace.stop() || trace.stop()->reason != expected.ends) return false;
  const emu::Stop& stop = *trace.stop();
  if (stop.reason == emu::Stop::Reason::exited) return stop.code == expected.exit_code;
  if (stop.reason != emu::Stop::Reason::fault) return true;
  const auto symbol = trace.image().symbol_at(stop.rip);
  return stop.message.starts_with(expected.fault) && (symbol ? symbol->name : kOutside) == expected.fault_at;
}

}  // namespace

std::string describe_end(const ExpectedRun& expected) {
  if (expected.ends == emu::Stop::Reason::exited) return fmt::format("exit code {}", expected.exit_code);
  if (expected.ends == emu::Stop::Reason::fault) {
    const bool outside = expected.fault_at == kOutside;
    return outside ? expected.fault + " outside all code" : fmt::format("{} in {}", expected.fault, expected.fault_at);
  }
  if (expected.ends == emu::Stop::Reason::limit) return "its step limit";
  return std::string(emu::to_string(expected.ends));
}

bool is_meant_to_fail(const ExpectedRun& expected) {
  return expected.ends != emu::Stop::Reason::exited || expected.exit_code != 0;
}

std::string compare_end(const ExpectedRun& expected, const Trace& trace) {
  if (!ends_so(expected, trace)) return fmt::format("not as the scenario says: {}", describe_end(expected));
  const bool same = trace.output_until(trace.steps()) == expected.output;
  return same ? "as the scenario says" : "as the scenario says, but with another output";
}

}  // namespace fiberscope::core
