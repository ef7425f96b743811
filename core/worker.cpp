#include "core/worker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace fiberscope::core {
namespace {

/// Where the worker finds the shared memory.
constexpr int kRingDescriptor = 3;

std::string death_message(int status, std::uint64_t step) {
  if (WIFSIGNALED(status))
    return fmt::format("the emulator's process died after step {}: {} (signal {})", step, strsignal(WTERMSIG(status)), WTERMSIG(status));
  return fmt::format("the emulator's process ended after step {} with code {}", step, WEXITSTATUS(status));
}

}  // namespace

emu::Result<std::unique_ptr<Worker>> Worker::start(const RecordRequest& request) {
  std::unique_ptr<Worker> worker(new Worker(request));
  worker->ring_fd_ = memfd_create("fiberscope ring", MFD_CLOEXEC);
  if (worker->ring_fd_ < 0 || ftruncate(worker->ring_fd_, sizeof(StepRing)) != 0)
    return emu::Error{fmt::format("no shared memory for the recorder: {}", std::strerror(errno))};
  void* memory = mmap(nullptr, sizeof(StepRing), PROT_READ | PROT_WRITE, MAP_SHARED, worker->ring_fd_, 0);
  if (memory == MAP_FAILED) return emu::Error{fmt::format("no shared memory for the recorder: {}", std::strerror(errno))};
  worker->ring_ = static_cast<StepRing*>(memory);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, worker->ring_fd_, kRingDescriptor);
  const std::string steps = std::to_string(request.max_steps);
  const std::string ring = std::to_string(kRingDescriptor);
  std::vector<std::string> words = {"fiberscope", "__worker", request.target, "--trace", request.trace_path, "--max-steps", steps, "--ring", ring};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int result = posix_spawn(&worker->pid_, "/proc/self/exe", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (result != 0) {
    worker->pid_ = -1;
    return emu::Error{fmt::format("the recorder's process did not start: {}", std::strerror(result))};
  }
  return worker;
}

Worker::~Worker() {
  if (pid_ > 0 && state_ == State::running) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (ring_ != nullptr) munmap(ring_, sizeof(StepRing));
  if (ring_fd_ >= 0) close(ring_fd_);
}

Worker::State Worker::poll() {
  if (state_ != State::running) return state_;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return state_;
  return settle(status);
}

Worker::State Worker::wait() {
  if (state_ != State::running) return state_;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  return settle(status);
}

Worker::State Worker::settle(int status) {
  if (WIFEXITED(status)) {
    state_ = WEXITSTATUS(status) == 0 ? State::finished : State::failed;
    if (WEXITSTATUS(status) <= 2) return state_;
  }
  state_ = State::died;
  if (!rescue_trace(request_.trace_path, *ring_, death_message(status, step()))) state_ = State::failed;
  return state_;
}

void Worker::request_stop() {
  if (pid_ > 0 && state_ == State::running) kill(pid_, SIGTERM);
}

std::uint64_t Worker::step() const {
  std::uint64_t newest = 0;
  std::uint64_t step = 0;
  for (const emu::StepBuffer& buffer : ring_->buffers) {
    if (buffer.sequence.load() < newest || buffer.sequence.load() == 0) continue;
    newest = buffer.sequence.load();
    step = buffer.first_step.load() + buffer.steps.load();
  }
  return step;
}

}  // namespace fiberscope::core
