// Every encoding of a wide guest, run once more one instruction at a time on an engine of its own, from the recorded
// state: what its own hook says was read is what AccessReader computes.
#include <gtest/gtest.h>
#include <unicorn/unicorn.h>

#include <array>
#include <set>

#include "core/memory_access.h"
#include "core/snapshot_builder.h"
#include "tests/core/machine_recording.h"

namespace fiberscope::core {
namespace {

using Bytes = std::set<std::uint64_t>;

constexpr std::uint64_t kDescriptors = 0x1000;  // of segments; loads of them are not in the trace
constexpr std::uint64_t kPage = 4096;

class ReadingEngine {
 public:
  explicit ReadingEngine(emu::Memory& memory) {
    uc_open(UC_ARCH_X86, UC_MODE_64, &uc_);
    for (const emu::Region& region : memory.regions())
      uc_mem_map_ptr(uc_, region.range.low.value, region.range.size(), UC_PROT_ALL,
                     memory.bytes_at(region.range.low).data());
    std::uint64_t cr4 = 0;
    uc_reg_read(uc_, UC_X86_REG_CR4, &cr4);
    set(UC_X86_REG_CR4, cr4 | 0x200);  // OSFXSR
    uc_x86_mmr table{};
    table.base = kDescriptors;
    table.limit = 23;
    uc_reg_write(uc_, UC_X86_REG_GDTR, &table);
    uc_hook hook = 0;
    uc_hook_add(uc_, &hook, UC_HOOK_CODE, reinterpret_cast<void*>(on_code), this, std::uint64_t{1}, std::uint64_t{0});
    uc_hook_add(uc_, &hook, UC_HOOK_MEM_READ, reinterpret_cast<void*>(on_read), this, std::uint64_t{1},
                std::uint64_t{0});
  }
  ReadingEngine(const ReadingEngine&) = delete;
  ReadingEngine& operator=(const ReadingEngine&) = delete;
  ~ReadingEngine() { uc_close(uc_); }

