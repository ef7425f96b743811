#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "core/trace_session.h"
#include "core/varint.h"
#include "core/worker.h"

namespace fiberscope::core {
namespace {

emu::Result<void> append_ring(TraceSession& session, TraceFileWriter& writer, const StepRing& ring, emu::Stop& stop) {
  Trace& trace = session.trace();
  std::vector<const emu::StepBuffer*> left;
  for (const emu::StepBuffer& buffer : ring.buffers)
    if (buffer.used.load() > 0 && buffer.sequence.load() > writer.safe_chunks()) left.push_back(&buffer);
  std::sort(left.begin(), left.end(), [](const auto* a, const auto* b) { return a->sequence.load() < b->sequence.load(); });

  BatchEncoder::Resume resume;
  resume.templates = trace.templates();
  resume.chunks = writer.safe_chunks();
  resume.threads = trace.threads();
  // The checkpoint before chunk N is made when chunk N comes: at a multiple the whole last group is still open.
  const std::size_t open_group = resume.chunks == 0 ? 0 : (resume.chunks - 1) / kCheckpointChunks * kCheckpointChunks;
  for (std::size_t i = open_group; i < resume.chunks; ++i)
    for (const std::uint64_t word : trace.chunk(i).touched) resume.dirty_pages.insert(word * 8 / emu::kPageSize * emu::kPageSize);
  MachineState state = trace.state_at(trace.steps());
  BatchEncoder encoder(trace.image(), std::move(state), std::move(resume));
  if (trace.threads().empty()) writer.append(encoder.begin());
  std::uint64_t expected = writer.safe_chunks() + 1;
  for (const emu::StepBuffer* buffer : left) {
    if (buffer->sequence.load() != expected++) break;
    const std::span<const std::uint64_t> words(buffer->words, std::min<std::uint64_t>(buffer->used.load(), emu::StepBuffer::kWords));
    writer.append(encoder.encode(words, StepIndex{buffer->first_step.load()}, buffer->rip_after.load()));
    stop.rip = emu::Address{buffer->rip_after.load()};
  }
  return {};
}

}  // namespace

emu::Result<void> rescue_trace(const std::string& path, const StepRing& ring, const std::string& reason) {
  try {
    // Opening for writing rolls a hot journal back, which a reader may not do.
    auto writer = TraceFileWriter::resume(path);
    if (!writer) return writer.error();
    auto session = TraceSession::open(path);
    if (!session) return session.error();
    emu::Stop stop;
    stop.reason = emu::Stop::Reason::crashed;
    stop.message = reason;
    const auto appended = append_ring(**session, **writer, ring, stop);
    session->reset();
    (*writer)->finish(stop);
    return appended;
  } catch (const std::exception& error) {
    return emu::Error{error.what()};
  }
}

}  // namespace fiberscope::core
