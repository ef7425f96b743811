#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/explore/interner.h"
#include "core/explore/step_memory.h"
#include "core/explore/step_site.h"
#include "core/explore/thread_program.h"
#include "emu/disassembler.h"
#include "emu/result.h"
#include "emu/step_engine.h"

namespace fiberscope::core::explore {

/// What a processor does besides executing instructions.
struct MachineModel {
  bool many_cpus = false;  ///< an unlocked instruction that reads and writes shared memory is two steps
  bool tso = false;        ///< each thread's processor has a store buffer (x86-TSO)
  bool remember = true;    ///< keep the results of steps; without it each transition is emulated again
};

/// A step as a function of (thread's state, shared memory): the only user of an emulated engine. States are interned;
/// an emulated step runs once per distinct pair and is remembered.
class MachineStep {
 public:
  /// Runs every thread's prologue. Fails where a thread's code cannot be explored. The program must outlive this.
  static emu::Result<std::unique_ptr<MachineStep>> create(const ThreadProgram& program, const MachineModel& model);
  MachineStep(const MachineStep&) = delete;
  MachineStep& operator=(const MachineStep&) = delete;
  ~MachineStep();

  [[nodiscard]] const std::vector<LocalId>& first_locals() const { return first_locals_; }
  [[nodiscard]] SharedId first_shared() const { return first_shared_; }

  /// The next body step of the thread in this state. Null where it went wrong: then error() says how.
  const StepResult* step(LocalId local, SharedId shared) {
    const StepResult* known = model_.remember ? steps_.find(local, shared) : nullptr;
    return known != nullptr ? known : run_step(local, shared);
  }
  /// The oldest entry of the store buffer goes to memory; not enabled where it is empty.
  const StepResult* drain(LocalId local, SharedId shared);
  [[nodiscard]] const emu::Error& error() const { return *error_; }

  [[nodiscard]] bool finished(LocalId local) const { return (status_[local] & kFinished) != 0; }
  [[nodiscard]] bool has_stores(LocalId local) const { return (status_[local] & kHasStores) != 0; }
  /// The step of a finished thread, or a drain of an empty buffer, is never enabled: worth asking first.
  [[nodiscard]] std::uint8_t status(LocalId local) const { return status_[local]; }
  /// Whether all ways that were seen to each thread's own state are equally long. Then so are those to a whole state,
  /// as a step or drain moves one thread, and no way comes back to a state or meets it later.
  [[nodiscard]] bool is_levelled() const { return is_levelled_; }
  static constexpr std::uint8_t kFinished = 1;
  static constexpr std::uint8_t kHasStores = 2;

  [[nodiscard]] std::int64_t value(SharedId shared, const SharedVariable& variable) const;
  [[nodiscard]] std::uint64_t register_value(LocalId local, std::size_t reg) const;
  [[nodiscard]] std::uint64_t rip(LocalId local) const;
  /// What lies in the store buffer, oldest first.
  struct Store {
    std::uint64_t address = 0;
    std::uint32_t size = 0;
    std::uint64_t value = 0;
  };
  [[nodiscard]] std::vector<Store> stores(LocalId local) const;
  /// The call that a thread waits in, with its argument.
  struct Waiting {
    RuntimeCall call = RuntimeCall::lock;
    std::uint64_t argument = 0;
  };
  [[nodiscard]] std::optional<Waiting> waiting(LocalId local) const;

  [[nodiscard]] const SiteTable& sites() const { return sites_; }
  [[nodiscard]] const ThreadProgram& program() const { return program_; }
  [[nodiscard]] const MachineModel& model() const { return model_; }
  [[nodiscard]] std::uint64_t emulated_steps() const { return emulated_; }
  [[nodiscard]] std::size_t local_states() const { return locals_.size(); }
  [[nodiscard]] std::size_t shared_states() const { return memories_.size(); }
  [[nodiscard]] std::size_t footprint() const;
  /// "mov eax, dword ptr [x]  (x=x+1)": the instruction for people.
  [[nodiscard]] std::string describe(std::uint64_t rip) const;
  [[nodiscard]] std::string source(std::uint64_t rip) const;
  [[nodiscard]] std::string text(std::uint64_t rip) const;
  /// Whether the instruction only moves a number that stands in it into memory.
  [[nodiscard]] bool stores_constant(std::uint64_t rip) const;

