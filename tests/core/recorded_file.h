#pragma once
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "core/trace_file.h"
#include "tests/core/recorded_run.h"

namespace fiberscope::core {

/// A folder of one test, removed at its end.
class TestFolder {
 public:
  TestFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "fiberscope-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no folder for the test");
    path_ = pattern;
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// Records the image's run into a trace file.
inline void record_file(const emu::Image& image, const std::string& path, std::uint64_t max_steps = 1'000'000) {
  auto machine = emu::Machine::boot(image);
  auto file = TraceFileWriter::create(path, make_header(**machine, image, {{"target", "test"}}));
  if (!file) throw std::runtime_error(file.error().message);
  const auto ring = std::make_unique<StepRing>();
  Recorder recorder(**machine, image, *ring, **file);
  recorder.run(max_steps);
}

inline std::string file_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace fiberscope::core
