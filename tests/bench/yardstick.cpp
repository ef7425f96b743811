#include "tests/bench/yardstick.h"

#include <unicorn/unicorn.h>

#include <chrono>
#include <stdexcept>

#include "emu/memory.h"

namespace fiberscope::bench {
namespace {

struct Counters {
  std::uint64_t steps = 0;
  std::uint64_t limit = 0;
};

void on_code(uc_engine* uc, std::uint64_t, std::uint32_t, void* user) {
  auto* counters = static_cast<Counters*>(user);
  if (counters->steps++ == counters->limit) uc_emu_stop(uc);
}

void on_write(uc_engine*, uc_mem_type, std::uint64_t, int, std::int64_t, void*) {}

}  // namespace

emu::Image bench_image(const std::string& name) {
  auto image = emu::Image::load(std::string(FIBERSCOPE_GUEST_IMAGES) + "/" + name + ".elf");
  if (!image) throw std::runtime_error(image.error().message);
  return std::move(image).value();
}

double empty_hooks_seconds(const emu::Image& image, std::uint64_t steps) {
  emu::Memory memory;
  for (const emu::LoadedRegion& region : image.regions())
    if (!memory.add(region)) throw std::runtime_error("overlapping regions");
  uc_engine* uc = nullptr;
  if (uc_open(UC_ARCH_X86, UC_MODE_64, &uc) != UC_ERR_OK) throw std::runtime_error("no engine");
  for (const emu::Region& region : memory.regions()) {
    const auto bytes = memory.bytes_at(region.range.low);
    uc_mem_map_ptr(uc, region.range.low.value, bytes.size(), UC_PROT_ALL, bytes.data());
  }
  Counters counters{0, steps};
  uc_hook hook = 0;
  uc_hook_add(uc, &hook, UC_HOOK_CODE, reinterpret_cast<void*>(on_code), &counters, std::uint64_t{1}, std::uint64_t{0});
  uc_hook_add(uc, &hook, UC_HOOK_MEM_WRITE, reinterpret_cast<void*>(on_write), &counters, std::uint64_t{1},
              std::uint64_t{0});
  const std::uint64_t rsp = image.symbol("boot_stack_top")->address.value;
  uc_reg_write(uc, UC_X86_REG_RSP, &rsp);
  const auto start = std::chrono::steady_clock::now();
  const uc_err error = uc_emu_start(uc, image.entry().value, 0, 0, SIZE_MAX);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  uc_close(uc);
  if (error != UC_ERR_OK || counters.steps != steps + 1) throw std::runtime_error("the yardstick's guest ended early");
  return seconds;
}

}  // namespace fiberscope::bench
