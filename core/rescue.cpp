#include <fmt/format.h>

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

void append_ring(TraceSession& session, TraceFileWriter& writer, const StepRing& ring, emu::Stop& stop) {
  Trace& trace = session.trace();
  std::vector<const emu::StepBuffer*> left;
  for (const emu::StepBuffer& buffer : ring.buffers)
    if (buffer.used() > 0 && buffer.sequence.load() > writer.safe_chunks()) left.push_back(&buffer);
  std::sort(left.begin(), left.end(),
            [](const auto* a, const auto* b) { return a->sequence.load() < b->sequence.load(); });

  BatchEncoder::Resume resume;
  resume.templates = trace.templates();
  resume.chunks = writer.safe_chunks();
  resume.threads = trace.threads();
  for (const Switch& entry : trace.switches()) resume.last_reasons[entry.cpu] = entry.reason;
  // The checkpoint before chunk N is made when chunk N comes: at a multiple the whole last group is still open.
  const std::size_t open_group = resume.chunks == 0 ? 0 : (resume.chunks - 1) / kCheckpointChunks * kCheckpointChunks;
  for (std::size_t i = open_group; i < resume.chunks; ++i)
    for (const std::uint64_t word : trace.chunk(i).touched.words)
      resume.dirty_pages.insert(word * 8 / emu::kPageSize * emu::kPageSize);
  auto [state, space] = trace.last_flat_state();
  resume.space = space;
  stop.rip = emu::Address{state.registers[emu::Register::rip]};
  BatchEncoder encoder(trace.image(), std::move(state), std::move(resume));
  if (trace.threads().empty()) writer.append(encoder.begin());
  std::uint64_t expected = writer.safe_chunks() + 1;
  StepIndex end = trace.steps();
  try {
    for (const emu::StepBuffer* buffer : left) {
      if (buffer->sequence.load() != expected++) break;
      if (buffer->first_step.load() != end.value) throw CorruptData("its parts do not follow each other");
      const std::span<const std::uint64_t> words(buffer->words,
                                                 std::min<std::uint64_t>(buffer->used(), emu::StepBuffer::kWords));
      TraceBatch batch = encoder.encode(words, end, buffer->rip_after());
      end = batch.chunks.back().last();
      writer.append(std::move(batch));
      stop.rip = emu::Address{buffer->rip_after()};
    }
  } catch (const CorruptData& failure) {
    stop.message += fmt::format("; what it left beyond step {} makes no sense: {}", end.value, failure.what());
  }
}

}  // namespace

emu::Result<void> rescue_trace(const std::string& path, const StepRing& ring, const std::string& reason) {
  try {
    // It must outlive the writer: closing its file would take SQLite's locks from that (RecordingLock).
    std::unique_ptr<TraceSession> session;
    // Opening for writing rolls a hot journal back, which a reader may not do.
    auto writer = TraceFileWriter::resume(path);
    if (!writer) return writer.error();
    auto opened = TraceSession::open(path);
    if (!opened) return opened.error();
    session = std::move(opened).value();
    if (session->trace().stop()) return {};
    emu::Stop stop;
    stop.reason = emu::Stop::Reason::crashed;
    stop.message = reason;
    append_ring(*session, **writer, ring, stop);
    (*writer)->finish(stop);
    return {};
  } catch (const std::exception& error) {
    return emu::Error{error.what()};
  }
}

}  // namespace fiberscope::core
