#include "emu/cpu.h"

#include <fmt/format.h>
#include <unicorn/unicorn.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <utility>

#include "emu/engine_registers.h"
#include "emu/engine_state.h"
#include "emu/invalid_access.h"
#include "emu/page_end.h"
#include "emu/rep_writes.h"
#include "emu/shared_stores.h"
#include "emu/step_code.h"
#include "emu/step_log_writer.h"
#include "emu/undefined_instruction.h"
#include "emu/user_mode.h"

namespace fiberscope::emu {
namespace {

/// The engine's buffer for translations (1 GiB) is never emptied and overflows with a crash after some 9 million hooked
/// instructions: a new engine is made in good time.
constexpr std::uint64_t kTranslationsPerEngine = 500'000;
/// Room that must be left in a buffer before a step opens: more than any single instruction but rep writes.
constexpr std::size_t kStepReserve = 1024;

constexpr std::uint8_t kDebug = 1;
constexpr std::uint8_t kInvalidOpcode = 6;
constexpr std::uint8_t kGeneralProtection = 13;
constexpr std::uint8_t kPageFault = 14;
constexpr std::uint32_t kWriteFault = 2;  // bits of the error code of #PF (Intel SDM vol. 3, figure 4-12)
constexpr std::uint64_t kInterruptFlag = 1 << 9;
constexpr std::uint64_t kBreakpointEnables = 0xff;  // of dr7

/// So many changes of page rights split the engine's memory into pieces that a new engine puts together again.
constexpr unsigned kRightsChangesPerEngine = 512;

}  // namespace

struct Cpu::Impl {
  Memory& memory;
  PortBus& ports;
  Privilege privilege;
  StepCodeCache codes;
  uc_engine* uc = nullptr;
  StepLogWriter log;

  const StepCode* pending = nullptr;  // opened, not finished
  std::uint64_t* record = nullptr;    // its place in the buffer
  std::size_t write_words = 0;
  RepWrites rep_writes;
  std::vector<std::pair<Address, std::vector<std::uint8_t>>> torn;  // what a store over a page's end overwrote
  RegisterFile before;                                              // at the first of those stores

  SharedStores stores;
  bool shared = false;  // other processors run on the same memory

  std::uint64_t steps = 0;
  std::uint64_t limit = 0;
  std::uint64_t engines = 0;
  std::uint64_t translated = 0;  // instructions, by this engine
  unsigned rights_changes = 0;   // of this engine
  bool watch = false;
  bool shadow = false;
  bool last_may_set_interrupts = false;
  bool must_renew = false;
  bool fetch_failed = false;
  std::uint64_t until_rip = 0;  // where the next start ends; 0: nowhere
  std::atomic<bool> stop_requested{false};
  std::optional<CpuStop> stop;

  Impl(Memory& guest, PortBus& bus, Privilege ring)
      : memory(guest), ports(bus), privilege(ring), codes(guest), log(guest), stores(guest) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    if (uc != nullptr) uc_close(uc);
  }

  // ---- the engine ----

