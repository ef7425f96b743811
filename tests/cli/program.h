#pragma once
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
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

/// The program while it runs, in a process group of its own, as run_program starts it; its temporary files go into
/// `folder` too. Killed at the end, if it still runs.
class RunningProgram {
 public:
  RunningProgram(const std::vector<std::string>& words, const std::filesystem::path& folder);
  ~RunningProgram();
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Of the process that the program has started; -1: none.
  [[nodiscard]] pid_t worker() const;
  /// Sends a signal to the program alone, or as a terminal does to it and its worker.
  void signal(int number) const;
  void signal_group(int number) const;
  /// Waits for the end; one that does not come within 20 seconds is a failure with code -1.
  Outcome wait();

 private:
  ScratchFolder streams_;
  pid_t pid_ = -1;
};

/// A file of asm/interleavings.
inline std::string example(const std::string& name) {
  return std::string(FIBERSCOPE_INTERLEAVINGS) + "/" + name;
}

/// Waits until the condition holds; false where that takes longer than 20 seconds.
bool until(const std::function<bool()>& condition);

}  // namespace fiberscope::tests
