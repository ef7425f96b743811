#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "emu/address.h"

namespace fiberscope::emu {

/// The part of a thread that a schedule counts: the instructions of its statements, without prologue, epilogue and what
/// they call.
struct ThreadBody {
  std::uint32_t thread = 0;  ///< its id in the guest; 0: code that any of the threads may run
  AddressRange code;
  /// Where a step begins, ascending: a step goes from one of these to the next. None: each instruction is a step.
  std::vector<Address> step_starts;
};

/// The body that the instruction at rip is of, or null.
const ThreadBody* body_at(std::span<const ThreadBody> bodies, Address rip);
/// The body whose step begins at rip, or null.
const ThreadBody* step_at(std::span<const ThreadBody> bodies, Address rip);

/// A turn of a schedule: so many body steps of a thread, or so many stores of its processor's buffer go to memory.
struct ScheduleItem {
  std::uint32_t thread = 0;
  std::uint64_t steps = 0;
  bool drains = false;

  friend bool operator==(const ScheduleItem&, const ScheduleItem&) = default;
};

/// Why an item cannot be followed: the thread has ended, after so many body steps in all, `in_item` of them in the
/// item.
std::string too_few_steps(std::uint32_t thread, std::uint64_t steps, std::uint64_t in_item);

/// Makes a guest follow a schedule item by item: it answers the scheduler port, and says when the timer strikes. Only
/// body steps of the running thread count; the timer is due before the first body step that would be one too many. So a
/// thread whose turn ends with its last body step goes on, uncounted, to its own end.
///
/// Behind the last item it has no opinion: the guest's scheduler goes on by itself.
class BodySchedule {
 public:
  BodySchedule(std::vector<ThreadBody> bodies, std::vector<ScheduleItem> items);

  /// The guest's scheduler asks who is next: a thread's id, or nothing.
  std::optional<std::uint32_t> pick();
  /// The instruction at rip is about to run. True if the timer is to strike before it; that ends the turn, and it is
  /// asked again when the thread comes back. False as well where the schedule cannot be followed: error().
  bool strikes_before(Address rip, Address rsp);
  /// The timer that is due cannot strike: interrupts are off.
  void held_off();
  /// The instruction at rip has run.
  void ran(Address rip);
  /// The guest is at its end.
  void finish();

  /// Which item cannot be followed and why, in words for people; empty while all goes well.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  [[nodiscard]] std::string item_text() const;
  /// The item that is under way, or null.
  [[nodiscard]] const ScheduleItem* item() const { return next_ < items_.size() ? &items_[next_] : nullptr; }

  std::vector<ThreadBody> bodies_;
  std::vector<ScheduleItem> items_;
  std::size_t next_ = 0;    ///< the item under way
  std::uint64_t done_ = 0;  ///< body steps of it so far
  bool named_ = false;      ///< the guest's scheduler was told of it
  struct Runner {
    std::optional<Address> entry_rsp;  ///< at the first instruction of its body: of its return address
    bool left = false;                 ///< the body has returned
    std::uint64_t steps = 0;
  };
  std::map<std::uint32_t, Runner> runners_;  ///< by thread
  std::string error_;
};

}  // namespace fiberscope::emu
