#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "emu/region.h"
#include "emu/scalar_kind.h"

namespace fiberscope::core::explore {

inline constexpr std::size_t kMinThreads = 2;
inline constexpr std::size_t kMaxThreads = 8;

/// A scalar of the memory that the threads share; its final values make the outcomes.
struct SharedVariable {
  std::string name;  ///< "x", "fork[2]"
  std::uint64_t address = 0;
  std::uint32_t size = 4;                                 ///< bytes, 1 … 8
  bool is_observed = true;                                ///< part of the outcome
  emu::ScalarKind kind = emu::ScalarKind::signed_number;  ///< never floating: such a program is refused

  /// Whether it holds an address, which is another one in a replay: each image has its own layout.
  [[nodiscard]] bool is_pointer() const { return kind == emu::ScalarKind::pointer; }
  /// Whether it may hold numbers that are greater than those of 64 bits with a sign. A program that stores one is
  /// refused where it does.
  [[nodiscard]] bool is_wide() const { return kind != emu::ScalarKind::signed_number && size == 8; }
  /// The number that bytes of it hold, the lowest `bytes` of `raw`.
  [[nodiscard]] std::int64_t number(std::uint64_t raw, std::uint32_t bytes) const {
    const unsigned unused = 64 - bytes * 8;
    raw <<= unused;
    if (kind == emu::ScalarKind::signed_number) return static_cast<std::int64_t>(raw) >> unused;
    return static_cast<std::int64_t>(raw >> unused);
  }
};

/// What the runtime does for a thread, in one body step. Objects are shared 4-byte integers.
enum class RuntimeCall : std::uint8_t {
  lock,    ///< lock(int *mutex): runs where *mutex is 0, and stores the thread's number
  unlock,  ///< unlock(int *mutex): stores 0; an error where another thread, or none, holds it
  wait,    ///< wait(int *semaphore): runs where *semaphore > 0, and takes one off
  signal,  ///< signal(int *semaphore): adds one
  join     ///< join(int thread): runs where that thread (1 …) has finished
};
inline constexpr std::array<const char*, 5> kRuntimeCalls = {"lock", "unlock", "wait", "signal", "join"};

/// An instruction as people know it.
struct InstructionPlace {
  std::string text;    ///< "mov eax, dword ptr [x]"; empty: as disassembled
  std::string source;  ///< "file.c:12", "x=x+1"; empty where no line is known
};

/// Shared memory that has a name, the program's own: a variable, or what stands behind a label of assembly.
struct SharedObject {
  std::string name;
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

struct ProgramThread {
  std::uint64_t entry = 0;
  std::uint64_t code_low = 0;  ///< its own function's code; where its epilogue begins, the thread has finished
  std::uint64_t code_high = 0;
  std::array<std::uint64_t, 16> registers{};  ///< at entry, in the order of emu::Register; rsp is set by the machine
};

/// A register that is part of the outcome: 0:rax of a litmus test.
struct ObservedRegister {
  std::size_t thread = 0;
  std::size_t reg = 0;  ///< in the order of emu::Register
  std::string name;     ///< "0:rax"
  std::uint32_t size = 8;
};

/// Threads as machine code with shared memory: what is explored, whatever it was made from.
struct ThreadProgram {
  std::string name;
  std::string lowering;                    ///< statement, textbook, O0, O2, assembly, litmus
  std::vector<emu::LoadedRegion> regions;  ///< code and the shared data (writable), without stacks
  std::vector<ProgramThread> threads;
  std::vector<SharedVariable> variables;
  std::vector<SharedObject> objects;  ///< ascending: a thread may access nothing else of shared memory; none: all of it
  std::vector<ObservedRegister> observed;
  std::map<std::uint64_t, InstructionPlace> places;
  std::map<std::uint64_t, RuntimeCall> runtime;    ///< the addresses that calls of the runtime go to
  std::map<std::uint64_t, std::string> functions;  ///< where functions begin
  std::set<std::uint64_t> statement_starts;        ///< not empty: a step goes from one of these to the next
  std::set<std::string> sync;                      ///< variables that are accessed for synchronisation
  std::uint64_t finish_marks = 0;  ///< where join is used: in shared memory, 4 bytes a thread, 1 once it has finished
  bool uses_vector = false;        ///< xmm registers are part of a thread's state

  [[nodiscard]] const SharedVariable* variable(const std::string& wanted) const {
    for (const SharedVariable& one : variables)
      if (one.name == wanted) return &one;
    return nullptr;
  }
  /// The variable that holds the address.
  [[nodiscard]] const SharedVariable* variable_at(std::uint64_t address) const {
    for (const SharedVariable& one : variables)
      if (one.address <= address && address < one.address + one.size) return &one;
    return nullptr;
  }
};

}  // namespace fiberscope::core::explore
