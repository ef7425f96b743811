#include "app/film.h"

#include <algorithm>
#include <cctype>

namespace fiberscope::app {
namespace {

double ease(double t) {
  t = std::clamp(t, 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

std::optional<CellPlace> place_of(std::optional<core::ThreadId> thread, std::uint64_t value) {
  if (!thread) return std::nullopt;
  return CellPlace{*thread, {value}};
}

std::optional<CellPlace> cell_at(const core::Snapshot& snapshot, emu::Address address) {
  for (const core::StackView& stack : snapshot.stacks) {
    if (stack.range.contains(address)) return CellPlace{stack.thread, address};
  }
  return std::nullopt;
}

std::optional<Place> place_of_memory(const core::Snapshot& snapshot, emu::Address address) {
  if (const auto cell = cell_at(snapshot, address)) return Place{*cell};
  for (const core::ThreadView& view : snapshot.threads) {
    if (view.thread.tcb.value != 0 && view.thread.tcb == address) return Place{BlockPlace{view.thread.id}};
  }
  return std::nullopt;
}

const core::Cell* find_cell(const core::Snapshot& snapshot, emu::Address address) {
  for (const core::StackView& stack : snapshot.stacks) {
    if (!stack.range.contains(address)) continue;
    for (const core::Cell& cell : stack.cells) {
      if (cell.address == address) return &cell;
    }
  }
  return nullptr;
}

bool names_word(std::string_view text, std::string_view word) {
  const auto is_letter = [&](std::size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
  };
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    if ((at == 0 || !is_letter(at - 1)) && !is_letter(at + word.size())) return true;
  }
  return false;
}

bool is_call(std::string_view text) {
  return text.starts_with("call");
}

/// The register that a stored value came from: one that the instruction names outside of brackets and that held the
/// value.
std::optional<emu::Register> source_of(const core::Snapshot& before, const core::InstructionView& instruction,
                                       std::uint64_t value) {
  if (is_call(instruction.intel)) return emu::Register::rip;
  std::string text = instruction.intel;
  if (const auto open = text.find('['); open != std::string::npos) {
    const auto close = text.find(']', open);
    text.erase(open, close == std::string::npos ? std::string::npos : close - open + 1);
  }
  for (std::size_t i = 0; i < emu::kGeneralRegisters; ++i) {
    const emu::Register reg = emu::general_register(i);
    if (before.registers[reg] == value && names_word(text, emu::register_name(reg))) return reg;
  }
  return std::nullopt;
}

void add_stores(Film& film, const core::Snapshot& before, const core::Snapshot& now) {
  for (const core::MemoryChange& change : now.written) {
    if (change.size != 8) continue;
    const auto to = place_of_memory(now, change.address);
    const auto from = source_of(before, *now.instruction, change.new_value);
    if (to && from) film.flights.push_back({RegisterPlace{*from}, *to, change.new_value});
  }
}

void add_loads(Film& film, const core::Snapshot& before, const core::Snapshot& now) {
  for (const core::MemoryAccess& access : now.accesses) {
    if (access.is_write || access.size != 8) continue;
    const core::Cell* cell = find_cell(before, access.address);
    const auto from = place_of_memory(before, access.address);
    if (cell == nullptr || !from) continue;
    for (const core::RegisterChange& change : now.changed) {
      if (change.new_value != cell->value) continue;
      film.flights.push_back({*from, RegisterPlace{change.reg}, change.new_value});
      break;
    }
    // A popped value that equals what the register held changes nothing but flies all the same.
    if (film.flights.empty() && now.instruction->intel.starts_with("pop ")) {
      const auto reg = emu::register_by_name(std::string_view(now.instruction->intel).substr(4));
      if (reg) film.flights.push_back({*from, RegisterPlace{*reg}, cell->value});
    }
  }
}

}  // namespace

double Film::light(core::ThreadId thread, std::optional<core::ThreadId> on_cpu) const {
  if (running() && light_from != light_to) {
    if (light_from == thread) return 1 - progress;
    if (light_to == thread) return progress;
  }
  return on_cpu == thread ? 1 : 0;
}

bool Film::awaits(const Place& place) const {
  return running() &&
         std::any_of(flights.begin(), flights.end(), [&](const Flight& flight) { return flight.to == place; });
}

Film make_film(const core::Snapshot* before, const core::Snapshot& now, double phase) {
  Film film;
  film.rsp.to = place_of(now.rsp_thread, now.registers[emu::Register::rsp]);
  film.rbp.to = place_of(now.rbp_thread, now.registers[emu::Register::rbp]);
  film.rsp.from = film.rsp.to;
  film.rbp.from = film.rbp.to;
  film.light_from = now.on_cpu;
  film.light_to = now.on_cpu;
  if (before == nullptr || !now.instruction) return film;
  film.phase = std::clamp(phase, 0.0, 1.0);
  film.progress = ease(film.phase);
  film.rsp.from = place_of(before->rsp_thread, before->registers[emu::Register::rsp]);
  film.rbp.from = place_of(before->rbp_thread, before->registers[emu::Register::rbp]);
  film.light_from = before->on_cpu;
  add_stores(film, *before, now);
  add_loads(film, *before, now);
  return film;
}

std::uint64_t shown_value(const Film& film, const core::Snapshot* before, const core::Snapshot& now,
                          emu::Register reg) {
  return before != nullptr && film.awaits(RegisterPlace{reg}) ? before->registers[reg] : now.registers[reg];
}

std::uint64_t shown_value(const Film& film, const core::Snapshot* before, const core::Cell& cell,
                          core::ThreadId thread) {
  if (before == nullptr || !film.awaits(CellPlace{thread, cell.address})) return cell.value;
  const core::Cell* old = find_cell(*before, cell.address);
  return old == nullptr ? 0 : old->value;
}

}  // namespace fiberscope::app
