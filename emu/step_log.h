#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "emu/address.h"
#include "emu/registers.h"

namespace fiberscope::emu {

/// The raw log that the hooks write while the guest runs: words in a buffer that may lie in memory shared with another
/// process, so that what a dying worker did is not lost. It says only what cannot be known otherwise; the reader keeps
/// the state of registers and memory itself, decodes each instruction from that memory and knows its write set.
///
/// Records, in the order in which things happened (each word 64 bits):
///
///   step    kStep | size << 8 | write_words << 32     size of the instruction in bytes
///           rip                                       of the instruction; where the next record is a step, rip after
///           it write_words words of writes               (see below) one word for each slot of the write set   values
///           after the step, ascending slots
///   event   kEvent | EventKind << 8 | register_count << 16 | write_words << 32
///           vector | error code << 32
///           rip before the event
///           write_words words of writes
///           register_count pairs of words (slot, value), rip always among them
///   output  kOutput | byte_count << 32                the step before printed these bytes
///           the bytes, eight a word
///   space   kSpace | number << 32                     from here on the address space of that number is laid out
///   text    kText | byte_count << 32                  what the event before says of itself, for people
///           the bytes, eight a word
///
///   cpu     kCpu | number << 8                        the processor that goes on from here; at first 0
///           rip of the one before
///
///   write   address | size << 56, value               size 1 … 8
///           address | kBlock << 56, byte_count, bytes eight a word
enum class RecordTag : std::uint8_t { step = 1, event = 2, output = 3, text = 4, cpu = 5, space = 6 };

inline constexpr std::uint64_t kBlockWrite = 0xff;
inline constexpr std::uint64_t kWriteAddressMask = (std::uint64_t{1} << 56) - 1;

/// What the machine itself did between two steps.
enum class EventKind : std::uint8_t {
  interrupt = 1,  ///< a device's interrupt, delivered through the guest's IDT
  exception =
      2,      ///< a fault or trap of the instruction at rip, likewise; that instruction is no step unless it is a trap
  fault = 3,  ///< the guest ended at an instruction that could not complete (see Stop)
  system_call = 4,  ///< the kernel answered a system call; the vector is its number
  signal = 5,       ///< the kernel delivered a signal, or ended the program by one; the vector is its number
  task = 6,         ///< the kernel let another task go on; the vector is the low bits of its id
  page_copy = 7,    ///< copy on write: the kernel gave a page a frame of its own; vector 0: it had it already
  read = 8,         ///< the first half of an instruction at rip that is not atomic: it has read its operand in memory
  start = 9,        ///< another processor, whose number is the vector, started this one
  buffer = 10,      ///< what the step stored waits in the processor's store buffer: memory is as it was
  drain = 11        ///< the oldest store of the processor's buffer, of so many bytes as the vector says, is in memory
};

/// One buffer of records. Steps are never split over two buffers. It may be read at any time, also behind the death of
/// the process that fills it.
struct StepBuffer {
  static constexpr std::size_t kWords = std::size_t{1} << 19;
  static constexpr std::uint64_t kMaxSteps = 4096;

  std::atomic<std::uint64_t> sequence{0};    ///< 1, 2, … in the order of filling; 0: never used
  std::atomic<std::uint64_t> steps{0};       ///< steps among the complete records
  std::atomic<std::uint64_t> first_step{0};  ///< steps that ran before this buffer
  std::uint64_t words[kWords];

  /// Empties it.
  void begin(std::uint64_t number, std::uint64_t steps_before) {
    end_.store(0);
    steps.store(0);
    first_step.store(steps_before);
    sequence.store(number);
  }
  /// So many words are complete records now, and rip is this behind the last one. Both become known at once.
  void commit(std::uint64_t used_words, std::uint64_t rip) {
    const std::uint64_t other = ~end_.load(std::memory_order_relaxed) & kSecond;
    rips_[other != 0].store(rip, std::memory_order_relaxed);
    end_.store(used_words | other, std::memory_order_release);
  }
  /// Words of complete records.
  [[nodiscard]] std::uint64_t used() const { return end_.load(std::memory_order_acquire) & ~kSecond; }
  /// Behind the last of them.
  [[nodiscard]] std::uint64_t rip_after() const { return rips_[(end_.load(std::memory_order_acquire) & kSecond) != 0]; }

 private:
  static constexpr std::uint64_t kSecond = std::uint64_t{1} << 63;
  std::atomic<std::uint64_t> end_{0};        ///< used words, and kSecond where the second rip is the one that counts
  std::atomic<std::uint64_t> rips_[2] = {};  ///< of them one counts, the other is being written
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "buffers are shared between processes");

/// Takes full buffers and gives empty ones. Called on the thread that runs the guest; may block until one is free.
class StepSink {
 public:
  virtual ~StepSink() = default;
  /// An empty buffer: its counters zero, its first_step and sequence set by the sink. Null asks the guest to stop.
  virtual StepBuffer* acquire(std::uint64_t first_step) = 0;
  /// The buffer holds complete records and will not change any more.
  virtual void publish(StepBuffer& buffer) = 0;
};

}  // namespace fiberscope::emu
