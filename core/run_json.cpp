#include "core/run_json.h"

#include <algorithm>

#include "core/handoff.h"
#include "core/snapshot_builder.h"
#include "core/snapshot_json.h"

namespace fiberscope::core {
namespace {

using Json = nlohmann::ordered_json;

Json thread_or_null(const std::optional<ThreadId>& id) {
  return id ? Json(id->value) : Json(nullptr);
}

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::error:
      break;
  }
  return "error";
}

}  // namespace

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? static_cast<std::uint8_t>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += k <= count ? kDigits[(group >> (18 - 6 * k)) & 63] : '=';
  }
  return text;
}

nlohmann::ordered_json run_json(Trace& trace, const std::optional<std::string>& trace_path) {
  std::string console;
  for (const OutputRecord& record : trace.output()) console += record.bytes;
  SnapshotBuilder builder(trace, nullptr);
  Json threads = Json::array();
  for (const ThreadView& view : builder.build(trace.steps()).threads) threads.push_back(to_json(view));
  Json switches = Json::array();
  for (const Switch& entry : trace.switches()) switches.push_back(to_json(entry));
  Json handoffs = Json::array();
  for (const Handoff& handoff : join_handoffs(trace))
    handoffs.push_back({{"step", handoff.step.value},
                        {"cpu", handoff.cpu.value},
                        {"from", thread_or_null(handoff.from)},
                        {"to", thread_or_null(handoff.to)},
                        {"reason", to_string(handoff.reason)}});
  Json findings = Json::array();
  for (const Finding& finding : trace.findings())
    findings.push_back({{"rule", finding.rule},
                        {"severity", severity_name(finding.severity)},
                        {"step", finding.step.value},
                        {"thread", thread_or_null(finding.thread)},
                        {"message", finding.message},
                        {"expected", finding.expected},
                        {"actual", finding.actual}});
  const auto& stop = trace.stop();
  const bool exited = stop && stop->reason == emu::Stop::Reason::exited;
  Json exit = nullptr;
  if (stop) {
    exit = {{"reason", emu::to_string(stop->reason)},
            {"code", exited ? Json(stop->code) : Json(nullptr)},
            {"message", stop->message},
            {"rip", hex16(stop->rip.value)}};
  }
  return {{"schema", "fiberscope.run/1"},
          {"complete", exited},
          {"exit", std::move(exit)},
          {"profile", trace.meta("profile")},
          {"trace", trace_path ? Json(*trace_path) : Json(nullptr)},
          {"steps", trace.steps().value},
          {"stdout", console},
          {"stdout_base64", base64(console)},
          {"threads", std::move(threads)},
          {"switches", std::move(switches)},
          {"handoffs", std::move(handoffs)},
          {"findings", std::move(findings)}};
}

}  // namespace fiberscope::core
