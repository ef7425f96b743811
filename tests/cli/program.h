#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace fiberscope::tests {

struct Outcome {
  int code = -1;  ///< 128 + the signal's number where one killed it
  std::string out;
  std::string err;
};

/// Runs the program with these words, without a display and with its standard input closed, in `folder`.
Outcome run_program(const std::vector<std::string>& words, const std::filesystem::path& folder);

/// A folder of its own for one test, removed at the end.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace fiberscope::tests
