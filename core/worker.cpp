#include "core/worker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <utility>
#include <vector>

namespace fiberscope::core {
namespace {

constexpr std::chrono::milliseconds kMemoryWatch{50};
/// How long a guest may take to stop in order. Most of it is the file's way to the disk.
constexpr std::chrono::milliseconds kOrderlyStop{1000};

std::string death_message(int status, std::uint64_t step) {
  if (WIFSIGNALED(status))
    return fmt::format("the emulator's process died after step {}: {} (signal {})", step, strsignal(WTERMSIG(status)),
                       WTERMSIG(status));
  return fmt::format("the emulator's process ended after step {} with code {}", step, WEXITSTATUS(status));
}

/// What the worker wrote down before it gave up. It may have gone wrong in any way: one line of printable text is
/// believed.
std::string told_message(const WorkerMemory& memory) {
  std::string text(memory.message, strnlen(memory.message, WorkerMemory::kMessageSize));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return text;
}

}  // namespace

emu::Result<std::unique_ptr<Worker>> Worker::start(const RecordRequest& request) {
  std::unique_ptr<Worker> worker(new Worker(request));
  worker->memory_fd_ = memfd_create("fiberscope ring", MFD_CLOEXEC);
  if (worker->memory_fd_ < 0 || ftruncate(worker->memory_fd_, sizeof(WorkerMemory)) != 0)
    return emu::Error{fmt::format("no shared memory for the recorder: {}", std::strerror(errno))};
  void* memory = mmap(nullptr, sizeof(WorkerMemory), PROT_READ | PROT_WRITE, MAP_SHARED, worker->memory_fd_, 0);
  if (memory == MAP_FAILED)
    return emu::Error{fmt::format("no shared memory for the recorder: {}", std::strerror(errno))};
  worker->memory_ = static_cast<WorkerMemory*>(memory);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, worker->memory_fd_, WorkerMemory::kDescriptor);
  // Until the worker has its handlers: a Ctrl-C in the terminal goes to it too, and would leave nothing to be told.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&mask, number);
  posix_spawnattr_setsigmask(&attributes, &mask);
  std::vector<std::string> words = to_words(request);
  words.insert(words.begin(), "fiberscope");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int result = posix_spawn(&worker->pid_, "/proc/self/exe", &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (result != 0) {
    worker->pid_ = -1;
    return emu::Error{fmt::format("the recorder's process did not start: {}", std::strerror(result))};
  }
  return worker;
}

Worker::~Worker() {
  if (pid_ > 0) end();
  if (memory_ != nullptr) munmap(memory_, sizeof(WorkerMemory));
  if (memory_fd_ >= 0) close(memory_fd_);
}

Worker::State Worker::end() {
  if (state_ == State::running && request_.keep) {
    request_stop();
    wait(-1, kOrderlyStop);
  }
  if (state_ != State::running) return state_;
  kill();
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  if (request_.keep) return settle(status);
  message_ = death_message(status, step());
  return state_ = State::failed;
}

void Worker::watch_memory() {
  std::FILE* file = std::fopen(fmt::format("/proc/{}/statm", pid_).c_str(), "r");
  if (file == nullptr) return;
  unsigned long long whole = 0;
  unsigned long long resident = 0;
  const int found = std::fscanf(file, "%llu %llu", &whole, &resident);
  std::fclose(file);
  if (found != 2 || resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) <= request_.memory_limit) return;
  killed_because_ = fmt::format("it used more than {} MiB of memory", request_.memory_limit >> 20);
  ::kill(pid_, SIGKILL);
}

Worker::State Worker::poll() {
  if (state_ != State::running) return state_;
  watch_memory();
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return state_;
  return settle(status);
}

Worker::State Worker::wait(int wake, std::optional<std::chrono::milliseconds> limit) {
  const auto begin = std::chrono::steady_clock::now();
  // Where the kernel gives no descriptor for a process, a short sleep stands in for it.
  const int process = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  pollfd watched[] = {{process, POLLIN, 0}, {wake, POLLIN, 0}};
  const int pause = process >= 0 ? static_cast<int>(kMemoryWatch.count()) : 2;
  while (poll() == State::running && watched[1].revents == 0) {
    if (limit && std::chrono::steady_clock::now() - begin > *limit) break;
    ::poll(watched, std::size(watched), pause);  // negative descriptors are passed over
  }
  if (process >= 0) close(process);
  return state_;
}

Worker::State Worker::settle(int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return state_ = State::finished;
  message_ = told_message(*memory_);
  if (!killed_because_.empty())
    message_ = fmt::format("the recording was ended after step {}: {}", step(), killed_because_);
  if (message_.empty()) message_ = death_message(status, step());
  state_ = State::failed;
  std::error_code ignored;
  if (!std::filesystem::exists(request_.trace_path, ignored)) return state_;
  const auto rescued = rescue_trace(request_.trace_path, memory_->ring, message_);
  if (rescued) return state_ = State::died;
  message_ += fmt::format("; its trace could not be completed: {}", rescued.error().message);
  return state_;
}

void Worker::request_stop() {
  if (pid_ > 0 && state_ == State::running) ::kill(pid_, SIGTERM);
}

void Worker::kill() {
  if (pid_ <= 0 || state_ != State::running) return;
  killed_because_ = "it was to end at once";
  ::kill(pid_, SIGKILL);
}

std::uint64_t Worker::step() const {
  std::uint64_t newest = 0;
  std::uint64_t step = 0;
  for (const emu::StepBuffer& buffer : memory_->ring.buffers) {
    if (buffer.sequence.load() < newest || buffer.sequence.load() == 0) continue;
    newest = buffer.sequence.load();
    step = buffer.first_step.load() + buffer.steps.load();
  }
  return step;
}

}  // namespace fiberscope::core
