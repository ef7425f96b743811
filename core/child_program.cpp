#include "core/child_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace fiberscope::core {

emu::Result<std::unique_ptr<ChildProgram>> ChildProgram::start(const std::string& program,
                                                               const std::vector<std::string>& arguments,
                                                               Options options) {
  std::array<int, 2> output{-1, -1};
  std::array<int, 2> messages{-1, -1};
  if (pipe2(output.data(), O_CLOEXEC) != 0) return emu::Error{fmt::format("pipe: {}", std::strerror(errno))};
  if (!options.one_stream && pipe2(messages.data(), O_CLOEXEC) != 0) {
    const int why = errno;
    close(output[0]);
    close(output[1]);
    return emu::Error{fmt::format("pipe: {}", std::strerror(why))};
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, options.one_stream ? output[1] : messages[1], STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  if (options.group == Group::own) posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) sigaddset(&defaults, number);
  posix_spawnattr_setsigdefault(&attributes, &defaults);

  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  std::unique_ptr<ChildProgram> child(new ChildProgram);
  const int failed = posix_spawnp(&child->pid_, program.c_str(), &actions, &attributes, pointers.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(output[1]);
  if (messages[1] >= 0) close(messages[1]);
  child->output_end_ = output[0];
  child->message_end_ = messages[0];
  if (failed != 0) {
    child->pid_ = -1;
    return emu::Error{std::strerror(failed)};
  }
  for (const int end : {output[0], messages[0]})
    if (end >= 0) fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK);
  return child;
}

ChildProgram::~ChildProgram() {
  if (pid_ > 0 && !ended_) {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (output_end_ >= 0) close(output_end_);
  if (message_end_ >= 0) close(message_end_);
}

bool ChildProgram::take(int& descriptor, std::string& into) {
  bool any = false;
  std::array<char, 1 << 16> buffer;
  while (descriptor >= 0) {
    const ssize_t got = read(descriptor, buffer.data(), buffer.size());
    if (got > 0) {
      into.append(buffer.data(), static_cast<std::size_t>(got));
      any = true;
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) {
      close(descriptor);
      descriptor = -1;
    }
    break;
  }
  return any;
}

void ChildProgram::end(int status) {
  take(output_end_, output_);
  take(message_end_, messages_);
  ended_ = true;
  code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool ChildProgram::poll() {
  if (ended_) return false;
  bool any = take(output_end_, output_);
  any = take(message_end_, messages_) || any;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) {
    end(status);
    any = true;
  }
  return any;
}

void ChildProgram::wait() {
  if (ended_) return;
  while (output_end_ >= 0 || message_end_ >= 0) {
    // A descriptor below zero is passed over.
    std::array<pollfd, 2> ends{pollfd{output_end_, POLLIN, 0}, pollfd{message_end_, POLLIN, 0}};
    if (::poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) break;
    take(output_end_, output_);
    take(message_end_, messages_);
  }
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  end(status);
}

void ChildProgram::interrupt() const {
  if (!ended_) kill(pid_, SIGINT);
}

}  // namespace fiberscope::core
