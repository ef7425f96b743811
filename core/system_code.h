#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/switch_window.h"
#include "core/trace.h"

namespace fiberscope::core {

/// What the image's symbols say about the code of switches: which functions are the system's entries, and where their
/// labels divide them into phases (the rules of core/switch_window.h).
class SystemCode {
 public:
  explicit SystemCode(const Trace& trace);

  struct Function {
    emu::AddressRange range;
    struct Label {
      std::uint64_t address = 0;
      SwitchPhase phase = SwitchPhase::save;
    };
    std::vector<Label> labels;         ///< of phases, ascending
    std::optional<SwitchPhase> phase;  ///< of the whole function, where its name alone says what it is for
    bool leads_to_thread = false;      ///< its indirect call is that of a thread's own function
  };
  static constexpr std::uint32_t kNoFunction = 0;

  /// The function that holds a template's instruction; kNoFunction where no symbol does.
  std::uint32_t function_of(std::uint32_t instruction);
  [[nodiscard]] const Function& function(std::uint32_t id) const { return functions_[id]; }
  /// True at the first instruction of an entry.
  [[nodiscard]] bool is_entry(std::uint64_t address) const { return entries_.count(address) != 0; }
  /// True at the first instruction of an entry that moved rsp between threads in this trace.
  [[nodiscard]] bool is_mover(std::uint64_t address) const { return movers_.count(address) != 0; }
  /// The phase that F's labels give the address; nothing where none stands at or before it.
  [[nodiscard]] std::optional<SwitchPhase> labelled_phase(std::uint32_t id, std::uint64_t address) const;

 private:
  const Trace& trace_;
  std::vector<Function> functions_{1};
  std::unordered_map<std::uint64_t, std::uint32_t> ids_;  ///< by first address
  std::vector<std::optional<std::uint32_t>> of_instruction_;
  std::set<std::uint64_t> entries_;
  std::set<std::uint64_t> movers_;  ///< those of them that moved rsp between threads
};

}  // namespace fiberscope::core
