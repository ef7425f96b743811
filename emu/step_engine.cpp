#include "emu/step_engine.h"

#include <fmt/format.h>
#include <unicorn/unicorn.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace fiberscope::emu {
namespace {

constexpr std::size_t kPlain = 18;   // the general registers, rip and flags
constexpr std::size_t kVector = 16;  // xmm0 … xmm15
constexpr std::size_t kSlots = 34;   // both
static_assert(kSlots == kPlain + kVector);
constexpr std::uint64_t kPage = 4096;

std::array<int, kSlots> register_ids() {
  std::array<int, kSlots> ids = {UC_X86_REG_RAX, UC_X86_REG_RBX, UC_X86_REG_RCX,   UC_X86_REG_RDX, UC_X86_REG_RSI,
                                 UC_X86_REG_RDI, UC_X86_REG_RBP, UC_X86_REG_RSP,   UC_X86_REG_R8,  UC_X86_REG_R9,
                                 UC_X86_REG_R10, UC_X86_REG_R11, UC_X86_REG_R12,   UC_X86_REG_R13, UC_X86_REG_R14,
                                 UC_X86_REG_R15, UC_X86_REG_RIP, UC_X86_REG_EFLAGS};
  for (std::size_t i = 0; i < kVector; ++i) ids[kPlain + i] = UC_X86_REG_XMM0 + static_cast<int>(i);
  return ids;
}

struct FreeBytes {
  void operator()(std::uint8_t* bytes) const { std::free(bytes); }  // NOLINT: from aligned_alloc
};

struct Mapped {
  AddressRange range;
  std::unique_ptr<std::uint8_t, FreeBytes> bytes;
};

}  // namespace

struct StepEngine::Impl {
  uc_engine* uc = nullptr;
  std::vector<Mapped> mapped;
  std::vector<StepAccess> accesses;
  StepRegisters now;  ///< what goes in and out
  std::array<int, kSlots> ids = register_ids();
  std::array<void*, kSlots> slots{};
  int count = static_cast<int>(kPlain);

  explicit Impl(bool with_vector) {
    for (std::size_t i = 0; i < now.general.size(); ++i) slots[i] = &now.general[i];
    slots[16] = &now.rip;
    slots[17] = &now.flags;
    for (std::size_t i = 0; i < kVector; ++i) slots[kPlain + i] = &now.vector[i * 2];
    if (with_vector) count = static_cast<int>(kPlain + kVector);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    if (uc != nullptr) uc_close(uc);
  }

  static void on_access(uc_engine* /*uc*/, uc_mem_type type, std::uint64_t address, int size, std::int64_t /*value*/,
                        void* self) {
    static_cast<Impl*>(self)->accesses.push_back({{address}, static_cast<std::uint32_t>(size), type == UC_MEM_WRITE});
  }

  /// A read that nothing is mapped for, which on_access() may have been told of already.
  static bool on_unmapped(uc_engine* uc, uc_mem_type /*type*/, std::uint64_t address, int size, std::int64_t value,
                          void* self) {
    const StepAccess missed{{address}, static_cast<std::uint32_t>(size), false};
    const auto& known = static_cast<Impl*>(self)->accesses;
    if (known.empty() || known.back() != missed) on_access(uc, UC_MEM_READ, address, size, value, self);
    return false;
  }

  Result<void> map(const LoadedRegion& loaded) {
    const std::uint64_t size = (loaded.region.range.size() + kPage - 1) / kPage * kPage;
    auto* memory = static_cast<std::uint8_t*>(std::aligned_alloc(kPage, size));
    if (memory == nullptr) return Error{"no memory left for the emulator"};
    std::memset(memory, 0, size);
    if (!loaded.contents.empty()) std::memcpy(memory, loaded.contents.data(), loaded.contents.size());
    const Region& region = loaded.region;
    mapped.push_back({{region.range.low, region.range.low + size}, std::unique_ptr<std::uint8_t, FreeBytes>(memory)});
    const std::uint32_t rights = (region.readable ? std::uint32_t{UC_PROT_READ} : 0U) |
                                 (region.writable ? std::uint32_t{UC_PROT_WRITE} : 0U) |
                                 (region.executable ? std::uint32_t{UC_PROT_EXEC} : 0U);
    if (const uc_err error = uc_mem_map_ptr(uc, region.range.low.value, size, rights, memory); error != UC_ERR_OK)
      return Error{fmt::format("the emulator cannot map {} at {:#x}: {}", region.name, region.range.low.value,
                               uc_strerror(error))};
    return {};
  }
};

StepEngine::StepEngine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StepEngine::StepEngine(StepEngine&&) noexcept = default;
StepEngine& StepEngine::operator=(StepEngine&&) noexcept = default;
StepEngine::~StepEngine() = default;

Result<StepEngine> StepEngine::create(const std::vector<LoadedRegion>& regions, bool with_vector) {
  auto impl = std::make_unique<Impl>(with_vector);
  if (const uc_err error = uc_open(UC_ARCH_X86, UC_MODE_64, &impl->uc); error != UC_ERR_OK)
    return Error{fmt::format("the emulator did not start: {}", uc_strerror(error))};
  uc_ctl_set_cpu_model(impl->uc, UC_CPU_X86_HASWELL);  // as Cpu does, and for its reasons
  for (const LoadedRegion& region : regions)
    if (const auto mapped = impl->map(region); !mapped) return mapped.error();
  uc_hook hook = 0;  // before the first start: a hook that comes later misses what was translated before it
  uc_hook_add(impl->uc, &hook, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, reinterpret_cast<void*>(&Impl::on_access),
              impl.get(), std::uint64_t{1}, std::uint64_t{0});
  uc_hook_add(impl->uc, &hook, UC_HOOK_MEM_READ_UNMAPPED, reinterpret_cast<void*>(&Impl::on_unmapped), impl.get(),
              std::uint64_t{1}, std::uint64_t{0});
  return StepEngine(std::move(impl));
}

std::uint8_t* StepEngine::bytes(Address address) {
  for (const Mapped& mapped : impl_->mapped)
    if (mapped.range.contains(address)) return mapped.bytes.get() + (address - mapped.range.low);
  return nullptr;
}

std::optional<std::string> StepEngine::step(StepRegisters& registers) {
  Impl& impl = *impl_;
  impl.accesses.clear();
  impl.now = registers;
  uc_reg_write_batch(impl.uc, impl.ids.data(), impl.slots.data(), impl.count);
  // Always count = 1 and until = 0: an engine that was ever run otherwise may run on (docs/engine-rules.md).
  if (const uc_err error = uc_emu_start(impl.uc, registers.rip, 0, 0, 1); error != UC_ERR_OK) return uc_strerror(error);
  impl.now.flags = 0;  // the engine writes four bytes
  uc_reg_read_batch(impl.uc, impl.ids.data(), impl.slots.data(), impl.count);
  registers = impl.now;
  return std::nullopt;
}

const std::vector<StepAccess>& StepEngine::accesses() const {
  return impl_->accesses;
}

}  // namespace fiberscope::emu
