#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/snapshot.h"
#include "core/timeline.h"

namespace fiberscope::app {

/// A toy machine for the tests of the window: it interprets a dozen kinds of instructions of a hand-written program of
/// three threads, so that every picture has believable numbers without the real emulator.
struct FakeFrame {
  std::string function;
  std::uint64_t base = 0;  ///< rsp before the call
};

struct FakeLabel {
  core::CellRole role = core::CellRole::padding;
  std::string symbol;
  std::string owner;
};

struct FakeThread {
  core::Thread data;
  std::uint64_t switches_in = 0;
  std::vector<FakeFrame> frames;
};

struct FakeState {
  emu::RegisterFile registers;
  std::map<std::uint64_t, std::uint64_t> memory;  ///< by address of eight bytes
  std::map<std::uint64_t, std::uint64_t> written_at;
  std::map<std::uint64_t, FakeLabel> labels;
  std::vector<FakeThread> threads;
  std::size_t current = 0;  ///< whom the scheduler has picked
  std::string console;
  // What the last step did.
  std::vector<core::MemoryChange> written;
  std::vector<core::MemoryAccess> accesses;

  std::uint64_t& reg(emu::Register r) { return registers[r]; }
  std::optional<core::ThreadId> owner_of(std::uint64_t address) const;
  FakeThread* owner(std::uint64_t address);
  void store(std::uint64_t address, std::uint64_t value);
  std::uint64_t load(std::uint64_t address);
  void push(std::uint64_t value, FakeLabel label);
  std::uint64_t pop();
};

struct FakeInstruction {
  std::uint64_t address = 0;
  std::string function;
  int line = 0;
  std::string source;  ///< the source line, at its first instruction
  std::string intel;   ///< "mov rsp, rsi"
  std::string att;
  std::string sentence;
  std::function<void(FakeState&)> run;  ///< rip already points behind the instruction
};

class FakeProgram {
 public:
  FakeProgram();
  [[nodiscard]] const FakeInstruction* at(std::uint64_t address) const;
  [[nodiscard]] std::string symbol(std::uint64_t address) const;
  [[nodiscard]] std::vector<const FakeInstruction*> function(const std::string& name) const;
  [[nodiscard]] FakeState start() const;
  /// One step; the number is the step's.
  void step(FakeState& state, std::uint64_t number) const;

 private:
  void add(const std::string& intel, const std::string& att, const std::string& sentence,
           std::function<void(FakeState&)> run);
  void label(const std::string& function);
  void line(int number, const std::string& text);
  void build_switch();
  void build_yield();
  void build_worker(const std::string& name, const std::string& local, int first_line);
  [[nodiscard]] std::uint64_t entry(const std::string& function) const { return entries_.at(function); }

  std::vector<FakeInstruction> code_;
  std::map<std::uint64_t, std::size_t> index_;
  std::map<std::string, std::uint64_t> entries_;
  std::uint64_t next_address_ = 0x401000;
  std::string function_;
  int line_ = 0;
  std::string source_;
};

}  // namespace fiberscope::app
