#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/chunk_format.h"
#include "core/varint.h"

namespace fiberscope::core {

/// Reads the flow stream of a chunk: which instructions ran, one after the other, and where events came between them.
class FlowReader {
 public:
  enum class Item : std::uint8_t { step, explicit_step, event, cpu, space, end };

  FlowReader() = default;
  /// `templates`: how many instructions there are to name; `processors`: how many there are, and `cpu` the one that
  /// runs.
  FlowReader(std::span<const std::uint8_t> stream, std::size_t templates, std::size_t processors = 1,
             std::uint16_t cpu = 0)
      : stream_(stream), successor_(templates, 0), parked_(processors), cpu_(cpu) {
    if (cpu >= processors) throw CorruptData("a chunk names a processor that is not there");
  }

  /// Moves to the next item. Throws CorruptData.
  Item next() {
    if (stream_.done()) return Item::end;
    const std::uint64_t code = stream_.get();
    std::uint64_t id = 0;
    Item item = Item::step;
    switch (code) {
      case format::kEvent:
        has_previous_ = false;
        return Item::event;
      case format::kSpace:
        space_ = static_cast<std::uint32_t>(stream_.get());
        return Item::space;
      case format::kCpu: {
        const std::uint64_t cpu = stream_.get();
        if (cpu >= parked_.size()) throw CorruptData("a step names a processor that is not there");
        parked_[cpu_] = {previous_, has_previous_};
        cpu_ = static_cast<std::uint16_t>(cpu);
        previous_ = parked_[cpu_].previous;
        has_previous_ = parked_[cpu_].has_previous;
        rip_distance_ = static_cast<std::uint64_t>(stream_.get_signed());
        return Item::cpu;
      }
      case format::kPredictedStep:
        if (!has_previous_ || successor_[previous_] == 0)
          throw CorruptData("a step refers to an instruction that was not seen");
        id = successor_[previous_] - 1;
        break;
      case format::kExplicitStep:
        item = Item::explicit_step;
        id = stream_.get();
        break;
      default:
        if (code < format::kFirstStep) throw CorruptData("an unknown code in the flow of a chunk");
        id = code - format::kFirstStep;
    }
    if (id >= successor_.size()) throw CorruptData("a step names an unknown instruction");
    if (has_previous_) successor_[previous_] = static_cast<std::uint32_t>(id) + 1;
    previous_ = static_cast<std::uint32_t>(id);
    has_previous_ = true;
    return item;
  }
  /// Of the step that next() moved to last: the index of its template.
  [[nodiscard]] std::uint32_t instruction() const { return previous_; }
  /// The number that the last item of kind space named.
  [[nodiscard]] std::uint32_t space() const { return space_; }
  /// The processor that the items from here on are about.
  [[nodiscard]] std::uint16_t cpu() const { return cpu_; }
  /// Of a change of processors: how far from where its last record ends the one before it stands.
  [[nodiscard]] std::uint64_t rip_distance() const { return rip_distance_; }

 private:
  VarintReader stream_;
  std::vector<std::uint32_t> successor_;  ///< by template: 1 + the one that followed last; 0: none yet
  std::uint32_t previous_ = 0;
  std::uint32_t space_ = 0;
  bool has_previous_ = false;
  struct Parked {
    std::uint32_t previous = 0;
    bool has_previous = false;
  };
  std::vector<Parked> parked_;  ///< of the processors that do not run
  std::uint16_t cpu_ = 0;
  std::uint64_t rip_distance_ = 0;
};

}  // namespace fiberscope::core