  Result<void> open() {
    uc_engine* fresh = nullptr;
    if (const uc_err error = uc_open(UC_ARCH_X86, UC_MODE_64, &fresh); error != UC_ERR_OK)
      return Error{fmt::format("the emulator did not start: {}", uc_strerror(error))};
    // 2.1 lets a guest use only what the model has, and its first one ends with SSE3. This one has all that the engine
    // can do but says in cpuid that there is no AVX, which is true. 2.0 does everything whatever the model.
    uc_ctl_set_cpu_model(fresh, UC_CPU_X86_HASWELL);
    if (const auto mapped = map_memory(fresh, memory); !mapped) {
      uc_close(fresh);
      return mapped.error();
    }
    // All hooks before the first start: one that comes later misses what was translated before it.
    uc_hook hook = 0;
    const auto add = [&](int type, auto* callback, auto... more) {
      uc_hook_add(fresh, &hook, type, reinterpret_cast<void*>(callback), this, std::uint64_t{1}, std::uint64_t{0},
                  more...);
    };
    add(UC_HOOK_CODE, &Impl::hook_code);
    add(UC_HOOK_MEM_WRITE, &Impl::hook_write);
    add(UC_HOOK_MEM_INVALID, &Impl::hook_invalid);
    add(UC_HOOK_INTR, &Impl::hook_interrupt);
    add(UC_HOOK_EDGE_GENERATED, &Impl::hook_edge);
    add(UC_HOOK_INSN, &Impl::hook_in, UC_X86_INS_IN);
    add(UC_HOOK_INSN, &Impl::hook_out, UC_X86_INS_OUT);
    if (privilege == Privilege::user) {
      add(UC_HOOK_INSN, &Impl::hook_system_call, UC_X86_INS_SYSCALL);
      if (const auto entered = enter_ring_3(fresh); !entered) {
        uc_close(fresh);
        return entered.error();
      }
    }
    if (uc != nullptr) {
      if (privilege == Privilege::supervisor) {
        stop = CpuStop{};  // keeps the hooks silent
        load_control_register(uc, fresh, memory);
        stop.reset();
      }
      copy_processor(uc, fresh);
      uc_close(uc);
    }
    uc = fresh;
    ++engines;
    translated = 0;
    rights_changes = 0;
    must_renew = false;
    return {};
  }

  Result<void> enter_ring_3(uc_engine* fresh) {
    const std::optional<CpuStop> kept = std::exchange(stop, CpuStop{});  // keeps the hooks silent
    const auto entered = enter_user_mode(fresh);
    stop = kept;
    return entered;
  }

  // ---- hooks ----

  static void hook_code(uc_engine*, std::uint64_t rip, std::uint32_t size, void* self) {
    static_cast<Impl*>(self)->on_code(rip, size);
  }
  static void hook_write(uc_engine*, uc_mem_type, std::uint64_t address, int size, std::int64_t value, void* self) {
    static_cast<Impl*>(self)->on_write(address, static_cast<unsigned>(size), static_cast<std::uint64_t>(value));
  }
  static bool hook_invalid(uc_engine*, uc_mem_type type, std::uint64_t address, int, std::int64_t, void* self) {
    static_cast<Impl*>(self)->on_invalid(type, address);
    return false;
  }
  static void hook_interrupt(uc_engine*, std::uint32_t vector, void* self) {
    static_cast<Impl*>(self)->on_interrupt(vector);
  }
  static void hook_edge(uc_engine*, uc_tb* block, uc_tb*, void* self) {
    static_cast<Impl*>(self)->on_translation(block->icount);
  }
  static std::uint32_t hook_in(uc_engine*, std::uint32_t port, int size, void* self) {
    return static_cast<Impl*>(self)->ports.in(static_cast<std::uint16_t>(port), static_cast<unsigned>(size));
  }
  static void hook_out(uc_engine*, std::uint32_t port, int size, std::uint32_t value, void* self) {
    static_cast<Impl*>(self)->ports.out(static_cast<std::uint16_t>(port), static_cast<unsigned>(size), value);
  }

  static void hook_system_call(uc_engine*, void* self) {
    static_cast<Impl*>(self)->halt_engine(CpuStop::Cause::system_call);
  }

  void on_translation(unsigned instructions) {
    translated += instructions;
    if (translated < kTranslationsPerEngine) return;
    // Nothing may be stopped here; the next CODE hook finds the limit reached, and run() goes on with a new engine.
    must_renew = true;
    limit = 0;
  }

  void halt_engine(CpuStop::Cause cause) {
    if (!stop) stop = CpuStop{cause, 0, 0, {}, {}};
    uc_emu_stop(uc);
  }

  void on_code(std::uint64_t rip, std::uint32_t size) {
    if (stop) return;
    if (pending != nullptr) {
      // A rep string instruction comes here once an iteration and once more: one step. Another one that cannot jump
      // begins anew because it stored into its own block.
      if (pending->rip == rip && !pending->may_jump) {
        if (!pending->is_rep) write_words = 0;
        return;
      }
      finish_step(rip);
      if (stop) {
        uc_emu_stop(uc);
        return;
      }
    }
    if (steps >= limit) return halt_engine(CpuStop::Cause::limit);
    if (stop_requested.load(std::memory_order_relaxed)) {
      stop_requested.store(false, std::memory_order_relaxed);
      return halt_engine(CpuStop::Cause::requested);
    }
    if (watch && last_may_set_interrupts) return halt_engine(CpuStop::Cause::interrupts_on);
    open_step(codes.at(rip, size));
  }

