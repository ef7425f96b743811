#pragma once
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "emu/result.h"

namespace fiberscope::app {

/// A program that runs beside the window, which reads what it writes in between.
class ChildProgram {
 public:
  /// `program` is a path. It reads nothing.
  static emu::Result<std::unique_ptr<ChildProgram>> start(const std::string& program,
                                                          const std::vector<std::string>& arguments);
  /// Ends it by force where it still runs.
  ~ChildProgram();
  ChildProgram(const ChildProgram&) = delete;
  ChildProgram& operator=(const ChildProgram&) = delete;

  /// Takes what it wrote since, without waiting; true if anything came, or it has ended.
  bool poll();
  /// Asks it to stop (SIGINT).
  void interrupt() const;
  [[nodiscard]] bool ended() const { return ended_; }
  /// Its exit code, 128 + the signal that ended it; once it has ended.
  [[nodiscard]] int code() const { return code_; }
  [[nodiscard]] const std::string& output() const { return output_; }
  /// What it wrote to standard error.
  [[nodiscard]] const std::string& messages() const { return messages_; }

 private:
  ChildProgram() = default;
  bool take(int& descriptor, std::string& into);

  pid_t pid_ = -1;
  int output_end_ = -1;
  int message_end_ = -1;
  bool ended_ = false;
  int code_ = 0;
  std::string output_;
  std::string messages_;
};

}  // namespace fiberscope::app
