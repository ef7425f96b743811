#include "app/film.h"

#include <algorithm>

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

/// Only what the instruction itself moved, and only to or from memory: between registers the tags tell it.
void add_flight(Film& film, const core::Snapshot& before, const core::Snapshot& now) {
  if (!now.moved || (!now.moved->from_memory && !now.moved->to_memory)) return;
  const core::Move& move = *now.moved;
  const auto place = [](const core::Snapshot& snapshot, std::optional<emu::Register> reg,
                        std::optional<emu::Address> memory) -> std::optional<Place> {
    if (reg) return Place{RegisterPlace{*reg}};
    return memory ? place_of_memory(snapshot, *memory) : std::nullopt;
  };
  const auto from = place(before, move.from_register, move.from_memory);
  const auto to = place(now, move.to_register, move.to_memory);
  if (from && to) film.flights.push_back({*from, *to, move.value});
}

/// What the processor of the step had before it.
const emu::RegisterFile& registers_before(const core::Snapshot& before, const core::Snapshot& now) {
  return before.cpu == now.cpu ? before.registers : before.cpus.at(now.cpu.value).registers;
}

std::optional<core::ThreadId> owner_of(const core::Snapshot& snapshot, std::uint64_t address) {
  for (const core::StackView& stack : snapshot.stacks)
    if (stack.range.contains(emu::Address{address})) return stack.thread;
  return std::nullopt;
}

}  // namespace

double Film::light(core::ThreadId thread, std::optional<core::ThreadId> on_cpu) const {
  if (running() && light_from != light_to) {
    if (light_from == thread) return 1 - progress;
    if (light_to == thread) return progress;
  }
  const bool elsewhere = std::find(lit.begin(), lit.end(), thread) != lit.end();
  return on_cpu == thread || elsewhere ? 1 : 0;
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
  for (const core::ProcessorView& cpu : now.cpus)
    if (cpu.cpu != now.cpu && cpu.thread) film.lit.push_back(*cpu.thread);
  if (before == nullptr || !now.instruction) return film;
  film.phase = std::clamp(phase, 0.0, 1.0);
  film.progress = ease(film.phase);
  if (before->cpu == now.cpu) {
    film.rsp.from = place_of(before->rsp_thread, before->registers[emu::Register::rsp]);
    film.rbp.from = place_of(before->rbp_thread, before->registers[emu::Register::rbp]);
    film.light_from = before->on_cpu;
  } else {
    // The step before was another processor's: what this one had is told beside it.
    const emu::RegisterFile& registers = registers_before(*before, now);
    film.light_from = before->cpus.at(now.cpu.value).thread;
    film.rsp.from = place_of(film.light_from, registers[emu::Register::rsp]);
    film.rbp.from = place_of(owner_of(*before, registers[emu::Register::rbp]), registers[emu::Register::rbp]);
  }
  add_flight(film, *before, now);
  return film;
}

std::uint64_t shown_value(const Film& film, const core::Snapshot* before, const core::Snapshot& now,
                          emu::Register reg) {
  return before != nullptr && film.awaits(RegisterPlace{reg}) ? registers_before(*before, now)[reg]
                                                              : now.registers[reg];
}

std::uint64_t shown_value(const Film& film, const core::Snapshot* before, const core::Cell& cell,
                          core::ThreadId thread) {
  if (before == nullptr || !film.awaits(CellPlace{thread, cell.address})) return cell.value;
  const core::Cell* old = find_cell(*before, cell.address);
  return old == nullptr ? 0 : old->value;
}

}  // namespace fiberscope::app
