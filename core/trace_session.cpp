#include "core/trace_session.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "core/varint.h"

namespace fiberscope::core {
namespace {

/// A parent ends the trace of its dead worker within this time (rescue_trace).
constexpr std::chrono::seconds kRescueTime{1};

}  // namespace

emu::Result<std::unique_ptr<TraceSession>> TraceSession::open(const std::string& path) {
  auto reader = TraceFileReader::open(path);
  if (!reader) return reader.error();
  auto trace = Trace::create((*reader)->header());
  if (!trace)
    return emu::Error{fmt::format("{}: the trace is damaged: {}; record it again", path, trace.error().message)};
  std::unique_ptr<TraceSession> session(new TraceSession);
  session->path_ = path;
  session->reader_ = std::move(reader).value();
  session->trace_ = std::move(trace).value();
  if (const auto fresh = session->refresh(); !fresh) return fresh.error();
  return session;
}

bool TraceSession::is_abandoned() {
  const auto now = std::chrono::steady_clock::now();
  if (!unrecorded_since_) unrecorded_since_ = now;
  if (now - *unrecorded_since_ > kRescueTime) return true;
  std::error_code error;
  const auto changed = std::filesystem::last_write_time(path_, error);
  return !error && std::filesystem::file_time_type::clock::now() - changed > kRescueTime;
}

emu::Result<bool> TraceSession::refresh() {
  if (trace_->stop()) return false;
  // Asked before the file is read: a recorder that ends the trace lets go only then.
  const bool recorded = reader_->is_being_recorded();
  auto update = reader_->poll();
  if (!update) return update.error();
  const bool grew = !update->batch.chunks.empty() || !update->batch.threads.empty() || update->stop.has_value();
  try {
    trace_->append(std::move(update->batch));
  } catch (const CorruptData& failure) {
    return emu::Error{fmt::format("{}: the trace is damaged: {}; record it again", path_, failure.what())};
  }
  if (update->stop) trace_->finish(*update->stop);
  if (recorded) unrecorded_since_.reset();
  if (!recorded && !update->stop && is_abandoned()) {
    emu::Stop stop;
    stop.reason = emu::Stop::Reason::crashed;
    stop.message = "the recording was cut short: its recorder is gone";
    trace_->finish(std::move(stop));
    return true;
  }
  return grew;
}

}  // namespace fiberscope::core