  void on_write(std::uint64_t address, unsigned size, std::uint64_t value) {
    if (pending == nullptr) return;
    if (shared) stores.note(Address{address}, size);
    if ((address & (kPageSize - 1)) + std::max<unsigned>(size, pending->store_span) > kPageSize) {
      if (torn.empty()) before = read_registers(uc);
      torn.emplace_back(Address{address}, memory.copy(Address{address}, size));
    }
    if (pending->is_rep) {
      rep_writes.add(Address{address}, size);
    } else if (record != nullptr) {
      std::uint64_t* words = record + 2 + write_words;
      words[0] = (address & kWriteAddressMask) | (std::uint64_t{size} << 56);
      words[1] = value;
      write_words += 2;
    }
  }

  void on_invalid(uc_mem_type type, std::uint64_t address) {
    InvalidAccess access;
    access.address = Address{address};
    access.is_write = type == UC_MEM_WRITE_UNMAPPED || type == UC_MEM_WRITE_PROT;
    access.is_fetch = type == UC_MEM_FETCH_UNMAPPED || type == UC_MEM_FETCH_PROT;
    access.is_mapped = type == UC_MEM_WRITE_PROT || type == UC_MEM_READ_PROT || type == UC_MEM_FETCH_PROT;
    fetch_failed = access.is_fetch;
    if (!stop) stop = fault_of(access, pending, read_registers(uc));
  }

  void on_interrupt(std::uint32_t vector) {
    if (!stop) {
      CpuStop raised;
      // #DB comes behind an instruction that ran with TF set.
      const bool trap = pending != nullptr && (pending->is_trap || vector == kDebug);
      raised.cause = trap ? CpuStop::Cause::trap : CpuStop::Cause::exception;
      raised.vector = static_cast<std::uint8_t>(vector);
      if (vector == kPageFault) raised.fault_address = Address{get(Register::cr2)};
      // The engine never clears a contributory fault in flight: the next one would turn into a double fault.
      must_renew |= raised.cause == CpuStop::Cause::exception;
      stop = raised;
    }
    uc_emu_stop(uc);
  }

  // ---- one step ----

  void open_step(const StepCode& code) {
    pending = &code;
    write_words = 0;
    record = nullptr;
    if (!torn.empty()) torn.clear();
    if (!rep_writes.empty()) rep_writes.clear();
    if (log.is_on() && !log.reserve(kStepReserve, steps)) {
      pending = nullptr;
      return halt_engine(CpuStop::Cause::log_closed);
    }
    if (log.buffer() != nullptr) record = log.end();
    if (code.is_special) special(code);
  }

  void special(const StepCode& code) {
    if (code.is_time_stamp) {
      // The engine would read the host's clock.
      const std::uint64_t time = ports.time_stamp();
      write_register(uc, engine_register(Register::rax), time & 0xffffffff, 0);
      write_register(uc, engine_register(Register::rdx), time >> 32, 0);
      if (code.bytes[code.size - 1] == 0xf9) write_register(uc, engine_register(Register::rcx), 0, 0);  // rdtscp
      write_register(uc, engine_register(Register::rip), code.rip + code.size, 0);
      return;
    }
    if (code.is_sti) {
      // Only one that turns interrupts on holds them back.
      shadow |= (get(Register::rflags) & kInterruptFlag) != 0;
      return;
    }
    if (code.is_flags_move) return move_flags(uc, code.bytes[code.size - 1] == 0x9f, code.rip + code.size);
    if (code.is_port) {
      // The engine lets ring 3 do it.
      if (privilege == Privilege::user) refuse(kGeneralProtection, "input and output are for the kernel");
      return;
    }
    if (code.is_random) return refuse(kInvalidOpcode, "random numbers are not emulated: every run must be the same");
    if (code.breakpoint_source) {
      if ((get(*code.breakpoint_source) & kBreakpointEnables) != 0)
        refuse(kInvalidOpcode, "mov to dr7: hardware breakpoints are not emulated");
      return;
    }
    const Address target = effective_address(*code.aligned, read_registers(uc), Address{code.rip + code.size});
    if (target.value % 16 != 0)
      refuse(kGeneralProtection, fmt::format("16-byte operand at {:#x}, which is not a multiple of 16", target.value));
  }

