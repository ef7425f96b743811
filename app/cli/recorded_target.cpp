#include "app/cli/recorded_target.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

#include "core/target.h"

namespace fiberscope::app {
namespace {

constexpr std::chrono::milliseconds kPoll{2};

std::string make_temporary_folder() {
  const char* base = std::getenv("TMPDIR");
  std::string pattern = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/fiberscope-XXXXXX";
  return mkdtemp(pattern.data()) == nullptr ? std::string() : pattern;
}

}  // namespace

std::optional<std::string> unusable_trace_path(const std::string& target, const std::optional<std::string>& path) {
  if (!path) return std::nullopt;
  if (!core::is_trace_path(*path)) return fmt::format("-o {}: a trace's name ends in .fscope", *path);
  if (core::is_trace_path(target)) return fmt::format("-o {}: {} is a trace already; copy the file", *path, target);
  return std::nullopt;
}

RecordedTarget::~RecordedTarget() {
  worker_.reset();
  session_.reset();
  std::error_code ignored;
  if (!temporary_folder_.empty()) std::filesystem::remove_all(temporary_folder_, ignored);
}

emu::Result<std::unique_ptr<RecordedTarget>> RecordedTarget::open(const std::string& target, const Options& options) {
  std::unique_ptr<RecordedTarget> result(new RecordedTarget);
  std::string path = target;
  if (!core::is_trace_path(target)) {
    // Said here, so that a wrong name costs no process.
    const auto resolved = core::resolve_target(target);
    if (!resolved) return resolved.error();
    result->scenario_ = resolved->scenario;
    if (options.trace_path) {
      path = *options.trace_path;
    } else {
      result->temporary_folder_ = make_temporary_folder();
      if (result->temporary_folder_.empty()) return emu::Error{"no temporary folder; set TMPDIR to one that can be written"};
      path = result->temporary_folder_ + "/recording.fscope";
    }
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    auto worker = core::Worker::start({target, path, options.max_steps});
    if (!worker) return worker.error();
    result->worker_ = std::move(worker).value();
    if (options.wait) result->worker_->wait();
  }
  for (;;) {
    auto session = core::TraceSession::open(path);
    if (session) {
      result->session_ = std::move(session).value();
      break;
    }
    if (result->worker_ == nullptr) return session.error();
    // Just started: its file may not be there yet.
    const auto state = result->worker_->poll();
    if (state == core::Worker::State::failed) return emu::Error{};
    if (state != core::Worker::State::running) {
      session = core::TraceSession::open(path);
      if (!session) return session.error();
      result->session_ = std::move(session).value();
      break;
    }
    std::this_thread::sleep_for(kPoll);
  }
  if (!result->scenario_) result->scenario_ = core::scenario_of(result->trace().header().meta);
  return result;
}

emu::Result<bool> RecordedTarget::refresh() {
  if (worker_ != nullptr) worker_->poll();
  return session_->refresh();
}

}  // namespace fiberscope::app
