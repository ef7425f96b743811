#include "core/trace_session.h"

#include <fmt/format.h>

#include <utility>

#include "core/varint.h"

namespace fiberscope::core {

emu::Result<std::unique_ptr<TraceSession>> TraceSession::open(const std::string& path) {
  auto reader = TraceFileReader::open(path);
  if (!reader) return reader.error();
  auto trace = Trace::create((*reader)->header());
  if (!trace) return emu::Error{fmt::format("{}: the trace is damaged: {}; record it again", path, trace.error().message)};
  std::unique_ptr<TraceSession> session(new TraceSession);
  session->path_ = path;
  session->reader_ = std::move(reader).value();
  session->trace_ = std::move(trace).value();
  if (const auto fresh = session->refresh(); !fresh) return fresh.error();
  return session;
}

emu::Result<bool> TraceSession::refresh() {
  if (trace_->stop()) return false;
  auto update = reader_->poll();
  if (!update) return update.error();
  const bool grew = !update->batch.chunks.empty() || !update->batch.threads.empty() || update->stop.has_value();
  try {
    trace_->append(std::move(update->batch));
  } catch (const CorruptData& failure) {
    return emu::Error{fmt::format("{}: the trace is damaged: {}; record it again", path_, failure.what())};
  }
  if (update->stop) trace_->finish(*update->stop);
  return grew;
}

}  // namespace fiberscope::core