  void refuse(std::uint8_t vector, std::string detail) {
    CpuStop fault;
    fault.cause = CpuStop::Cause::exception;
    fault.vector = vector;
    fault.detail = std::move(detail);
    stop = fault;
    uc_emu_stop(uc);
  }

  void finish_step(std::uint64_t rip_after) {
    const StepCode& code = *pending;
    pending = nullptr;
    ++steps;
    shadow = code.shadows_interrupts && !shadow;  // of several in a row only the first one
    last_may_set_interrupts = code.may_set_interrupts;
    if (record == nullptr) return;
    if (code.is_rep && !add_blocks(code)) return;
    std::uint64_t* values = record + 2 + write_words;
    read_slots(code, values);
    record[0] = static_cast<std::uint64_t>(RecordTag::step) | (std::uint64_t{code.size} << 8) |
                (std::uint64_t{write_words} << 32);
    record[1] = code.rip;
    log.commit_step(values + code.slots.size(), rip_after);
    record = nullptr;
    log.put_output(steps);
  }

  void read_slots(const StepCode& code, std::uint64_t* values) const {
    // Only narrow registers leave part of their slots as it is.
    for (const std::uint8_t offset : code.narrow) values[offset] = 0;
    const std::size_t count = code.engine_registers.size();
    if (count == 1) {
      uc_reg_read(uc, code.engine_registers[0], values);
    } else if (count > 1) {
      std::array<void*, kRegisterSlots> targets;
      for (std::size_t i = 0; i < count; ++i) targets[i] = values + code.offsets[i];
      uc_reg_read_batch(uc, const_cast<int*>(code.engine_registers.data()), targets.data(), static_cast<int>(count));
    }
  }

  // ---- the log ----

  /// Appends what lies in the written ranges now; a step that does not fit an empty buffer ends the recording.
  bool add_blocks(const StepCode& code) {
    const std::size_t words = 2 + code.slots.size() + rep_writes.log_words();
    if (words > StepBuffer::kWords) {
      CpuStop failure;
      failure.cause = CpuStop::Cause::failure;
      failure.detail = fmt::format("one rep instruction wrote {} MiB, more than a step can hold", words * 8 >> 20);
      stop = failure;
      --steps;
      record = nullptr;
      return false;
    }
    // The step under way is the first of the new buffer, so it does not count yet.
    --steps;
    const bool reserved = log.reserve(words, steps);
    ++steps;
    if (!reserved) {
      if (!stop) stop = CpuStop{CpuStop::Cause::log_closed, 0, 0, {}, {}};
      --steps;
      record = nullptr;
      return false;
    }
    record = log.end();
    std::uint64_t* const first = record + 2 + write_words;
    write_words += static_cast<std::size_t>(rep_writes.log(first, memory) - first);
    return true;
  }

  void log_event(const Event& event) {
    log.put_event(event, rep_writes, read_registers(uc), steps);
    rep_writes.clear();
  }

  void take_over(Impl& from, unsigned number) {
    steps = from.steps;
    log.take_over(from.log, number, from.get(Register::rip), get(Register::rip), steps);
  }

  // ---- a run ----

  CpuStop run(std::uint64_t until, bool watch_interrupt_flag) {
    const std::uint64_t steps_before = steps;
    CpuStop result = run_engine(until, watch_interrupt_flag);
    if (shared) stores.unlatch(steps != steps_before);
    return result;
  }

