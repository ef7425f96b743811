#include "core/system_code.h"

#include <algorithm>
#include <string_view>

#include "core/switch_reason.h"

namespace fiberscope::core {
namespace {

bool ends_with(std::string_view name, std::string_view ending) {
  return name.size() >= ending.size() && name.substr(name.size() - ending.size()) == ending;
}

std::optional<SwitchPhase> phase_of_label(std::string_view name) {
  if (ends_with(name, "_save")) return SwitchPhase::save;
  if (ends_with(name, "_point") || ends_with(name, "_restore") || ends_with(name, "_resume"))
    return SwitchPhase::restore;
  return std::nullopt;
}

/// glibc's setjmp only saves, its longjmp only restores: two functions where others have one. The first dispatch of
/// note 004, if it is that, saves nothing: it loads rsp and rbp, and calls.
std::optional<SwitchPhase> phase_of_function(std::string_view name, bool moves_rsp) {
  if (name == "__sigsetjmp") return SwitchPhase::save;
  if (name == "__longjmp" || (name == "start_thread" && moves_rsp)) return SwitchPhase::restore;
  return std::nullopt;
}

/// The thread's own code, which the reason of a switch is told by because its call is the yield.
bool is_own_code(std::string_view name) {
  return name == "sum_with_calls";
}

/// An entry that is no reason: whoever calls it says why.
bool is_entry_alone(std::string_view name) {
  return name == "turn_switch";
}

}  // namespace

SystemCode::SystemCode(const Trace& trace) : trace_(trace) {
  std::set<std::string> movers;  // functions that moved rsp
  for (const Switch& entry : trace.switches())
    if (!entry.at.empty() && entry.at != "main" && trace.events_behind(entry.step).empty()) movers.insert(entry.at);
  for (const emu::Symbol& symbol : trace.image().symbols()) {
    const bool tells = reason_of_function(symbol.name) != SwitchReason::unknown && !is_own_code(symbol.name);
    const bool known = symbol.is_function && (tells || is_entry_alone(symbol.name));
    const bool moves = movers.count(symbol.name) != 0;
    if (known || moves) entries_.insert(symbol.address.value);
    if (moves) movers_.insert(symbol.address.value);
  }
}

std::uint32_t SystemCode::function_of(std::uint32_t instruction) {
  if (instruction >= of_instruction_.size()) of_instruction_.resize(trace_.templates().size());
  std::optional<std::uint32_t>& known = of_instruction_[instruction];
  if (known) return *known;
  const auto symbol = trace_.image().symbol_at(emu::Address{trace_.templates()[instruction].address});
  if (!symbol) return known.emplace(kNoFunction);
  const auto [entry, is_new] = ids_.try_emplace(symbol->address.value, static_cast<std::uint32_t>(functions_.size()));
  if (is_new) {
    Function made;
    made.range = {symbol->address, symbol->address + std::max<std::uint64_t>(symbol->size, 1)};
    for (const emu::Symbol& label : trace_.image().symbols()) {
      const auto phase = label.is_function ? std::nullopt : phase_of_label(label.name);
      if (phase && made.range.contains(label.address)) made.labels.push_back({label.address.value, *phase});
    }
    made.phase = phase_of_function(symbol->name, is_mover(symbol->address.value));
    made.leads_to_thread = symbol->name == "mctx_create_boot";
    functions_.push_back(std::move(made));
  }
  return known.emplace(entry->second);
}

std::optional<SwitchPhase> SystemCode::labelled_phase(std::uint32_t id, std::uint64_t address) const {
  std::optional<SwitchPhase> phase;
  for (const Function::Label& label : functions_[id].labels)
    if (label.address <= address) phase = label.phase;
  return phase;
}

}  // namespace fiberscope::core
