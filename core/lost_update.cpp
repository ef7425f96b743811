#include "core/lost_update.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "core/explore/execution_picture.h"
#include "core/memory_access.h"
#include "core/trace.h"
#include "emu/store_buffer.h"
#include "emu/thread_bodies.h"

namespace fiberscope::core {
namespace {

using emu::Address;
using explore::ExecutedStep;
using explore::Touch;

/// A trace as the steps that explore::find_lost_updates() looks at: those that touch the variables.
class TouchReader {
 public:
  TouchReader(Trace& trace, const std::vector<std::string>& variables)
      : trace_(trace), accesses_(trace), bodies_(emu::thread_bodies(trace.image())) {
    for (const std::string& name : variables)
      for (emu::GlobalCell& cell : trace.debug().global(name)) cells_.push_back(std::move(cell));
    std::sort(cells_.begin(), cells_.end(),
              [](const auto& one, const auto& other) { return one.address < other.address; });
    if (trace.meta("memory") != "tso") return;
    if (const auto mirrors = trace.image().symbol(emu::StoreBuffer::kSymbol)) mirrors_ = mirrors->address;
  }

  [[nodiscard]] std::vector<LostUpdate> find() {
    if (cells_.empty()) return {};
    for (StepIndex step{1}; step <= trace_.steps(); step = step + 1)
      if (matters(accesses_.at(step))) read(step);
    std::vector<ExecutedStep> steps;
    std::vector<Place> places;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (steps_[i].touches.empty() && !steps_[i].drain) continue;
      steps.push_back(std::move(steps_[i]));
      places.push_back(places_[i]);
    }
    std::vector<LostUpdate> found;
    for (const auto& lost : explore::find_lost_updates(steps)) {
      const auto access = [&](std::size_t at, bool is_write) {
        LostUpdate::Access one{
            places[at].step, ThreadId{static_cast<std::uint32_t>(steps[at].thread)}, places[at].code, {}};
        for (const Touch& touch : steps[at].touches)
          if (touch.variable == lost.variable && touch.writes() == is_write) one.value = touch.value;
        return one;
      };
      found.push_back({lost.variable, access(lost.load, false), access(lost.lost, true), access(lost.store, true),
                       steps[lost.store].drain});
    }
    return found;
  }

 private:
  struct Place {
    StepIndex step;
    Address code;
  };

  [[nodiscard]] bool counts(Address rip) const {
    return bodies_.empty() || std::any_of(bodies_.begin(), bodies_.end(),
                                          [rip](const emu::ThreadBody& body) { return body.code.contains(rip); });
  }

  /// Whether there is anything to see; what it asks is fast in ascending order, and what read() asks is not.
  [[nodiscard]] bool matters(const AccessedStep& step) const {
    const bool touches = std::any_of(step.accesses.begin(), step.accesses.end(), [this](const StepAccess& access) {
      return access.kind != AccessKind::fetch &&
             std::any_of(cells_.begin(), cells_.end(), [&](const emu::GlobalCell& cell) {
               return access.address < cell.address + cell.size && cell.address < access.address + access.size;
             });
    });
    return touches || halves_.contains(step.accesses.front().cpu) ||
           std::any_of(step.events.begin(), step.events.end(), [](const ChunkEvent& event) {
             return event.kind == emu::EventKind::read || event.kind == emu::EventKind::buffer ||
                    event.kind == emu::EventKind::drain;
           });
  }

  void read(StepIndex step) {
    const StepEffects effects = trace_.effects_of(step);
    const Address rip{effects.rip_before};
    const auto half = halves_.find(effects.cpu);
    if (counts(rip)) {
      const auto thread = trace_.thread_of_step(step);
      if (thread) read_own(step, effects, *thread, half == halves_.end() ? nullptr : &half->second);
    }
    if (half != halves_.end()) halves_.erase(half);
    for (std::size_t i = 0; i < effects.events.size(); ++i) read_event(step, effects, i);
  }

  /// `half`: where the step's instruction has read its operand before.
  void read_own(StepIndex step, const StepEffects& effects, ThreadId thread, const std::size_t* half) {
    const Address rip{effects.rip_before};
    const bool buffers = std::any_of(effects.events.begin(), effects.events.end(), [&](const ChunkEvent& event) {
      return event.kind == emu::EventKind::buffer && event.cpu == effects.cpu;
    });
    ExecutedStep own;
    own.thread = thread.value;
    std::vector<StepAccess> reads;
    const AccessedStep& accessed = accesses_.at(step);
    for (const StepAccess& access : accessed.accesses) {
      if (access.by_event) continue;
      if (access.kind == AccessKind::read) reads.push_back(access);
      if (access.kind != AccessKind::write) continue;
      add(own, access.address, access.size, [&](Touch& touch) {
        touch.kind = buffers ? Touch::Kind::buffered_write : Touch::Kind::write;
        touch.is_constant = accessed.decoded != nullptr && accessed.decoded->stores_constant;
        touch.value = stored(effects.own_memory(), touch);
      });
    }
    // What was read, last: that moves the trace.
    ExecutedStep& reader = half == nullptr ? own : steps_[*half];
    for (const StepAccess& access : reads) {
      add(reader, access.address, access.size, [&](Touch& touch) {
        const MachineState& state = half == nullptr ? trace_.state_before(step) : trace_.state_at(places_[*half].step);
        const bool forwarded = waits(state.memory, effects.cpu, touch);
        touch.kind = forwarded ? Touch::Kind::forwarded_read : Touch::Kind::read;
        if (!forwarded) touch.value = value_of(state.memory.read(Address{touch.address}, touch.size), touch.size);
      });
    }
    if (own.touches.empty()) return;
    steps_.push_back(std::move(own));
    places_.push_back({step, rip});
  }