  CpuStop run_engine(std::uint64_t until, bool watch_interrupt_flag) {
    watch = watch_interrupt_flag;
    last_may_set_interrupts = false;
    for (;;) {
      limit = until;
      if (must_renew) {
        if (const auto opened = open(); !opened) return failure(opened.error().message);
      }
      stop.reset();
      fetch_failed = false;
      pending = nullptr;
      rep_writes.clear();
      // Always count > 0 and (but behind a fetch that failed) until = 0: anything else is either ignored for code that
      // is already translated or slow.
      const uc_err error = uc_emu_start(uc, get(Register::rip), until_rip, 0, SIZE_MAX);
      settle(error);
      if (const std::uint64_t reached = std::exchange(until_rip, 0); reached != 0) {
        must_renew = true;  // blocks that end there stop there for ever
        if (!stop && get(Register::rip) == reached) continue;
      }
      if (fetch_failed && stop && ran_into_page_end()) continue;
      if (!stop) return failure("the engine stopped without saying why");
      const bool only_full = stop->cause == CpuStop::Cause::limit && steps < until;
      if (!only_full) return *stop;
    }
  }

  /// Says how the instruction under way ended, after the engine has come back.
  void settle(uc_err error) {
    const std::uint64_t rip = get(Register::rip);
    if (pending != nullptr && pending->is_halt && error == UC_ERR_OK && !stop) {
      finish_step(rip);
      stop = CpuStop{CpuStop::Cause::halt, 0, 0, {}, {}};
      return;
    }
    if (stop && stop->cause == CpuStop::Cause::trap) {
      if (pending != nullptr) finish_step(rip);
      return;
    }
    if (stop && stop->cause == CpuStop::Cause::system_call && pending != nullptr) {
      // The engine does nothing but call the hook (Intel SDM vol. 2, SYSCALL; RF is never set here).
      write_register(uc, engine_register(Register::rcx), rip, 0);
      write_register(uc, engine_register(Register::r11), get(Register::rflags), 0);
      finish_step(rip);
      return;
    }
    if (error == UC_ERR_OK && !stop && pending != nullptr) {
      finish_step(rip);
      return;
    }
    if (pending == nullptr) {
      if (error != UC_ERR_OK && !stop) stop = failure(uc_strerror(error));
      return;
    }
    if (stop && fetch_failed) {
      // What could not be fetched is the next instruction; it has not come to the CODE hook.
      finish_step(rip);
      return;
    }
    const StepCode& code = *pending;
    pending = nullptr;
    undo_stores(code);
    record = nullptr;
    must_renew = true;
    if (stop) {
      if (rip != code.rip && !code.is_rep) write_register(uc, engine_register(Register::rip), code.rip, 0);
      return;
    }
    if (error == UC_ERR_INSN_INVALID || error == UC_ERR_EXCEPTION) {
      stop = undefined_instruction(code, memory);
      return;
    }
    stop = failure(uc_strerror(error));
  }

  /// The engine fetches a whole block before it runs the first instruction of it, so a fault of the fetch may belong to
  /// a later one that lies across the page's end. True: those before it must run first, up to `until_rip`.
  bool ran_into_page_end() {
    const std::uint64_t start = get(Register::rip);
    if (stop->fault_address.value != (start / kPageSize + 1) * kPageSize) return false;
    const auto at = straddling_instruction(memory, start);
    if (!at) return false;
    until_rip = *at;
    return true;
  }

  /// Takes back what the instruction stored before it failed: of a rep, only in the iteration that failed.
  void undo_stores(const StepCode& code) {
    if (!code.is_rep) {
      if (torn.empty()) return;
      for (auto undo = torn.rbegin(); undo != torn.rend(); ++undo) memory.write_bytes(undo->first, undo->second);
      // fstp has popped, fnsave has cleared the FPU all the same.
      const std::uint64_t fault_address = get(Register::cr2);
      write_registers(uc, before);
      write_register(uc, engine_register(Register::cr2), fault_address, 0);
      return;
    }
    const bool by_store = stop && stop->vector == kPageFault && (stop->error_code & kWriteFault) != 0;
    if (!by_store || rep_writes.empty()) return;
    const Address failed = rep_writes.take_back_last();
    if (!torn.empty() && torn.back().first == failed) memory.write_bytes(torn.back().first, torn.back().second);
  }

  static CpuStop failure(std::string detail) { return {CpuStop::Cause::failure, 0, 0, {}, std::move(detail)}; }

  [[nodiscard]] std::uint64_t get(Register reg) const {
    std::uint64_t value[2] = {0, 0};
    uc_reg_read(uc, engine_register(reg).id, value);
    return value[0];
  }
};