  /// Runs the instruction at rip. False where the engine stops at it.
  bool run(const emu::RegisterFile& before) {
    constexpr std::array kGeneral = {UC_X86_REG_RAX, UC_X86_REG_RBX, UC_X86_REG_RCX, UC_X86_REG_RDX,
                                     UC_X86_REG_RSI, UC_X86_REG_RDI, UC_X86_REG_RBP, UC_X86_REG_RSP,
                                     UC_X86_REG_R8,  UC_X86_REG_R9,  UC_X86_REG_R10, UC_X86_REG_R11,
                                     UC_X86_REG_R12, UC_X86_REG_R13, UC_X86_REG_R14, UC_X86_REG_R15};
    for (std::size_t i = 0; i < kGeneral.size(); ++i) set(kGeneral[i], before.slots[i]);
    set(UC_X86_REG_EFLAGS, before[emu::Register::rflags]);
    set(UC_X86_REG_FS_BASE, before[emu::Register::fs_base]);
    set(UC_X86_REG_GS_BASE, before[emu::Register::gs_base]);
    rip_ = before[emu::Register::rip];
    begun_ = false;
    reads_.clear();
    return uc_emu_start(uc_, rip_, 0, 0, 100'000) == UC_ERR_OK;
  }
  [[nodiscard]] const Bytes& reads() const { return reads_; }

 private:
  void set(int reg, std::uint64_t value) { uc_reg_write(uc_, reg, &value); }
  static void on_code(uc_engine* uc, std::uint64_t address, std::uint32_t /*size*/, void* user) {
    auto* self = static_cast<ReadingEngine*>(user);
    // A rep comes here once an iteration.
    if (self->begun_ && address != self->rip_) uc_emu_stop(uc);
    self->begun_ = true;
  }
  static void on_read(uc_engine* /*uc*/, uc_mem_type /*type*/, std::uint64_t address, int size, std::int64_t /*value*/,
                      void* user) {
    if (address >= kDescriptors && address < kDescriptors + kPage) return;
    for (int i = 0; i < size; ++i)
      static_cast<ReadingEngine*>(user)->reads_.insert(address + static_cast<std::uint64_t>(i));
  }

  uc_engine* uc_ = nullptr;
  std::uint64_t rip_ = 0;
  bool begun_ = false;
  Bytes reads_;
};

/// The engine reads more or less than the manual says here; then only that it reads the same place.
bool is_inexact(const std::string& mnemonic) {
  // Whole areas of which the engine leaves out what it does not keep; halves of 16 bytes of which it reads all.
  for (const char* name : {"fldenv", "frstor", "fxrstor", "fxrstor64", "cvttps2pi", "cvtps2pi", "cvtps2pd", "cvtdq2pd"})
    if (mnemonic == name) return true;
  // With mm registers they read 32 bits, says the manual; the engine reads the whole word.
  return mnemonic.starts_with("punpckl");
}

TEST(MemoryAccessEngine, ReadsOfEveryEncodingAreThoseOfTheEngine) {
  const emu::Image image = emu::machine_guest("instructions");
  const auto trace = record_at(image, "_start");
  emu::Memory memory = trace->state_at(StepIndex{0}).memory;
  ReadingEngine engine(memory);
  AccessReader reader(*trace);
  std::uint64_t compared = 0;
  std::uint64_t with_reads = 0;
  for (StepIndex step{1}; step <= trace->steps() && !HasFailure(); step = step + 1) {
    const AccessedStep& accessed = reader.at(step);
    ASSERT_NE(accessed.decoded, nullptr) << "step " << step.value;
    const emu::Instruction& instruction = *accessed.decoded;
    const bool ran = engine.run(accessed.before);
    for (const MemoryChange& change : trace->effects_of(step).memory)
      memory.write(change.address, change.new_value, change.size);
    if (!ran) continue;  // int n, which ends nowhere here
    Bytes computed;
    for (const StepAccess& access : accessed.accesses)
      for (std::uint64_t i = 0; access.kind == AccessKind::read && i < access.size; ++i)
        computed.insert(access.address.value + i);
    ++compared;
    with_reads += computed.empty() ? 0 : 1;
    if (is_inexact(instruction.intel_mnemonic)) {
      ASSERT_EQ(engine.reads().empty(), computed.empty()) << instruction.intel_operands;
      if (!computed.empty()) {
        EXPECT_EQ(*computed.begin(), *engine.reads().begin()) << instruction.intel_mnemonic;
      }
      continue;
    }
    EXPECT_EQ(computed, engine.reads()) << "step " << step.value << ": " << instruction.intel_mnemonic << " "
                                        << instruction.intel_operands;
  }
  // Some engines refuse a few encodings that begin alone; not one in a hundred.
  EXPECT_GE(compared * 100, trace->steps().value * 99);
  EXPECT_GT(with_reads, 2000U);
}

TEST(MemoryAccessEngine, WritesOfEveryEncodingAreThoseOfTheTrace) {
  const auto trace = record_at(emu::machine_guest("instructions"), "_start");
  AccessReader reader(*trace);
  for (StepIndex step{1}; step <= trace->steps(); step = step + 1) {
    Bytes written;
    std::uint64_t sizes = 0;
    for (const StepAccess& access : reader.at(step).accesses) {
      if (access.kind != AccessKind::write) continue;
      sizes += access.size;
      for (std::uint64_t i = 0; i < access.size; ++i) written.insert(access.address.value + i);
    }
    Bytes recorded;
    std::uint64_t recorded_sizes = 0;
    for (const MemoryChange& change : trace->effects_of(step).memory) {
      recorded_sizes += change.size;
      for (std::uint64_t i = 0; i < change.size; ++i) recorded.insert(change.address.value + i);
    }
    ASSERT_EQ(written, recorded) << "step " << step.value;
    ASSERT_EQ(sizes, recorded_sizes) << "step " << step.value;
  }
}

TEST(MemoryAccessEngine, TheSnapshotOutlinesTheSameBytes) {
  const auto trace = record_at(emu::machine_guest("instructions"), "_start");
  SnapshotBuilder snapshots(*trace, nullptr);
  AccessReader reader(*trace);
  std::uint64_t with_reads = 0;
  for (StepIndex step{1}; step <= trace->steps(); step = step + 1) {
    Bytes outlined;
    for (const MemoryAccess& access : snapshots.build(step).accesses)
      for (std::uint64_t i = 0; !access.is_write && i < access.size; ++i) outlined.insert(access.address.value + i);
    Bytes read;
    for (const StepAccess& access : reader.at(step).accesses)
      for (std::uint64_t i = 0; access.kind == AccessKind::read && i < access.size; ++i)
        read.insert(access.address.value + i);
    ASSERT_EQ(outlined, read) << "step " << step.value;
    with_reads += read.empty() ? 0 : 1;
  }
  EXPECT_GT(with_reads, 2000U);
}

TEST(MemoryAccessEngine, ARepeatedStringIsAnAccessAnElement) {
  const auto trace = record_at(emu::machine_guest("instructions"), "_start");
  AccessReader reader(*trace);
  std::uint64_t seen = 0;
  for (StepIndex step{1}; step <= trace->steps(); step = step + 1) {
    const AccessedStep& accessed = reader.at(step);
    if (accessed.decoded == nullptr || accessed.decoded->intel_mnemonic != "rep movsq") continue;
    const std::uint64_t elements = accessed.before[emu::Register::rcx];
    std::uint64_t reads = 0;
    std::uint64_t writes = 0;
    for (const StepAccess& access : accessed.accesses) {
      reads += access.kind == AccessKind::read && access.size == 8 ? 1 : 0;
      writes += access.kind == AccessKind::write && access.size == 8 ? 1 : 0;
    }
    EXPECT_EQ(reads, elements);
    EXPECT_EQ(writes, elements);
    seen += elements > 1 ? 1 : 0;
  }
  EXPECT_GT(seen, 0U);
}

}  // namespace
}  // namespace fiberscope::core
