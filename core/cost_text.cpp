#include "core/cost_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/story.h"
#include "core/text_table.h"
#include "core/thread_names.h"
#include "core/windowed_budget.h"

namespace fiberscope::core {
namespace {

std::string number(std::uint64_t value) {
  return fmt::format("{}", value);
}

std::string switches_text(const Trace& trace, const SwitchCosts& costs) {
  const ThreadNames names(trace);
  TextTable table("rrrllrrrrrrrrrrrrr");
  table.add({"", "first", "last", "from", "to", "steps", "enter", "save", "stack", "restore", "between", "leave",
             "written", "read", "accesses", "kernel", "TLB*", "L1*", "why"});
  std::size_t index = 0;
  bool host = false;
  for (const SwitchCost& cost : costs.switches) {
    const SwitchWindow& window = cost.window;
    const PhaseCost total = cost.total();
    std::vector<std::string> cells{number(++index),       number(window.first.value), number(window.last.value),
                                   names.of(window.from), names.of(window.to),        number(window.steps())};
    // What a kernel that is not executed here does to save and to restore has no number.
    for (std::size_t i = 0; i < kSwitchPhases; ++i) {
      const bool is_kernels = cost.is_hosts_own(static_cast<SwitchPhase>(i));
      cells.push_back(is_kernels ? "host" : number(cost.phases[i].steps));
    }
    host |= cost.has_host_work();
    for (const std::uint64_t value : {total.bytes_written, total.bytes_read, total.accesses(), window.kernel_entries,
                                      total.data_tlb_misses + total.code_tlb_misses, total.cache_misses})
      cells.push_back(cost.has_host_work() ? "host" : number(value));
    cells.push_back(fmt::format("{}{}{}{}", to_string(window.reason), window.by_interrupt ? ", interrupted" : "",
                                window.is_first_run ? ", first run" : "", window.complete ? "" : ", cut off"));
    table.add(std::move(cells));
  }
  std::string text =
      "Switches, from leaving user code to being back in it: steps of each phase, bytes, kernel entries\n";
  text += table.text();
  text += "* misses of a model, not measured (docs/models.md)\n";
  if (host) text += fmt::format("host: {}\n", kKernelNotExecuted);
  return text;
}

/// Behind each change of stack, by policy: entries that are still there, hits and misses until the next one.
std::string tlb_text(const Trace& trace, const SwitchCosts& costs) {
  const ThreadNames names(trace);
  const bool one = trace.processors() == 1;
  TextTable table(one ? "rrllrrrrrrrrr" : "rrrllrrrrrrrrr");
  std::vector<std::string> head{"", "step", "from", "to"};
  if (!one) head.insert(head.begin() + 2, "CPU");
  for (const char* policy : {"one space", "flush", "PCID"})
    for (const char* what : {"kept", "hits", "misses"}) head.push_back(fmt::format("{}: {}", policy, what));
  table.add(std::move(head));
  for (std::size_t k = 0; k < trace.switches().size(); ++k) {
    const Switch& entry = trace.switches()[k];
    std::vector<std::string> cells{number(k + 1), number(entry.step.value), names.of(entry.from), names.of(entry.to)};
    if (!one) cells.insert(cells.begin() + 2, number(entry.cpu.value));
    for (const std::vector<TlbAtSwitch>& policy : costs.tlb)
      cells.insert(cells.end(), {number(policy[k].entry.kept), number(policy[k].until_next.hits()),
                                 number(policy[k].until_next.misses())});
    table.add(std::move(cells));
  }
  return fmt::format(
             "model: the TLBs behind each change of stack: entries kept, then hits and misses until the next one{}\n",
             one ? "" : " of that processor") +
         table.text();
}

std::string rows_text(const std::vector<ComparedRun>& runs) {
  std::string alignments(runs.size() + 1, 'r');
  alignments.front() = 'l';
  TextTable table(alignments);
  std::vector<std::string> head{"least / middle / most where there are three"};
  std::vector<std::vector<std::string>> lines;
  for (const ComparedRun& run : runs) {
    head.push_back(run.costs->name);
    const std::vector<CostRow> rows = cost_rows(*run.costs);
    lines.resize(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (lines[i].empty()) lines[i].push_back(fmt::format("{}{}", rows[i].is_model ? "model: " : "", rows[i].label));
      lines[i].push_back(to_text(rows[i]));
    }
  }
  table.add(std::move(head));
  for (std::vector<std::string>& line : lines) table.add(std::move(line));
  return table.text();
}

std::string model_text(const ModelParameters& parameters) {
  return fmt::format(
      "model: data TLB {} entries in {} ways, instruction TLB {} in {}, L1 data cache {} KiB in {} ways of {}-byte "
      "lines, LRU.\nNothing of it was measured (docs/models.md). Full flush and PCID: as if each thread had an address "
      "space of its own.\n",
      parameters.tlb.data_entries, parameters.tlb.data_ways, parameters.tlb.code_entries, parameters.tlb.code_ways,
      parameters.cache.size / 1024, parameters.cache.ways, parameters.cache.line);
}

/// What each processor of the runs did, and the models of its own TLBs and cache.
std::string processors_text(const std::vector<ComparedRun>& runs) {
  TextTable table("llrrrrrr");
  table.add({"", "", "steps", "stack switches", "reads", "writes", "L1* hits", "L1* misses"});
  TextTable models("lllrrrr");
  models.add({"", "", "TLB*", "kept by a stack switch", "flushed", "hits", "misses"});
  for (const ComparedRun& run : runs) {
    const std::string name = runs.size() > 1 ? run.costs->name : "";
    for (const ProcessorCounts& counts : run.costs->processors) {
      const std::string cpu = fmt::format("CPU {}", counts.cpu.value);
      table.add({name, cpu, number(counts.steps), number(counts.switches), number(counts.reads), number(counts.writes),
                 number(counts.cache.hits), number(counts.cache.misses)});
      for (std::size_t policy = 0; policy < kTlbPolicies.size(); ++policy)
        models.add({name, cpu, std::string(words_of(kTlbPolicies[policy])),
                    to_text(run.costs->kept_entries(counts.cpu, policy)), number(counts.flushed[policy]),
                    number(counts.tlb[policy].hits()), number(counts.tlb[policy].misses())});
    }
  }
  return fmt::format(
      "What each processor did\n{}\nmodel: the TLBs of each processor in the whole run; kept: least / middle / most\n{}"
      "* a model, not measured: each processor has TLBs and an L1 data cache of its own, and a switch flushes only its "
      "own\n  processor's (docs/models.md). How a switch's steps divide is told for one processor only.\n",
      table.text(), models.text());
}

std::string budget_text(const SwitchCosts& costs) {
  TextTable table("lrrrrr");
  table.add({"", "cycles (the note's claim)", "steps", "bytes", "accesses", "misses (model)"});
  for (const BudgetRow& row : windowed_budget(costs))
    table.add({std::string(row.step), number(row.claimed_cycles), to_text(row.steps), to_text(row.bytes),
               to_text(row.accesses), number(row.model_misses)});
  return "The budget of note 001, and what this run did (least / middle / most a switch; misses in all)\n" +
         table.text();
}

std::string comparison_text(const SwitchCosts& costs) {
  TextTable table("lll");
  table.add({"", "Exo-OS (claim)", "Linux (claim)", "this run"});
  for (const ComparisonRow& row : windowed_comparison(costs)) {
    std::string run;
    for (const ComparisonRow::Fact& fact : row.run)
      run += fmt::format("{}{}{}: {}", run.empty() ? "" : "; ", fact.is_model ? "model, " : "", fact.what,
                         fact.value ? fmt::format("{}", *fact.value) : "-");
    table.add({std::string(row.aspect), std::string(row.claimed_here), std::string(row.claimed_linux), run});
  }
  return "The comparison of note 001: its claims, in cycles and words, and what this run did\n" + table.text();
}

}  // namespace

std::string cost_text(const Trace& trace, const SwitchCosts& costs) {
  if (costs.processors.size() > 1)
    return fmt::format("{}\n{} rounds of the clock: a step of each running CPU is one\n\n{}\n{}\n{}",
                       describe_run(trace), costs.rounds, processors_text({{&trace, &costs}}), tlb_text(trace, costs),
                       model_text(costs.parameters));
  if (costs.switches.empty()) return fmt::format("{}\nNo switch happened in this run.\n", describe_run(trace));
  std::string text =
      fmt::format("{}\n{}\n{}\n", describe_run(trace), switches_text(trace, costs), rows_text({{&trace, &costs}}));
  if (has_windowed_budget(trace)) text += fmt::format("{}\n{}\n", budget_text(costs), comparison_text(costs));
  text += fmt::format("{}\n{}", tlb_text(trace, costs), model_text(costs.parameters));
  return text;
}

std::string compare_text(const std::vector<ComparedRun>& runs) {
  std::string text;
  for (const ComparedRun& run : runs) text += fmt::format("{}\n", describe_run(*run.trace));
  text += rows_text(runs);
  if (std::any_of(runs.begin(), runs.end(), [](const ComparedRun& run) { return run.costs->processors.size() > 1; }))
    text += fmt::format("\n{}", processors_text(runs));
  if (!runs.empty()) text += fmt::format("\n{}", model_text(runs.front().costs->parameters));
  return text;
}

}  // namespace fiberscope::core
