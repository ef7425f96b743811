#include "emu/engine_state.h"

#include <fmt/format.h>
#include <unicorn/unicorn.h>

namespace fiberscope::emu {
namespace {

/// Registers that are not recorded but belong to the processor's state: tables, debug registers, …
constexpr int kHiddenTables[] = {UC_X86_REG_GDTR, UC_X86_REG_IDTR, UC_X86_REG_LDTR, UC_X86_REG_TR};
constexpr int kHiddenRegisters[] = {UC_X86_REG_DR0, UC_X86_REG_DR1, UC_X86_REG_DR2,
                                    UC_X86_REG_DR3, UC_X86_REG_DR6, UC_X86_REG_DR7};
/// … and model-specific ones (Intel SDM vol. 4): EFER, STAR, LSTAR, CSTAR, FMASK, the other GS base, TSC_AUX,
/// SYSENTER's three, PAT.
constexpr std::uint32_t kHiddenModelRegisters[] = {
    0xc0000080, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000102, 0xc0000103, 0x174, 0x175, 0x176, 0x277};

std::uint32_t engine_rights(PageRights rights) {
  std::uint32_t result = UC_PROT_NONE;
  if (rights.readable) result |= UC_PROT_READ;
  if (rights.writable) result |= UC_PROT_WRITE;
  if (rights.executable) result |= UC_PROT_EXEC;
  return result;
}

}  // namespace

void copy_processor(uc_engine* from, uc_engine* to) {
  for (const int id : kHiddenTables) {
    uc_x86_mmr table{};
    uc_reg_read(from, id, &table);
    uc_reg_write(to, id, &table);
  }
  for (const int id : kHiddenRegisters) {
    std::uint64_t value[2] = {0, 0};
    uc_reg_read(from, id, value);
    uc_reg_write(to, id, value);
  }
  for (const std::uint32_t id : kHiddenModelRegisters) {
    uc_x86_msr model{id, 0};
    uc_reg_read(from, UC_X86_REG_MSR, &model);
    uc_reg_write(to, UC_X86_REG_MSR, &model);
  }
  write_registers(to, read_registers(from));
}

RegisterFile read_registers(uc_engine* engine) {
  RegisterFile file;
  for (std::size_t i = 0; i < kRegisterSlots; ++i) {
    const EngineRegister reg = engine_register(static_cast<Register>(i));
    uc_reg_read(engine, reg.id, &file.slots[i]);
    if (reg.slots == 2) ++i;
  }
  return file;
}

void write_registers(uc_engine* engine, const RegisterFile& file) {
  for (std::size_t i = 0; i < kRegisterSlots; ++i) {
    const EngineRegister reg = engine_register(static_cast<Register>(i));
    write_register(engine, reg, file.slots[i], reg.slots == 2 ? file.slots[i + 1] : 0);
    if (reg.slots == 2) ++i;
  }
  // Loading a selector of fs or gs may have cleared its base.
  for (const Register base : {Register::fs_base, Register::gs_base})
    write_register(engine, engine_register(base), file[base], 0);
}

void write_register(uc_engine* engine, EngineRegister reg, std::uint64_t low, std::uint64_t high) {
  const std::uint64_t value[2] = {low, high};
  if (reg.id != UC_X86_REG_CR2) {
    uc_reg_write(engine, reg.id, value);
    return;
  }
  // 2.1 writes CR3 along with it.
  std::uint64_t cr3 = 0;
  uc_reg_read(engine, UC_X86_REG_CR3, &cr3);
  uc_reg_write(engine, reg.id, value);
  uc_reg_write(engine, UC_X86_REG_CR3, &cr3);
}

Cpu::TableRegister read_table(uc_engine* engine, int id) {
  uc_x86_mmr table{};
  uc_reg_read(engine, id, &table);
  return {Address{table.base}, table.limit};
}

void write_table(uc_engine* engine, int id, Cpu::TableRegister value) {
  uc_x86_mmr table{};
  table.base = value.base.value;
  table.limit = value.limit;
  uc_reg_write(engine, id, &table);
}

Result<void> map_memory(uc_engine* engine, Memory& memory) {
  for (const Region& region : memory.regions()) {
    if (!region.readable && !region.writable && !region.executable) continue;  // nothing of the guest's
    for (const Memory::RightsRun& run : memory.rights_in(region.range)) {
      const uc_err error = uc_mem_map_ptr(engine, run.range.low.value, run.range.size(), engine_rights(run.rights),
                                          memory.bytes_at(run.range.low).data());
      if (error != UC_ERR_OK)
        return Error{fmt::format("the emulator cannot map region '{}' at {:#x}: {}", region.name, run.range.low.value,
                                 uc_strerror(error))};
    }
  }
  return {};
}

void protect_memory(uc_engine* engine, const Memory& memory, AddressRange range) {
  for (const Memory::RightsRun& run : memory.rights_in(range))
    uc_mem_protect(engine, run.range.low.value, run.range.size(), engine_rights(run.rights));
}

void load_control_register(uc_struct* from, uc_struct* fresh, const Memory& memory) {
  const auto value_of = [](uc_struct* engine, Register reg) {
    std::uint64_t value[2] = {0, 0};
    uc_reg_read(engine, engine_register(reg).id, value);
    return value[0];
  };
  const std::uint64_t cr0 = value_of(from, Register::cr0);
  if (cr0 == value_of(fresh, Register::cr0)) return;
  constexpr std::uint8_t kLoad[] = {0x0f, 0x22, 0xc0};  // mov %rax, %cr0
  std::uint64_t page = (std::uint64_t{1} << 47) - kPageSize;
  while (memory.region_at(Address{page}) != nullptr) page -= kPageSize;
  if (uc_mem_map(fresh, page, kPageSize, UC_PROT_READ | UC_PROT_EXEC) != UC_ERR_OK) return;
  uc_mem_write(fresh, page, kLoad, sizeof kLoad);
  for (const Register reg : {Register::cr3, Register::cr4})
    write_register(fresh, engine_register(reg), value_of(from, reg), 0);
  write_register(fresh, engine_register(Register::rax), cr0, 0);
  uc_emu_start(fresh, page, 0, 0, 1);
  uc_mem_unmap(fresh, page, kPageSize);
}

void move_flags(uc_struct* engine, bool to_ah, std::uint64_t next_rip) {
  constexpr std::uint64_t kLowFlags = 0xd5;  // SF, ZF, AF, PF, CF
  std::uint64_t rax = 0;
  std::uint64_t flags = 0;
  uc_reg_read(engine, UC_X86_REG_RAX, &rax);
  uc_reg_read(engine, UC_X86_REG_EFLAGS, &flags);
  if (to_ah) {
    write_register(engine, engine_register(Register::rax),
                   (rax & ~std::uint64_t{0xff00}) | ((flags & kLowFlags) | 2) << 8, 0);
  } else {
    write_register(engine, engine_register(Register::rflags), (flags & ~kLowFlags) | ((rax >> 8) & kLowFlags), 0);
  }
  write_register(engine, engine_register(Register::rip), next_rip, 0);
}

}  // namespace fiberscope::emu
