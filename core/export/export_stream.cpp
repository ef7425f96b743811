#include "core/export/export_stream.h"

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

namespace fiberscope::core {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

}  // namespace

void ExportStream::put_word(std::uint64_t value) {
  char text[18] = {'0', 'x'};
  for (std::size_t i = 0; i < 16; ++i) text[2 + i] = kDigits[(value >> (60 - 4 * i)) & 0xf];
  put({text, sizeof text});
}

void ExportStream::put_hex(std::span<const std::uint8_t> bytes) {
  for (const std::uint8_t byte : bytes) {
    const char text[2] = {kDigits[byte >> 4], kDigits[byte & 0xf]};
    put({text, sizeof text});
  }
}

void ExportStream::put_json(std::string_view text) {
  put(json_string(text));
}

void ExportStream::flush() {
  errno = 0;
  out_.write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  buffer_.clear();
  if (!out_) throw ExportFailure(errno != 0 ? std::strerror(errno) : "the output stream failed");
}

void ExportStream::finish() {
  flush();
  errno = 0;
  out_.flush();
  if (!out_) throw ExportFailure(errno != 0 ? std::strerror(errno) : "the output stream failed");
}

std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace fiberscope::core
