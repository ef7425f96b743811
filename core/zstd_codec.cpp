#include "core/zstd_codec.h"

#include <zstd.h>

#include <memory>

#include "core/varint.h"

namespace fiberscope::core {
namespace {

/// One context a thread: making one costs more than compressing a chunk.
ZSTD_CCtx* compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> kContext(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  return kContext.get();
}

ZSTD_DCtx* decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> kContext(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  return kContext.get();
}

}  // namespace

std::vector<std::uint8_t> compress(std::span<const std::uint8_t> bytes, int level) {
  std::vector<std::uint8_t> frame(ZSTD_compressBound(bytes.size()));
  const std::size_t size =
      ZSTD_compressCCtx(compressor(), frame.data(), frame.size(), bytes.data(), bytes.size(), level);
  if (ZSTD_isError(size) != 0) throw std::runtime_error(std::string("zstd: ") + ZSTD_getErrorName(size));
  frame.resize(size);
  frame.shrink_to_fit();
  return frame;
}

std::vector<std::uint8_t> decompress(std::span<const std::uint8_t> frame, std::size_t size) {
  // Before room is made for what a damaged size asks for. compress() always writes the size into the frame.
  if (ZSTD_getFrameContentSize(frame.data(), frame.size()) != size)
    throw CorruptData("compressed data has another size than its entry says");
  std::vector<std::uint8_t> bytes(size);
  const std::size_t got = ZSTD_decompressDCtx(decompressor(), bytes.data(), bytes.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) != 0) throw CorruptData(std::string("damaged compressed data: ") + ZSTD_getErrorName(got));
  if (got != size) throw CorruptData("compressed data has another size than its entry says");
  return bytes;
}

}  // namespace fiberscope::core