  void read_event(StepIndex step, const StepEffects& effects, std::size_t index) {
    const ChunkEvent& event = effects.events[index];
    const auto thread = trace_.thread_at(step, event.cpu);
    if (!thread) return;
    if (event.kind == emu::EventKind::buffer)
      waiting_[event.cpu].insert(waiting_[event.cpu].end(), event.vector, Address{effects.rip_before});
    if (event.kind == emu::EventKind::read && counts(event.rip_before)) {
      halves_[event.cpu] = steps_.size();
      steps_.emplace_back().thread = thread->value;
      places_.push_back({step, event.rip_before});
    }
    if (event.kind != emu::EventKind::drain) return;
    ExecutedStep drain;
    drain.thread = thread->value;
    drain.drain = true;
    const std::size_t first = effects.event_starts[index].memory;
    const std::size_t last =
        index + 1 < effects.events.size() ? effects.event_starts[index + 1].memory : effects.memory.size();
    const std::span<const MemoryChange> written(effects.memory.data() + first, last - first);
    for (const MemoryChange& change : written) {
      add(drain, change.address, change.size, [&](Touch& touch) {
        touch.kind = Touch::Kind::write;
        touch.value = stored(written, touch);
      });
    }
    std::deque<Address>& code = waiting_[event.cpu];
    steps_.push_back(std::move(drain));
    places_.push_back({step, code.empty() ? event.rip_before : code.front()});
    if (!code.empty()) code.pop_front();
  }

  /// A touch for each variable that the access meets.
  template <typename Fill>
  void add(ExecutedStep& step, Address address, std::uint32_t size, const Fill& fill) const {
    for (const emu::GlobalCell& cell : cells_) {
      if (address + size <= cell.address || cell.address + cell.size <= address) continue;
      Touch touch;
      touch.variable = cell.name;
      touch.address = cell.address.value;
      touch.size = cell.size;
      fill(touch);
      step.touches.push_back(std::move(touch));
    }
  }

  [[nodiscard]] static std::optional<std::int64_t> value_of(std::optional<std::uint64_t> raw, std::uint32_t size) {
    if (!raw || size == 0 || size > 8) return std::nullopt;
    const unsigned unused = 64 - size * 8;
    return static_cast<std::int64_t>(*raw << unused) >> unused;
  }
  [[nodiscard]] static std::optional<std::int64_t> stored(std::span<const MemoryChange> written, const Touch& touch) {
    for (const MemoryChange& change : written)
      if (change.address.value == touch.address && change.size == touch.size)
        return value_of(change.new_value, touch.size);
    return std::nullopt;
  }

  [[nodiscard]] bool waits(const emu::Memory& memory, CpuId cpu, const Touch& touch) const {
    if (!mirrors_) return false;
    const auto stores =
        emu::StoreBuffer::from_mirror(memory, *mirrors_ + std::uint64_t{emu::StoreBuffer::kMirrorSize} * cpu.value);
    return std::any_of(stores.begin(), stores.end(), [&](const emu::BufferedStore& store) {
      return store.address.value < touch.address + touch.size && touch.address < store.address.value + store.size;
    });
  }

  Trace& trace_;
  AccessReader accesses_;
  std::vector<emu::ThreadBody> bodies_;
  std::vector<emu::GlobalCell> cells_;
  std::optional<Address> mirrors_;
  std::vector<ExecutedStep> steps_;
  std::vector<Place> places_;                     // of each of them
  std::map<CpuId, std::size_t> halves_;           // the place in steps_ of a first half whose second is to come
  std::map<CpuId, std::deque<Address>> waiting_;  // the code of the stores in each buffer
};

}  // namespace

std::vector<LostUpdate> find_lost_updates(Trace& trace, const std::vector<std::string>& variables) {
  return TouchReader(trace, variables).find();
}

std::string sentence(const LostUpdate& update, StepIndex cursor, const std::function<std::string(ThreadId)>& name) {
  const auto with_value = [&](const LostUpdate::Access& access) {
    return access.value ? fmt::format("{} = {}", update.variable, *access.value) : update.variable;
  };
  const std::string storing = name(update.store.thread);
  const std::string other = name(update.lost.thread);
  if (cursor == update.store.step)
    return fmt::format(
        "Lost update: {} overwrites {}, stored by {} at step {}; {} had read {} before that, at step {}.",
        update.drained ? fmt::format("this store out of {}'s buffer", storing) : std::string("this"),
        with_value(update.lost), other, update.lost.step.value, storing, with_value(update.load),
        update.load.step.value);
  return fmt::format("This update will be lost: {}, which has read {} at step {}, overwrites it at step {}.", storing,
                     with_value(update.load), update.load.step.value, update.store.step.value);
}

}  // namespace fiberscope::core
