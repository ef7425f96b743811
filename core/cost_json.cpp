#include "core/cost_json.h"

#include <string>

#include "core/windowed_budget.h"

namespace fiberscope::core {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const std::optional<ThreadId>& id) {
  return id ? Json(id->value) : Json(nullptr);
}

Json to_json(const Spread& spread) {
  return {{"min", spread.min}, {"median", spread.median}, {"max", spread.max}};
}

Json to_json(const std::optional<Spread>& spread) {
  return spread ? to_json(*spread) : Json(nullptr);
}

Json value_of(const CostRow& row) {
  if (const auto* number = std::get_if<std::uint64_t>(&row.value)) return *number;
  if (const auto* words = std::get_if<std::string>(&row.value)) return *words;
  if (const auto* spread = std::get_if<Spread>(&row.value)) return to_json(*spread);
  return nullptr;
}

/// Words in place of a number that a kernel has a part in which is not executed here.
Json unless_host(bool host, std::uint64_t value) {
  return host ? Json(kKernelNotExecuted) : Json(value);
}

Json to_json(const PhaseCost& cost, bool host, bool host_steps) {
  return {{"steps", unless_host(host_steps, cost.steps)},
          {"reads", unless_host(host, cost.reads)},
          {"writes", unless_host(host, cost.writes)},
          {"bytes_read", unless_host(host, cost.bytes_read)},
          {"bytes_written", unless_host(host, cost.bytes_written)},
          {"model",
           {{"data_tlb_misses", unless_host(host, cost.data_tlb_misses)},
            {"code_tlb_misses", unless_host(host, cost.code_tlb_misses)},
            {"cache_misses", unless_host(host, cost.cache_misses)}}}};
}

Json to_json(const SwitchCost& cost, const Trace& trace, bool kernel_is_executed) {
  const SwitchWindow& window = cost.window;
  Json raw = Json::array();
  for (const std::size_t i : window.switches) raw.push_back(trace.switches()[i].step.value);
  Json phases;
  const bool host = cost.has_host_work();
  for (std::size_t i = 0; i < kSwitchPhases; ++i) {
    const auto phase = static_cast<SwitchPhase>(i);
    phases[std::string(to_string(phase))] = to_json(cost.phases[i], host, cost.is_hosts_own(phase));
  }
  Json cache;
  for (std::size_t i = 0; i < kCacheSituations; ++i)
    cache[std::string(to_string(static_cast<CacheSituation>(i)))] = {
        {"restore_misses", unless_host(window.by_host, cost.cache[i].restore_misses)},
        {"soon_misses", cost.cache[i].soon_misses}};
  return {{"first", window.first.value},
          {"last", window.last.value},
          {"complete", window.complete},
          {"from", to_json(window.from)},
          {"to", to_json(window.to)},
          {"reason", to_string(window.reason)},
          {"by_interrupt", window.by_interrupt},
          {"first_run", window.is_first_run},
          {"stack_switches", std::move(raw)},
          {"steps", window.steps()},
          {"routine_steps", unless_host(window.by_host, cost.routine().steps)},
          {"kernel_entries", unless_host(host, window.kernel_entries)},
          {"kernel_steps", unless_host(!kernel_is_executed, window.kernel_steps)},
          {"saved_words", unless_host(cost.is_saved_by_host(), cost.saved_words)},
          {"phases", std::move(phases)},
          {"model", {{"cache", std::move(cache)}}}};
}

Json to_json(const TlbCounts& counts) {
  return {{"data_hits", counts.data_hits},
          {"data_misses", counts.data_misses},
          {"code_hits", counts.code_hits},
          {"code_misses", counts.code_misses}};
}

Json tlb_json(const Trace& trace, const SwitchCosts& costs) {
  Json policies;
  for (std::size_t i = 0; i < kTlbPolicies.size(); ++i) {
    Json switches = Json::array();
    for (std::size_t k = 0; k < costs.tlb[i].size(); ++k) {
      const TlbAtSwitch& entry = costs.tlb[i][k];
      switches.push_back({{"step", trace.switches()[k].step.value},
                          {"cpu", trace.switches()[k].cpu.value},
                          {"changes_space", entry.entry.changes_space},
                          {"flushed", entry.entry.flushed},
                          {"kept", entry.entry.kept},
                          {"usable", entry.entry.usable},
                          {"soon", to_json(entry.soon)},
                          {"until_next", to_json(entry.until_next)}});
    }
    policies[std::string(to_string(kTlbPolicies[i]))] = std::move(switches);
  }
  return policies;
}

