#include "emu/linux_calls.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/futex.h>
#include <string.h>

#include <cerrno>
#include <iterator>
#include <unordered_map>

#include "emu/linux_signals.h"

namespace fiberscope::emu {
namespace {

constexpr std::size_t kLongestText = 48;

std::string futex_operation(std::uint64_t value) {
  constexpr const char* kNames[] = {"WAIT",        "WAKE",        "FD",          "REQUEUE",
                                    "CMP_REQUEUE", "WAKE_OP",     "LOCK_PI",     "UNLOCK_PI",
                                    "TRYLOCK_PI",  "WAIT_BITSET", "WAKE_BITSET", "WAIT_REQUEUE_PI"};
  const std::uint64_t command = value & static_cast<std::uint64_t>(FUTEX_CMD_MASK);
  if (command >= std::size(kNames)) return fmt::format("{:#x}", value);
  return fmt::format("FUTEX_{}{}", kNames[command], (value & FUTEX_PRIVATE_FLAG) != 0 ? "_PRIVATE" : "");
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') result += '\\';
    result += letter >= ' ' && letter < '\x7f' ? letter : '?';
  }
  return result + '"';
}

std::string argument_text(char kind, std::uint64_t value, const LinuxMemory& memory) {
  const auto number = static_cast<int>(value);
  switch (kind) {
    case 'd':
      return std::to_string(number);
    case 'u':
      return std::to_string(value);
    case 'x':
      return value == 0 ? "0" : fmt::format("{:#x}", value);
    case 's':
      if (const auto text = memory.read_text(Address{value}, kLongestText)) return quoted(*text);
      break;
    case 'a':
      return number == AT_FDCWD ? "AT_FDCWD" : std::to_string(number);
    case 'g':
      return number == 0 ? "0" : signal_name(number);
    case 'o':
      return fmt::format("{:#o}", value);
    case 'c':
      return clone_flags_text(value);
    case 'f':
      return futex_operation(value);
    case 'w': {
      constexpr const char* kTimers[] = {"ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF"};
      return value < std::size(kTimers) ? kTimers[value] : std::to_string(value);
    }
    default:
      break;
  }
  return value == 0 ? "NULL" : fmt::format("{:#x}", value);
}

}  // namespace

const LinuxCallEntry* find_call(std::uint64_t number) {
  static const auto kEntries = [] {
    std::unordered_map<std::uint64_t, const LinuxCallEntry*> entries;
    for (const auto group : {linux_clone_calls(), linux_descriptor_calls(), linux_file_calls(), linux_memory_calls(),
                             linux_process_calls(), linux_signal_calls(), linux_task_calls(), linux_time_calls()})
      for (const LinuxCallEntry& entry : group) entries.emplace(entry.number, &entry);
    return entries;
  }();
  const auto found = kEntries.find(number);
  return found == kEntries.end() ? nullptr : found->second;
}

std::string call_text(const LinuxCallEntry* entry, const LinuxCall& call, const LinuxMemory& memory) {
  std::string text = call_name(call.number) + "(";
  std::size_t index = 0;
  for (const char* kind = entry != nullptr ? entry->arguments : "xxx"; *kind != '\0'; ++kind, ++index)
    text += (index == 0 ? "" : ", ") + argument_text(*kind, call.arguments[index], memory);
  return text + ")";
}

std::string answer_text(std::int64_t answer, bool is_address) {
  if (answer < 0 && answer > -4096) {
    const char* name = strerrorname_np(static_cast<int>(-answer));
    return name != nullptr ? fmt::format("-{}", name) : std::to_string(answer);
  }
  return is_address ? fmt::format("{:#x}", static_cast<std::uint64_t>(answer)) : std::to_string(answer);
}

}  // namespace fiberscope::emu
