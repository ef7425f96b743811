#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fiberscope::core::explore {

/// One access of shared memory, as people name it.
struct Touch {
  enum class Kind : std::uint8_t {
    read,
    write,
    buffered_write,  ///< a store that only went into the store buffer: memory does not hold it yet
    forwarded_read   ///< a load that its own store buffer answered: memory was not asked
  };
  Kind kind = Kind::read;
  std::string variable;  ///< its name, or "0x…" where no variable lies there
  std::uint64_t address = 0;
  std::uint32_t size = 0;             ///< bytes
  bool is_sync = false;               ///< as in SiteAccess
  bool is_constant = false;           ///< a write of a number that stands in the instruction: computed from nothing
  std::optional<std::int64_t> value;  ///< what was read or written; nothing where no variable lies there

  [[nodiscard]] bool in_memory() const { return kind == Kind::read || kind == Kind::write; }
  [[nodiscard]] bool writes() const { return kind == Kind::write || kind == Kind::buffered_write; }
  friend bool operator==(const Touch&, const Touch&) = default;
};

/// A body step, or a drain of a store buffer.
struct ExecutedStep {
  std::size_t thread = 0;
  bool drain = false;
  std::uint64_t rip = 0;  ///< 0 of a drain
  std::string text;       ///< the instruction; empty of a drain
  std::string source;     ///< its line; empty where none is known
  std::vector<Touch> touches;

  friend bool operator==(const ExecutedStep&, const ExecutedStep&) = default;
};

/// Whether two accesses reach memory, touch a common byte, and at least one writes it.
bool in_conflict(const Touch& one, const Touch& other);
bool in_conflict(const ExecutedStep& one, const ExecutedStep& other);

}  // namespace fiberscope::core::explore
