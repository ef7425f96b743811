#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "emu/address.h"
#include "emu/body_schedule.h"

namespace fiberscope::emu {

/// Makes several processors follow a schedule item by item, each with a thread of its own: which of them has the next
/// turn, or whose store buffer gives its oldest store to memory. Only body steps count (emu/body_schedule.h); on this
/// machine an instruction that reads shared memory and writes it back without lock is two of them. A turn lasts until
/// the thread stands before its next body step, or has left its body.
///
/// A thread is on the processor that is first seen in the thread's own body. Until all of them are, and behind the last
/// item, the processors go on in turn, but none into a body step; behind the last item every store buffer empties
/// first.
///
/// A drain is no step of its processor. So that it can be told from the one before, a processor that has no thread of
/// the schedule, where there is one, takes a turn before each: it waits anyway, and the drain comes behind its step.
class ProcessorSchedule {
 public:
  ProcessorSchedule(std::vector<ThreadBody> bodies, std::vector<ScheduleItem> items, unsigned processors);

  /// What there is to know of a processor between two turns.
  struct Place {
    bool able = false;   ///< runs, and does not wait for an interrupt
    bool waits = false;  ///< its instruction waits for its store buffer to be empty
    Address rip;
    Address rsp;
    std::size_t buffered = 0;  ///< stores in its buffer
  };
  struct Act {
    unsigned processor = 0;
    bool drains = false;
  };
  /// What comes next. Nothing: the schedule cannot be followed (error()), or nobody can do anything.
  std::optional<Act> next(const std::vector<Place>& places);
  /// The turn of the processor is over: of the instruction at `rip`, one step or its first half. A first half that read
  /// nothing shared is `counts` = false.
  void took(unsigned processor, Address rip, bool counts);
  /// The oldest store of a buffer went to memory, as next() said.
  void drained();
  /// The thread on that processor; 0 where it is not yet known, or there is none.
  [[nodiscard]] std::uint32_t thread_on(unsigned processor) const { return runners_[processor].thread; }
  /// The guest is at its end.
  void finish();

  /// True while the instruction at rip is one that the schedule counts: its stores are those of the program.
  [[nodiscard]] bool is_body(Address rip) const { return body_at(bodies_, rip) != nullptr; }
  /// Which item cannot be followed and why, in words for people; empty while all goes well.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  struct Runner {
    std::uint32_t thread = 0;  ///< 0: not yet known
    Address entry_rsp;         ///< at the body's first instruction: of its return address
    bool left = false;         ///< the body has returned
    std::uint64_t steps = 0;   ///< that counted
  };

  void look(const std::vector<Place>& places);
  [[nodiscard]] std::optional<unsigned> processor_of(std::uint32_t thread) const;
  /// True until every thread that has a body stands in it, or takes too long to come there.
  bool waits_for_beginnings();
  [[nodiscard]] std::optional<Act> free_turn(const std::vector<Place>& places, bool into_bodies);
  /// The drain of a processor's buffer, or the step before it.
  Act drain_turn(const std::vector<Place>& places, unsigned processor);
  std::optional<Act> next_of_item(const std::vector<Place>& places);
  void end_item();
  std::optional<Act> fail(const std::string& why);

  std::vector<ThreadBody> bodies_;
  std::vector<ScheduleItem> items_;
  std::vector<Runner> runners_;  ///< by processor
  std::size_t next_ = 0;         ///< the item under way
  std::uint64_t done_ = 0;       ///< of it, body steps or drains
  std::uint64_t uncounted_ = 0;  ///< turns since the last that counted
  unsigned last_ = 0;            ///< who had the last free turn
  bool begun_ = false;           ///< all threads are in their bodies
  bool paced_ = false;           ///< the drain that comes has its step
  std::string error_;
};

}  // namespace fiberscope::emu
