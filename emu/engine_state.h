#pragma once
#include <cstdint>

#include "emu/cpu.h"
#include "emu/engine_registers.h"
#include "emu/memory.h"
#include "emu/registers.h"
#include "emu/result.h"

struct uc_struct;

namespace fiberscope::emu {

/// The processor's state in an engine, which is only named here: its types stay in the sources.
RegisterFile read_registers(uc_struct* engine);
void write_registers(uc_struct* engine, const RegisterFile& registers);
/// `high` is the upper half of a wide register.
void write_register(uc_struct* engine, EngineRegister reg, std::uint64_t low, std::uint64_t high);
/// Everything that makes up the processor, also what is not recorded: tables, debug and model-specific registers.
void copy_processor(uc_struct* from, uc_struct* to);

/// What CR0 switches (TS: the lazy FPU) reaches the engine 2.0.1 only when an instruction loads it, so a fresh engine
/// runs one, on a page that is there only for that. Its hooks must be silent.
void load_control_register(uc_struct* from, uc_struct* fresh, const Memory& memory);
/// lahf, or sahf, behind a REX prefix, which changes nothing on a processor.
void move_flags(uc_struct* engine, bool to_ah, std::uint64_t next_rip);

/// `id` is the engine's number of the register.
Cpu::TableRegister read_table(uc_struct* engine, int id);
void write_table(uc_struct* engine, int id, Cpu::TableRegister value);

/// Maps every region with the rights of its pages.
Result<void> map_memory(uc_struct* engine, Memory& memory);
/// Gives mapped pages the rights that memory says.
void protect_memory(uc_struct* engine, const Memory& memory, AddressRange range);

}  // namespace fiberscope::emu
