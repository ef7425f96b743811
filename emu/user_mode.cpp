#include "emu/user_mode.h"

#include <fmt/format.h>
#include <unicorn/unicorn.h>

#include "emu/engine_state.h"
#include "emu/memory.h"

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kPage = (std::uint64_t{1} << 47) - kPageSize;
constexpr std::uint64_t kFrameAt = kPage + 0x100;
constexpr std::uint64_t kDescriptorsAt = kPage + 0x200;

constexpr std::uint8_t kReturn[] = {0x48, 0xcf};  // iretq
constexpr std::uint64_t kFrame[] = {kPage, kUserCodeSelector, 2, kPage, kUserDataSelector};
/// Null, null, ring 0 code and data, 32-bit user code, user data, 64-bit user code (Intel SDM vol. 3, 3.4.5), all with
/// the accessed bit.
constexpr std::uint64_t kDescriptors[] = {
    0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cffb000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff};

}  // namespace

Result<void> enter_user_mode(uc_engine* engine) {
  // Writing cs does not change the ring, so the engine runs one iretq, on a page that then loses its right to run.
  if (uc_mem_map(engine, kPage, kPageSize, UC_PROT_READ | UC_PROT_EXEC) != UC_ERR_OK)
    return Error{fmt::format("the page at {:#x} is needed for the segment descriptors", kPage)};
  uc_mem_write(engine, kPage, kReturn, sizeof kReturn);
  uc_mem_write(engine, kFrameAt, kFrame, sizeof kFrame);
  uc_mem_write(engine, kDescriptorsAt, kDescriptors, sizeof kDescriptors);
  uc_x86_mmr table{};
  table.base = kDescriptorsAt;
  table.limit = sizeof kDescriptors - 1;
  uc_reg_write(engine, UC_X86_REG_GDTR, &table);
  write_register(engine, engine_register(Register::rsp), kFrameAt, 0);
  const uc_err error = uc_emu_start(engine, kPage, 0, 0, 1);
  uc_mem_protect(engine, kPage, kPageSize, UC_PROT_READ);
  std::uint64_t selector = 0;
  uc_reg_read(engine, UC_X86_REG_CS, &selector);
  if (error != UC_ERR_OK || selector != kUserCodeSelector)
    return Error{fmt::format("the emulator did not enter user mode: {}", uc_strerror(error))};
  return {};
}

}  // namespace fiberscope::emu
