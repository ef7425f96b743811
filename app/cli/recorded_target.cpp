#include "app/cli/recorded_target.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include "core/target.h"
#include "core/temporary_folder.h"

namespace fiberscope::app {
namespace {

constexpr std::chrono::milliseconds kPoll{2};
constexpr std::string_view kEnding = ".fscope";

/// Why a trace of the target cannot be kept at that path.
std::optional<std::string> unusable_trace_path(const std::string& target, const std::string& path) {
  if (!core::is_trace_path(path)) return fmt::format("-o {}: a trace's name ends in {}", path, kEnding);
  if (core::is_trace_path(target)) return fmt::format("-o {}: {} is a trace already; copy the file", path, target);
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return std::nullopt;
  if (std::filesystem::is_directory(status))
    return fmt::format("-o {}: a folder of that name is there; choose another", path);
  const bool empty = std::filesystem::is_regular_file(status) && std::filesystem::file_size(path, error) == 0;
  if (!empty && !core::is_trace_file(path))
    return fmt::format("-o {}: what is there is no trace, and is not overwritten; remove it, or choose another name",
                       path);
  if (access(path.c_str(), W_OK) != 0)
    return fmt::format("-o {}: the trace there is write-protected; choose another name", path);
  if (core::RecordingLock(path, false).is_held())
    return fmt::format("-o {}: another recording into it is under way; wait for its end, or choose another name", path);
  return std::nullopt;
}

}  // namespace

RecordedTarget::~RecordedTarget() {
  [[maybe_unused]] const auto ignored = finish();
  session_.reset();  // before the folder that its file may lie in
}

emu::Result<std::unique_ptr<RecordedTarget>> RecordedTarget::open(const std::string& target, const Options& options) {
  if (options.trace_path) {
    if (const auto problem = unusable_trace_path(target, *options.trace_path)) return emu::Error{*problem};
  }
  std::unique_ptr<RecordedTarget> result(new RecordedTarget);
  if (core::is_trace_path(target)) {
    if (options.choice.processors || options.choice.seed)
      return emu::Error{
          fmt::format("{} is a trace, which has run already: --processors and --seed are for a new run", target)};
    result->path_ = target;
  } else if (const auto error = result->start(target, options)) {
    return *error;
  }
  if (const auto error = result->connect()) return *error;
  if (!result->scenario_) result->scenario_ = core::scenario_of(result->trace().header().meta);
  const bool trace = core::is_trace_path(target);
  result->origin_ = !trace ? target : result->scenario_ ? result->scenario_->name : std::string();
  return result;
}

std::optional<emu::Error> RecordedTarget::start(const std::string& target, const Options& options) {
  // Said here, so that a wrong name costs no process.
  auto resolved = core::resolve_target(target);
  if (!resolved) return resolved.error();
  if (!options.arguments.empty() && resolved->machine.profile != emu::MachineProfile::linux_user)
    return emu::Error{
        fmt::format("{}: arguments are for Linux programs; a bare machine has nobody to pass them to", target)};
  if (!options.schedule.empty()) {
    if (resolved->machine.profile == emu::MachineProfile::linux_user)
      return emu::Error{fmt::format(
          "{}: a schedule is for bare guests that ask the scheduler port; the machine is the kernel of this one",
          target)};
    if (const auto taken = core::take_schedule(*resolved, options.schedule); !taken) return taken.error();
  }
  if (const auto chosen = core::choose(options.choice, *resolved); !chosen) return chosen.error();
  scenario_ = std::move(resolved->scenario);
  if (options.trace_path) {
    std::error_code error;
    path_ = *options.trace_path;
    if (std::filesystem::exists(path_, error)) {
      const auto real = std::filesystem::canonical(path_, error);
      replaces_ = error ? path_ : real.string();
      const std::filesystem::path place(*replaces_);
      path_ =
          (place.parent_path() / fmt::format("{}.recording-{}{}", place.stem().string(), getpid(), kEnding)).string();
    }
    kept_path_ = options.trace_path;
  } else {
    auto folder = core::TemporaryFolder::make();
    if (!folder) return folder.error();
    temporary_folder_ = std::move(folder).value();
    path_ = temporary_folder_.file("recording.fscope");
  }
  core::RecordRequest request;
  request.target = target;
  request.trace_path = path_;
  request.max_steps = options.max_steps;
  request.arguments = options.arguments;
  request.schedule = options.schedule;
  request.stop_at_question = options.stop_at_question;
  request.choice = options.choice;
  request.keep = options.trace_path.has_value();
  auto worker = core::Worker::start(request);
  if (!worker) return worker.error();
  worker_ = std::move(worker).value();
  return std::nullopt;
}

std::optional<emu::Error> RecordedTarget::connect() {
  for (;;) {
    // Asked before the file is looked at, which may just not be there yet.
    const bool running = worker_ != nullptr && worker_->poll() == core::Worker::State::running;
    auto session = core::TraceSession::open(path_);
    // The recorder was alive, yet its last change has no owner: it has died since, and its trace is still to be ended.
    const bool died = session && running && (*session)->reads_copy();
    if (session && !died) {
      session_ = std::move(session).value();
      return std::nullopt;
    }
    if (running) {
      std::this_thread::sleep_for(kPoll);
      continue;
    }
    if (worker_ == nullptr) return session.error();
    const std::string why = worker_->message();
    remove_recording();
    return why.empty() ? session.error() : emu::Error{why};
  }
}

emu::Result<bool> RecordedTarget::refresh() {
  const auto state = worker_ != nullptr ? worker_->poll() : core::Worker::State::finished;
  auto changed = session_->refresh();
  if (!changed || worker_ == nullptr || state == core::Worker::State::running) return changed;
  bool ended = *changed;
  if (!trace().stop()) {
    emu::Stop stop;
    stop.reason = emu::Stop::Reason::crashed;
    stop.message = worker_->message().empty() ? "the recording was cut short" : worker_->message();
    trace().finish(std::move(stop));
    ended = true;
  }
  if (const auto placed = put_in_place(); !placed) return placed.error();
  return ended;
}

void RecordedTarget::wait(int stop) {
  while (worker_ != nullptr && worker_->wait(stop) == core::Worker::State::running) {
    char byte = 0;
    while (read(stop, &byte, 1) == 1) {
      if (++stops_ == 1) {
        worker_->request_stop();
      } else {
        worker_->kill();
      }
    }
  }
}

emu::Result<void> RecordedTarget::finish() {
  if (worker_ == nullptr) return {};
  worker_->end();
  const auto placed = put_in_place();
  worker_.reset();
  return placed;
}

emu::Result<void> RecordedTarget::put_in_place() {
  if (!replaces_) return {};
  const std::string target = *std::exchange(replaces_, std::nullopt);
  if (worker_->poll() == core::Worker::State::failed) {
    // Not whole: both are left to people to choose from.
    kept_path_ = path_;
    return {};
  }
  std::error_code error;
  // A journal that a killed recorder left would be played back into the new file.
  std::filesystem::remove(target + "-journal", error);
  std::filesystem::rename(path_, target, error);
  if (error) {
    kept_path_ = path_;
    return emu::Error{
        fmt::format("the recording cannot take the place of {}: {}; it is {}", target, error.message(), path_)};
  }
  std::filesystem::remove(path_ + "-journal", error);
  return {};
}

void RecordedTarget::discard() {
  if (worker_ == nullptr) return;
  worker_->kill();
  remove_recording();
}

void RecordedTarget::remove_recording() {
  worker_->end();
  worker_.reset();
  replaces_.reset();
  kept_path_.reset();
  std::error_code error;
  std::filesystem::remove(path_, error);
  std::filesystem::remove(path_ + "-journal", error);
}

}  // namespace fiberscope::app