Json processors_json(const SwitchCosts& costs) {
  Json processors = Json::array();
  for (const ProcessorCounts& counts : costs.processors) {
    Json tlb;
    for (std::size_t i = 0; i < kTlbPolicies.size(); ++i) {
      Json policy = to_json(counts.tlb[i]);
      policy["kept"] = to_json(costs.kept_entries(counts.cpu, i));
      policy["flushed"] = counts.flushed[i];
      tlb[std::string(to_string(kTlbPolicies[i]))] = std::move(policy);
    }
    processors.push_back(
        {{"cpu", counts.cpu.value},
         {"steps", counts.steps},
         {"stack_switches", counts.switches},
         {"reads", counts.reads},
         {"writes", counts.writes},
         {"model",
          {{"tlb", std::move(tlb)}, {"cache", {{"hits", counts.cache.hits}, {"misses", counts.cache.misses}}}}}});
  }
  return processors;
}

Json parameters_json(const ModelParameters& parameters) {
  return {
      {"data_tlb", {{"entries", parameters.tlb.data_entries}, {"ways", parameters.tlb.data_ways}}},
      {"code_tlb", {{"entries", parameters.tlb.code_entries}, {"ways", parameters.tlb.code_ways}}},
      {"cache", {{"bytes", parameters.cache.size}, {"ways", parameters.cache.ways}, {"line", parameters.cache.line}}},
      {"replacement", "LRU"},
      {"soon_steps", parameters.soon}};
}

Json budget_json(const SwitchCosts& costs) {
  Json rows = Json::array();
  for (const BudgetRow& row : windowed_budget(costs))
    rows.push_back({{"step", row.step},
                    {"claimed_cycles", row.claimed_cycles},
                    {"steps", to_json(row.steps)},
                    {"bytes", to_json(row.bytes)},
                    {"accesses", to_json(row.accesses)},
                    {"model_misses", row.model_misses}});
  return rows;
}

Json comparison_json(const SwitchCosts& costs) {
  Json rows = Json::array();
  for (const ComparisonRow& row : windowed_comparison(costs)) {
    Json facts = Json::array();
    for (const ComparisonRow::Fact& fact : row.run)
      facts.push_back(
          {{"what", fact.what}, {"value", fact.value ? Json(*fact.value) : Json(nullptr)}, {"model", fact.is_model}});
    rows.push_back({{"aspect", row.aspect},
                    {"claimed_exo_os", row.claimed_here},
                    {"claimed_linux", row.claimed_linux},
                    {"run", std::move(facts)}});
  }
  return rows;
}

bool is_complete(const Trace& trace) {
  return trace.stop() && trace.stop()->reason == emu::Stop::Reason::exited;
}

Json meta_or_null(const Trace& trace, const char* name) {
  const std::string value = trace.meta(name);
  return value.empty() ? Json(nullptr) : Json(value);
}

}  // namespace

bool has_windowed_budget(const Trace& trace) {
  return trace.meta("note") == "001";
}

nlohmann::ordered_json cost_json(const Trace& trace, const SwitchCosts& costs) {
  Json switches = Json::array();
  for (const SwitchCost& cost : costs.switches) switches.push_back(to_json(cost, trace, costs.kernel_is_executed));
  Json summary;
  for (const CostRow& row : cost_rows(costs)) summary[row.key] = value_of(row);
  const bool budget = has_windowed_budget(trace);
  return {{"schema", "fiberscope.cost/1"},
          {"name", costs.name},
          {"note", meta_or_null(trace, "note")},
          {"profile", meta_or_null(trace, "profile")},
          {"complete", is_complete(trace)},
          {"summary", std::move(summary)},
          {"switches", std::move(switches)},
          {"processors", processors_json(costs)},
          {"model", {{"parameters", parameters_json(costs.parameters)}, {"tlb", tlb_json(trace, costs)}}},
          {"budget", budget ? budget_json(costs) : Json(nullptr)},
          {"comparison", budget ? comparison_json(costs) : Json(nullptr)}};
}

nlohmann::ordered_json compare_json(const std::vector<ComparedRun>& runs) {
  Json targets = Json::array();
  Json rows = Json::array();
  for (const ComparedRun& run : runs) {
    targets.push_back({{"name", run.costs->name},
                       {"note", meta_or_null(*run.trace, "note")},
                       {"profile", meta_or_null(*run.trace, "profile")},
                       {"complete", is_complete(*run.trace)},
                       {"processors", processors_json(*run.costs)}});
    const std::vector<CostRow> values = cost_rows(*run.costs);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i == rows.size())
        rows.push_back({{"key", values[i].key},
                        {"label", values[i].label},
                        {"model", values[i].is_model},
                        {"values", Json::array()}});
      rows[i]["values"].push_back(value_of(values[i]));
    }
  }
  Json model = runs.empty() ? Json(nullptr) : parameters_json(runs.front().costs->parameters);
  return {{"schema", "fiberscope.compare/1"},
          {"targets", std::move(targets)},
          {"rows", std::move(rows)},
          {"model", {{"parameters", std::move(model)}}}};
}

}  // namespace fiberscope::core
