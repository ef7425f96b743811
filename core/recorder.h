#pragma once
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>

#include "core/chunk.h"
#include "core/thread_source.h"
#include "core/thread_table.h"
#include "core/trace_data.h"
#include "core/unwinder.h"
#include "emu/debug_info.h"
#include "emu/image.h"
#include "emu/machine.h"
#include "emu/step_log.h"

namespace fiberscope::core {

/// The raw buffers between the guest and the encoder. Plain memory: it may lie in a file shared with another process,
/// which then finds here what a dead recorder had not yet encoded.
struct StepRing {
  static constexpr std::size_t kBuffers = 8;
  std::atomic<std::uint64_t> safe{0};  ///< sequence number of the last buffer whose steps are safe in the trace
  std::array<emu::StepBuffer, kBuffers> buffers;
};

/// Turns raw buffers into batches: chunks, threads, switches, events, output. Knows nothing of processes or threads;
/// used by the recorder while a guest runs, and afterwards on what a dead one left.
class BatchEncoder final : public ChunkEncoder::Observer {
 public:
  /// `start` is the state at cursor 0, or at the end of what is already encoded, of which `templates`, `chunks` and
  /// `threads` then tell.
  struct Resume {
    std::vector<StepTemplate> templates;
    std::uint64_t chunks = 0;
    std::vector<ThreadRecord> threads;
    std::map<CpuId, SwitchReason> last_reasons;  ///< of each processor's last switch
    std::set<std::uint64_t> dirty_pages;         ///< written since the last checkpoint
    std::uint32_t space = 0;                     ///< the address space that is laid out; `start` is flat
  };
  BatchEncoder(const emu::Image& image, MachineState start, Resume resume);
  ~BatchEncoder() override;

  /// Everything that the records tell. Throws CorruptData on a damaged log.
  TraceBatch encode(std::span<const std::uint64_t> words, StepIndex first, std::uint64_t rip_after);
  [[nodiscard]] const StepState& state() const { return state_; }
  /// Threads and the like at the very start, before any step.
  TraceBatch begin();

 private:
  bool on_watched_write(std::uint64_t address, std::size_t size) override;
  void on_step(StepIndex step, const StepTemplate& instruction, std::uint64_t rsp_before) override;
  void on_event(const ChunkEvent& event, std::uint64_t rsp_before) override;
  void on_event_text(std::string text) override;
  void on_space(StepIndex step) override;
  void on_output(StepIndex step, std::span<const std::uint8_t> bytes) override;
  void on_cpu(CpuId cpu) override;
  [[nodiscard]] emu::AddressRange stack() const override { return stack_; }
  [[nodiscard]] emu::AddressRange watched() const override { return watched_; }

  void look_at_threads(StepIndex step);
  /// The function that holds an address, and what it means on the chain of a thread that leaves its stack.
  struct Function {
    std::string name;
    SwitchReason reason = SwitchReason::unknown;
  };
  const Function& function_at(emu::Address rip);
  void note_switch(StepIndex step, emu::Address rip, std::uint64_t rsp_before, SwitchReason known);
  void checkpoint(TraceBatch& batch);

  const emu::Image& image_;
  emu::DebugInfo debug_;
  Unwinder unwinder_;
  StepState state_;
  std::vector<StepTemplate> templates_;
  std::size_t templates_told_ = 0;
  std::unique_ptr<ChunkEncoder> encoder_;
  std::optional<ThreadSource> table_;
  std::vector<Thread> threads_;
  std::set<ThreadId> known_threads_;
  bool threads_changed_ = true;  ///< a control block was written since they were read
  /// On whose stack a processor's rsp is.
  struct Owner {
    std::optional<ThreadId> thread;
    emu::AddressRange stack;
  };
  [[nodiscard]] Owner owner_of(const emu::RegisterFile& registers) const;
  CpuId cpu_;
  std::optional<ThreadId> owner_;
  emu::AddressRange stack_;
  std::map<CpuId, SwitchReason> last_reasons_;  ///< of each processor's last switch
  std::vector<Owner> parked_;  ///< of the processors, where there are several; not of the one that runs
  emu::AddressRange watched_;
  std::uint64_t chunks_ = 0;
  std::set<std::uint64_t> dirty_pages_;
  std::unordered_map<std::uint64_t, Function> functions_;  ///< by rip
  TraceBatch batch_;
};

/// Records a machine: the guest runs on the caller's thread, encoding on one of its own.
class Recorder final : public emu::StepSink {
 public:
  /// All must outlive the recorder. The machine must be at its start.
  Recorder(emu::Machine& machine, const emu::Image& image, StepRing& ring, TraceSink& sink);
  ~Recorder() override;

  /// Runs the guest to its end or the limit and finishes the trace. Throws what the encoder or the sink threw.
  emu::Stop run(std::uint64_t max_steps);

  emu::StepBuffer* acquire(std::uint64_t first_step) override;
  void publish(emu::StepBuffer& buffer) override;

 private:
  void encode_all();

  emu::Machine& machine_;
  StepRing& ring_;
  TraceSink& sink_;
  BatchEncoder encoder_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t acquired_ = 0;  ///< sequence number of the newest buffer handed out
  std::uint64_t published_ = 0;
  bool closing_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

/// The header of a trace of this machine at its start.
TraceHeader make_header(const emu::Machine& machine, const emu::Image& image, std::map<std::string, std::string> meta);

}  // namespace fiberscope::core
