#pragma once
#include <utility>

#include "core/trace.h"
#include "core/trace_data.h"

namespace fiberscope::core {

/// Records into a Trace of this process, without a file.
class MemorySink final : public TraceSink {
 public:
  explicit MemorySink(Trace& trace) : trace_(trace) {}

  void append(TraceBatch batch) override {
    chunks_ += batch.chunks.size();
    trace_.append(std::move(batch));
  }
  void finish(const emu::Stop& stop) override { trace_.finish(stop); }
  [[nodiscard]] std::uint64_t safe_chunks() const override { return chunks_; }

 private:
  Trace& trace_;
  std::uint64_t chunks_ = 0;
};

}  // namespace fiberscope::core