Cpu::Cpu(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Cpu::Cpu(Cpu&&) noexcept = default;
Cpu& Cpu::operator=(Cpu&&) noexcept = default;
Cpu::~Cpu() = default;

Result<Cpu> Cpu::create(Memory& memory, PortBus& ports, Privilege privilege) {
  auto impl = std::make_unique<Impl>(memory, ports, privilege);
  if (const auto opened = impl->open(); !opened) return opened.error();
  return Cpu(std::move(impl));
}

void Cpu::set_sink(StepSink* sink) {
  impl_->log.set_sink(sink);
}

std::uint64_t Cpu::read(Register reg) const {
  return read_all()[reg];
}

void Cpu::write(Register reg, std::uint64_t value) {
  const EngineRegister engine = engine_register(reg);
  if (engine.slots == 1) return write_register(impl_->uc, engine, value, 0);
  RegisterFile all = read_all();
  all[reg] = value;
  const std::size_t low = slot(reg) - (slot(reg) - slot(Register::fp0)) % 2;
  write_register(impl_->uc, engine, all.slots[low], all.slots[low + 1]);
}

Address Cpu::rip() const {
  return Address{impl_->get(Register::rip)};
}

RegisterFile Cpu::read_all() const {
  return read_registers(impl_->uc);
}
void Cpu::write_all(const RegisterFile& registers) {
  write_registers(impl_->uc, registers);
}

Cpu::TableRegister Cpu::idt() const {
  return read_table(impl_->uc, UC_X86_REG_IDTR);
}
Cpu::TableRegister Cpu::task_state() const {
  return read_table(impl_->uc, UC_X86_REG_TR);
}
void Cpu::set_gdt(TableRegister table) {
  write_table(impl_->uc, UC_X86_REG_GDTR, table);
}
void Cpu::set_idt(TableRegister table) {
  write_table(impl_->uc, UC_X86_REG_IDTR, table);
}

CpuStop Cpu::run(std::uint64_t limit, bool watch_interrupt_flag) {
  return impl_->run(limit, watch_interrupt_flag);
}
void Cpu::request_stop() {
  impl_->stop_requested.store(true, std::memory_order_relaxed);
}
std::uint64_t Cpu::steps() const {
  return impl_->steps;
}
bool Cpu::interrupt_shadow() const {
  return impl_->shadow;
}

void Cpu::log_event(const Event& event) {
  impl_->log_event(event);
}

void Cpu::log_output(const std::string& bytes) {
  impl_->log.add_output(bytes);
}

void Cpu::code_changed(AddressRange range) {
  uc_ctl_remove_cache(impl_->uc, range.low.value, range.high.value);
}
void Cpu::rights_changed(AddressRange range) {
  protect_memory(impl_->uc, impl_->memory, range);
  impl_->must_renew |= ++impl_->rights_changes > kRightsChangesPerEngine;
}
std::uint64_t Cpu::engines() const {
  return impl_->engines;
}

void Cpu::share_memory() {
  impl_->shared = true;
}
void Cpu::keep_stores() {
  impl_->stores.keep();
}
std::vector<SharedStores::Store> Cpu::take_stores() {
  return impl_->stores.take();
}
void Cpu::take_over(Cpu& from, unsigned number) {
  impl_->take_over(*from.impl_, number);
}
std::vector<AddressRange> Cpu::take_code_stores() {
  return impl_->stores.take_code();
}
void Cpu::latch(Address address, std::span<const std::uint8_t> bytes) {
  impl_->stores.latch(address, bytes);
}

void Cpu::flush() {
  impl_->log.flush();
}

Address Cpu::rescue() {
  const std::uint64_t rip = impl_->get(Register::rip);
  if (impl_->pending != nullptr && impl_->pending->rip != rip) impl_->finish_step(rip);
  return Address{rip};
}

std::string engine_version() {
  unsigned major = 0;
  unsigned minor = 0;
  const unsigned combined = uc_version(&major, &minor);
  return fmt::format("{}.{}.{}", major, minor, (combined >> 8) & 0xff);
}

}  // namespace fiberscope::emu