 private:
  struct State;
  struct Code {
    emu::Instruction instruction;
    bool locked = false;  ///< lock prefix, or xchg with memory
    bool fence = false;   ///< mfence
    bool repeats = false;
    bool aligned = false;  ///< its operand of 16 bytes must be
    std::string refused;   ///< why it cannot be explored
  };

  MachineStep(const ThreadProgram& program, const MachineModel& model, emu::StepEngine engine);

  emu::Result<void> begin_threads();
  const StepResult* fail(const State& state, const std::string& cause);
  const StepResult* run_step(LocalId local, SharedId shared);
  /// Remembers what a step or drain of (local, shared) leads to, and returns it.
  const StepResult* keep(StepMemory& memory, LocalId local, SharedId shared, const StepResult& result);
  /// Both return false where the thread is blocked, or where it went wrong: then there is an error.
  bool run_code(State& state, bool locked);
  bool call_runtime(State& state, RuntimeCall call, std::uint64_t return_address);
  /// One instruction of the engine, checked. Its accesses of shared memory are appended to touched_.
  bool execute(State& state, const Code& code);
  void fail_to_leave(const State& state, std::optional<emu::Address> target);
  bool check_access(const State& state, const emu::StepAccess& access);
  /// Whether all of it is of one shared object.
  [[nodiscard]] bool is_in_object(std::uint64_t address, std::uint32_t size) const;
  /// Where an access of shared memory lies that is of none: "12 bytes behind the end of a (12 bytes at 0x600000)".
  [[nodiscard]] std::string place_outside(std::uint64_t address, std::uint32_t size) const;
  /// Whether each variable's value fits a number of 64 bits with a sign, in memory and once the thread's store buffer
  /// has been drained; `start` is where the step began.
  bool check_values(const State& state, std::uint64_t start);
  void finish(State& state);

  [[nodiscard]] State unpack(LocalId local) const;
  LocalId pack(const State& state);
  /// There is a step or drain from one to the other.
  void note_level(LocalId from, LocalId to);
  void load_stack(const State& state);
  void save_stack(State& state);
  void load_shared(SharedId shared);
  SharedId save_shared();
  [[nodiscard]] std::uint8_t* shared_bytes(std::uint64_t address);
  const Code* code_at(std::uint64_t rip);
  [[nodiscard]] bool is_epilogue(std::uint64_t rip, std::size_t thread) const;
  [[nodiscard]] std::optional<emu::Instruction> decode(std::uint64_t rip) const;
  [[nodiscard]] bool is_shared(std::uint64_t address, std::uint32_t size) const;
  [[nodiscard]] bool is_plain(std::uint64_t address) const;

  const ThreadProgram& program_;
  MachineModel model_;
  mutable emu::StepEngine engine_;
  emu::Disassembler disassembler_;
  Interner locals_;
  Interner memories_;
  std::vector<std::uint8_t> status_;   // of each local state
  std::vector<std::uint32_t> levels_;  // likewise: steps and drains from the thread's start; kNoLevel until one is seen
  bool is_levelled_ = true;
  SiteTable sites_;
  std::vector<LocalId> first_locals_;
  SharedId first_shared_ = 0;
  std::uint64_t emulated_ = 0;
  std::optional<emu::Error> error_;

  struct Range {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::uint8_t* bytes = nullptr;
    [[nodiscard]] bool holds(std::uint64_t address, std::uint32_t size) const {
      return low <= address && address < high && size <= high - address;
    }
  };
  Range shared_;
  std::vector<std::uint8_t> shared_start_;
  std::vector<Range> stacks_;
  std::vector<std::vector<std::uint64_t>> stack_now_;  // the words that differ from zero in the engine's memory
  std::vector<std::uint64_t> shared_now_;
  std::vector<Range> code_ranges_;
  std::vector<Range> constant_ranges_;
  std::unordered_map<std::uint64_t, Code> codes_;
  mutable std::unordered_map<std::uint64_t, bool> epilogues_;
  std::vector<const SharedVariable*> wide_;  // whose values may not fit
  std::vector<SiteAccess> touched_;
  std::vector<std::uint64_t> stack_written_;  // words of the running thread's stack
  std::vector<std::uint64_t> scratch_;

  StepMemory steps_;
  StepMemory drains_;
  StepResult last_;
};

}  // namespace fiberscope::core::explore
