#include "emu/thread_bodies.h"

#include <cstdint>
#include <cstring>

namespace fiberscope::emu {
namespace {

/// 64-bit words: of each body its thread, low, high, the number of step starts, and these.
constexpr const char* kBodies = ".fiberscope.bodies";
constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::size_t kHeadWords = 4;

}  // namespace

Result<void> add_thread_bodies(ImagePatch& patch, const std::vector<ThreadBody>& bodies) {
  std::vector<std::uint64_t> words;
  for (const ThreadBody& body : bodies) {
    words.insert(words.end(),
                 {body.thread, body.code.low.value, body.code.high.value, std::uint64_t{body.step_starts.size()}});
    for (const Address start : body.step_starts) words.push_back(start.value);
  }
  std::vector<std::uint8_t> bytes(words.size() * kWord);
  if (!words.empty()) std::memcpy(bytes.data(), words.data(), bytes.size());
  return patch.add_section(kBodies, bytes);
}

std::vector<ThreadBody> thread_bodies(const Image& image) {
  const auto bytes = section_bytes(image, kBodies);
  if (!bytes) return {};
  std::vector<std::uint64_t> words(bytes->size() / kWord);
  if (!words.empty()) std::memcpy(words.data(), bytes->data(), words.size() * kWord);
  std::vector<ThreadBody> bodies;
  for (std::size_t at = 0; at < words.size();) {
    if (words.size() - at < kHeadWords || words[at + 3] > words.size() - at - kHeadWords) return {};
    ThreadBody body{static_cast<std::uint32_t>(words[at]), {Address{words[at + 1]}, Address{words[at + 2]}}, {}};
    const std::size_t starts = words[at + 3];
    at += kHeadWords;
    for (std::size_t end = at + starts; at < end; ++at) body.step_starts.push_back(Address{words[at]});
    bodies.push_back(std::move(body));
  }
  return bodies;
}

}  // namespace fiberscope::emu
