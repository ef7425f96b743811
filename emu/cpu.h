#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "emu/address.h"
#include "emu/memory.h"
#include "emu/registers.h"
#include "emu/result.h"
#include "emu/shared_stores.h"
#include "emu/step_log.h"

namespace fiberscope::emu {

/// What answers the guest's `in` and `out`.
class PortBus {
 public:
  virtual ~PortBus() = default;
  virtual std::uint32_t in(std::uint16_t port, unsigned size) = 0;
  virtual void out(std::uint16_t port, unsigned size, std::uint32_t value) = 0;
  /// The value of the time-stamp counter: virtual time, never the host's clock.
  virtual std::uint64_t time_stamp() = 0;
};

/// Why the CPU came back.
struct CpuStop {
  enum class Cause : std::uint8_t {
    limit,          ///< the step limit is reached
    requested,      ///< request_stop() was called
    log_closed,     ///< the sink gave no buffer: nothing more is recorded
    interrupts_on,  ///< an instruction that may set IF completed (only where that was asked for)
    trap,           ///< int n, int3: the instruction completed, rip is behind it
    system_call,    ///< syscall completed: rip is behind it, rcx and r11 are set (user mode)
    exception,      ///< rip is at the instruction, which did nothing
    halt,           ///< hlt completed
    failure         ///< the engine said something else
  };
  Cause cause = Cause::limit;
  std::uint8_t vector = 0;       ///< trap, exception (Intel SDM vol. 3, table 6-1)
  std::uint32_t error_code = 0;  ///< of #PF; 0 for the others, of which the engine does not tell it
  Address fault_address;         ///< of #PF
  std::string detail;            ///< for people: "write to unmapped 0x602000", "unknown instruction 0f 0b"
};

/// Ring 0, or ring 3: there privileged instructions are #GP, and `syscall` comes to whoever runs the CPU.
enum class Privilege : std::uint8_t { supervisor, user };

/// An x86-64 processor (Unicorn) that runs on host-owned memory and logs every step. It knows neither the IDT
/// nor devices: those are the machine's. Every workaround for the engine lives in its .cpp, with the reason beside it.
class Cpu {
 public:
  /// Maps all regions of `memory`, which must outlive the CPU and keep its regions.
  static Result<Cpu> create(Memory& memory, PortBus& ports, Privilege privilege = Privilege::supervisor);
  Cpu(Cpu&&) noexcept;
  Cpu& operator=(Cpu&&) noexcept;
  ~Cpu();

  /// Where steps are logged from now on; null logs nothing.
  void set_sink(StepSink* sink);

  [[nodiscard]] std::uint64_t read(Register reg) const;
  [[nodiscard]] Address rip() const;
  void write(Register reg, std::uint64_t value);
  [[nodiscard]] RegisterFile read_all() const;
  void write_all(const RegisterFile& registers);

  struct TableRegister {
    Address base;
    std::uint32_t limit = 0;
  };
  [[nodiscard]] TableRegister idt() const;
  [[nodiscard]] TableRegister task_state() const;
  void set_gdt(TableRegister table);
  void set_idt(TableRegister table);

  /// Runs until `limit` steps have been executed in all, or something else happens. With `watch_interrupt_flag` it also
  /// comes back after each instruction that may have set IF.
  CpuStop run(std::uint64_t limit, bool watch_interrupt_flag);
  /// May be called from a port or another thread: the CPU stops before its next instruction.
  void request_stop();

  [[nodiscard]] std::uint64_t steps() const;
  /// The last step holds interrupts back for one more instruction (sti after cli, mov ss, pop ss).
  [[nodiscard]] bool interrupt_shadow() const;

  /// Something that the machine did by itself between two steps. Its writes are told by what lies there now; together
  /// they must fit a buffer (StepBuffer::kWords). All registers are logged as they are now.
  struct Event {
    EventKind kind = EventKind::interrupt;
    std::uint32_t vector = 0;
    std::uint32_t error_code = 0;
    Address rip_before;
    std::vector<AddressRange> written;
    std::string text;                                         ///< one line for people; may be empty
    std::optional<std::uint32_t> space_after = std::nullopt;  ///< behind it this address space is laid out
  };
  void log_event(const Event& event);
  /// Logs bytes that the running step printed, or the one before the next event.
  void log_output(const std::string& bytes);
  /// Must be told after bytes that may have run were written from outside; what the guest itself writes is noticed.
  void code_changed(AddressRange range);
  /// Must be told after page rights of the memory were changed.
  void rights_changed(AddressRange range);
  /// How many engines have been used: a fresh one is made after each fault, and before one has translated too much.
  [[nodiscard]] std::uint64_t engines() const;
  /// Publishes the buffer under way.
  void flush();

  // Where several processors share the memory, one of them runs and logs at a time.

  /// Must be told before the first step: other processors run on the same memory.
  void share_memory();
  /// From now on the stores of the steps are kept for take_stores().
  void keep_stores();
  /// Goes on where `from` has stopped: with its sink, the buffer under way and the number of steps executed in all.
  /// From here on the log is about this processor, with the number given.
  void take_over(Cpu& from, unsigned number);
  /// The stores of the steps since the last call, in their order.
  [[nodiscard]] std::vector<SharedStores::Store> take_stores();
  /// Where the steps since the last call stored into code: the other processors must be told (code_changed).
  [[nodiscard]] std::vector<AddressRange> take_code_stores();
  /// The next step finds these bytes at the address, which its processor read before, whatever lies there now; what it
  /// does not overwrite of them is again what it was. Must fit one region.
  void latch(Address address, std::span<const std::uint8_t> bytes);

  /// For the handler of SIGABRT: the engine gave up while translating. If the step under way had completed by then, its
  /// effects are logged. Returns its rip.
  Address rescue();

 private:
  struct Impl;
  explicit Cpu(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// "2.0.1": the engine that runs.
std::string engine_version();

}  // namespace fiberscope::emu
