#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "emu/cpu.h"
#include "emu/memory.h"
#include "emu/registers.h"
#include "emu/rep_writes.h"
#include "emu/step_log.h"

namespace fiberscope::emu {

/// Where a processor's records go: the sink's buffers, one after the other. It writes what is no step; a step's record
/// is written in place, behind reserve().
class StepLogWriter {
 public:
  explicit StepLogWriter(const Memory& memory) : memory_(memory) {}

  /// Null logs nothing.
  void set_sink(StepSink* sink);
  [[nodiscard]] bool is_on() const { return sink_ != nullptr; }
  /// The buffer under way, or null.
  [[nodiscard]] StepBuffer* buffer() const { return buffer_; }
  /// Behind the last complete record of the buffer under way, which must be there.
  [[nodiscard]] std::uint64_t* end() const { return buffer_->words + buffer_->used(); }

  /// Makes room for so many words in one buffer; `steps` have been executed so far. False: nothing more is recorded. It
  /// must be on.
  bool reserve(std::size_t words, std::uint64_t steps) {
    if (buffer_ != nullptr) {
      const bool room = buffer_->used() + words <= StepBuffer::kWords;
      if (room && buffer_->steps.load(std::memory_order_relaxed) < StepBuffer::kMaxSteps) return true;
    }
    return change_buffer(steps);
  }
  /// A step's record ends here, and rip is this behind it.
  void commit_step(const std::uint64_t* end, std::uint64_t rip) {
    buffer_->steps.store(buffer_->steps.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    commit(end, rip);
  }
  /// Publishes the buffer under way.
  void flush();

  void add_output(const std::string& bytes) { output_ += bytes; }
  /// What was printed stands behind the step or event that is complete now.
  void put_output(std::uint64_t steps) {
    if (!output_.empty()) write_output(steps);
  }
  /// `pending`: what a repeated instruction has stored without being logged. All registers are as they are now.
  void put_event(const Cpu::Event& event, const RepWrites& pending, const RegisterFile& registers, std::uint64_t steps);
  /// Goes on with the other one's sink, buffer and output; from here on the log is about processor `number`, whose rip
  /// is this. `rip_before`: of the other one.
  void take_over(StepLogWriter& from, unsigned number, std::uint64_t rip_before, std::uint64_t rip,
                 std::uint64_t steps);

 private:
  bool change_buffer(std::uint64_t steps);
  void write_output(std::uint64_t steps);
  std::uint64_t* put_write(std::uint64_t* at, AddressRange range) const;
  void commit(const std::uint64_t* end, std::uint64_t rip) {
    buffer_->commit(static_cast<std::uint64_t>(end - buffer_->words), rip);
  }

  const Memory& memory_;
  StepSink* sink_ = nullptr;
  StepBuffer* buffer_ = nullptr;
  std::string output_;
};

}  // namespace fiberscope::emu
