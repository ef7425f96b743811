#pragma once
#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <ostream>
#include <span>
#include <stdexcept>
#include <string_view>

namespace fiberscope::core {

/// What went wrong while an export was written; turned into an Error where the export was asked for.
struct ExportFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A buffer in front of the stream that an export goes to. Whatever the stream refuses is an ExportFailure, so that a
/// full disk never passes for a complete file.
class ExportStream {
 public:
  explicit ExportStream(std::ostream& out) : out_(out) {}
  ExportStream(const ExportStream&) = delete;
  ExportStream& operator=(const ExportStream&) = delete;

  void put(std::string_view text) {
    buffer_.append(text.data(), text.data() + text.size());
    if (buffer_.size() >= kFlushSize) flush();
  }
  template <typename... Arguments>
  void print(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(buffer_), format, std::forward<Arguments>(arguments)...);
    if (buffer_.size() >= kFlushSize) flush();
  }
  /// "0x" and 16 digits.
  void put_word(std::uint64_t value);
  /// Two digits a byte.
  void put_hex(std::span<const std::uint8_t> bytes);
  /// A JSON string, quotes included. What is not UTF-8 becomes U+FFFD.
  void put_json(std::string_view text);

  /// Hands everything on, and the stream's own buffer too.
  void finish();

 private:
  static constexpr std::size_t kFlushSize = 1 << 16;
  void flush();

  std::ostream& out_;
  fmt::memory_buffer buffer_;
};

/// A JSON string, quotes included. What is not UTF-8 becomes U+FFFD.
std::string json_string(std::string_view text);

}  // namespace fiberscope::core
