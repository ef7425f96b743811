#pragma once
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "emu/result.h"

namespace fiberscope::core {

/// A program that runs beside this one, which reads what it writes in between, or waits for its end.
class ChildProgram {
 public:
  enum class Group : std::uint8_t {
    own,    ///< Ctrl-C in the terminal is not for it: its owner ends it
    shared  ///< and ends with this program's group
  };
  struct Options {
    Group group = Group::own;
    bool one_stream = false;  ///< what it writes to standard error goes to output() too, in its order
  };
  /// `program` is a path, or a name that is looked for in PATH. It reads nothing. Fails with the reason alone ("No such
  /// file or directory").
  static emu::Result<std::unique_ptr<ChildProgram>> start(const std::string& program,
                                                          const std::vector<std::string>& arguments, Options options);
  /// Ends it by force where it still runs.
  ~ChildProgram();
  ChildProgram(const ChildProgram&) = delete;
  ChildProgram& operator=(const ChildProgram&) = delete;

  /// Takes what it wrote since, without waiting; true if anything came, or it has ended.
  bool poll();
  /// Takes all that it writes, until it has ended.
  void wait();
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
  void end(int status);

  pid_t pid_ = -1;
  int output_end_ = -1;
  int message_end_ = -1;
  bool ended_ = false;
  int code_ = 0;
  std::string output_;
  std::string messages_;
};

}  // namespace fiberscope::core
