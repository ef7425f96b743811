// Several processors under a schedule, and what their store buffers hold back.
#include <fmt/format.h>

#include <algorithm>

#include "emu/bare_machine.h"
#include "emu/cell_name.h"
#include "emu/store_order.h"

namespace fiberscope::emu {
std::optional<Instruction> BareMachine::instruction_at(Address rip) const {
  const Region* region = memory_.region_at(rip);
  if (region == nullptr) return std::nullopt;
  const std::uint64_t size = std::min<std::uint64_t>(kMaxInstructionSize, region->range.high - rip);
  return disassembler_.decode(rip, memory_.copy(rip, size));
}

ProcessorSchedule::Place BareMachine::place_of(unsigned processor, bool able) {
  const Cpu& at = processor_at(processor);
  const Processor& state = states_[processor];
  ProcessorSchedule::Place place{able, false, at.rip(), Address{at.read(Register::rsp)}, state.buffer.stores().size()};
  if (state.buffer.empty()) return place;
  const auto instruction = instruction_at(place.rip);
  // A store may need two entries, and nothing is known of its size here.
  place.waits = !state.buffer.has_room(2) || (instruction && (is_locked(*instruction) || is_fence(*instruction)));
  return place;
}

std::optional<unsigned> BareMachine::scheduled_turn(std::optional<Stop>& stop) {
  for (;;) {
    const std::uint32_t able = able_to_act();
    std::vector<ProcessorSchedule::Place> places;
    for (unsigned i = 0; i < processors(); ++i) places.push_back(place_of(i, (able >> i & 1) != 0));
    const auto act = processor_schedule_->next(places);
    if (!act) {
      cpu().flush();
      stop = processor_schedule_->error().empty()
                 ? end(Stop::Reason::halted, "halted: every processor has executed hlt, and no interrupt could end it")
                 : end(Stop::Reason::schedule, processor_schedule_->error());
      return std::nullopt;
    }
    if (!act->drains) return act->processor;
    drain(act->processor);
    processor_schedule_->drained();
  }
}

std::string BareMachine::runner(unsigned processor) const {
  const std::uint32_t thread = processor_schedule_ ? processor_schedule_->thread_on(processor) : 0;
  return thread == 0 ? fmt::format("processor {}", processor) : fmt::format("T{} (processor {})", thread, processor);
}

std::string BareMachine::name_of(Address address, std::uint64_t size) const {
  const Region* region = memory_.region_at(address);
  const bool on_stack = region != nullptr && region->kind == RegionKind::stack;
  const std::string name = names_ && !on_stack ? cell_name(*names_, *debug_, address, size) : "";
  return name.empty() ? fmt::format("{:#x}", address.value) : name;
}

void BareMachine::mirror(unsigned processor, Cpu::Event& event) {
  if (!mirrors_) return;
  const auto changed =
      states_[processor].buffer.mirror(memory_, *mirrors_ + std::uint64_t{StoreBuffer::kMirrorSize} * processor);
  event.written.insert(event.written.end(), changed.begin(), changed.end());
}

void BareMachine::drain(unsigned processor) {
  go_on_with(processor);
  StoreBuffer& buffer = states_[processor].buffer;
  const BufferedStore store = buffer.drain(memory_);
  Cpu::Event event{EventKind::drain, store.size, 0, cpu().rip(), {}, {}};
  event.written.push_back({store.address, store.address + store.size});
  mirror(processor, event);
  const std::size_t left = buffer.stores().size();
  event.text = fmt::format("the store of {:#x} to {} by {} has reached memory; its store buffer {}", store.value,
                           name_of(store.address, store.size), runner(processor),
                           left == 0 ? "is empty" : fmt::format("holds {} more", left));
  cpu().log_event(event);
}

std::vector<BufferedStore> BareMachine::take_back_stores(Address rip) {
  const std::vector<SharedStores::Store> stores = cpu().take_stores();
  const StoreBuffer& buffer = states_[current_].buffer;
  const auto instruction = instruction_at(rip);
  if (instruction && is_locked(*instruction)) return {};
  std::vector<BufferedStore> result;
  std::vector<const SharedStores::Store*> taken;
  for (const SharedStores::Store& store : stores) {
    const Region* region = memory_.region_at(store.range.low);
    const bool is_program = processor_schedule_->is_body(rip) && region != nullptr && region->kind != RegionKind::stack;
    if (!is_program && !buffer.meets(store.range)) continue;
    taken.push_back(&store);
    for (std::uint64_t at = 0; at < store.range.size(); at += 8) {
      const auto size = static_cast<std::uint8_t>(std::min<std::uint64_t>(8, store.range.size() - at));
      result.push_back({store.range.low + at, size, memory_.read(store.range.low + at, size).value_or(0)});
    }
  }
  std::for_each(taken.rbegin(), taken.rend(),
                [this](const SharedStores::Store* store) { memory_.write_bytes(store->range.low, store->before); });
  return result;
}

void BareMachine::buffer_stores(const std::vector<BufferedStore>& stores) {
  StoreBuffer& buffer = states_[current_].buffer;
  Cpu::Event event{EventKind::buffer, static_cast<std::uint32_t>(stores.size()), 0, cpu().rip(), {}, {}};
  for (const BufferedStore& store : stores) {
    buffer.add(store);
    event.written.push_back({store.address, store.address + store.size});
    event.text +=
        fmt::format("{}the store of {:#x} to {} by {} waits in its store buffer", event.text.empty() ? "" : "; ",
                    store.value, name_of(store.address, store.size), runner(current_));
  }
  mirror(current_, event);
  cpu().log_event(event);
}

}  // namespace fiberscope::emu
