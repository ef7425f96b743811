#include "core/recorder.h"

#include <chrono>

#include "core/varint.h"

namespace fiberscope::core {
namespace {

/// How long the encoder waits before it lets the sink hand on what it holds back.
constexpr std::chrono::milliseconds kIdle{20};

MachineState state_of(emu::Machine& machine) {
  MachineState state{machine.registers(), machine.memory(), CpuId{static_cast<std::uint16_t>(machine.processor())}, {}};
  if (machine.processors() > 1)
    for (unsigned i = 0; i < machine.processors(); ++i)
      state.parked.push_back(i == machine.processor() ? emu::RegisterFile{} : machine.registers(i));
  return state;
}

}  // namespace

Recorder::Recorder(emu::Machine& machine, const emu::Image& image, StepRing& ring, TraceSink& sink)
    : machine_(machine), ring_(ring), sink_(sink), encoder_(image, state_of(machine), {}) {}

Recorder::~Recorder() {
  machine_.set_sink(nullptr);
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

emu::Stop Recorder::run(std::uint64_t max_steps) {
  sink_.append(encoder_.begin());
  thread_ = std::thread([this] { encode_all(); });
  machine_.set_sink(this);
  const emu::Stop stop = machine_.run(max_steps);
  machine_.set_sink(nullptr);
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
  if (failure_) std::rethrow_exception(failure_);
  sink_.finish(stop);
  return stop;
}

emu::StepBuffer* Recorder::acquire(std::uint64_t first_step) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return failure_ || acquired_ - ring_.safe.load() < StepRing::kBuffers; });
  if (failure_) return nullptr;
  emu::StepBuffer& buffer = ring_.buffers[acquired_ % StepRing::kBuffers];
  ++acquired_;
  buffer.begin(acquired_, first_step);
  return &buffer;
}

void Recorder::publish(emu::StepBuffer& buffer) {
  {
    const std::lock_guard lock(mutex_);
    published_ = buffer.sequence.load();
  }
  changed_.notify_all();
}

void Recorder::encode_all() {
  try {
    for (std::uint64_t sequence = 1;;) {
      std::unique_lock lock(mutex_);
      const bool ready = changed_.wait_for(lock, kIdle, [&] { return published_ >= sequence || closing_; });
      const bool published = published_ >= sequence;
      lock.unlock();
      if (ready && !published) return;
      if (published) {
        emu::StepBuffer& buffer = ring_.buffers[(sequence - 1) % StepRing::kBuffers];
        const std::span<const std::uint64_t> words(buffer.words, buffer.used());
        sink_.append(encoder_.encode(words, StepIndex{buffer.first_step.load()}, buffer.rip_after()));
        ++sequence;
      } else {
        sink_.idle();
      }
      lock.lock();
      ring_.safe.store(sink_.safe_chunks());
      lock.unlock();
      changed_.notify_all();
    }
  } catch (...) {
    {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
    }
    changed_.notify_all();
  }
}

TraceHeader make_header(const emu::Machine& machine, const emu::Image& image, std::map<std::string, std::string> meta) {
  TraceHeader header;
  header.meta = std::move(meta);
  header.meta["engine"] = "unicorn " + emu::engine_version();
  header.registers = machine.registers(0);
  for (unsigned i = 1; i < machine.processors(); ++i) header.others.push_back(machine.registers(i));
  header.image_name = image.name();
  header.image.assign(image.file().begin(), image.file().end());
  const emu::Memory& memory = machine.memory();
  for (const emu::Region& region : memory.regions()) {
    emu::LoadedRegion loaded;
    loaded.region = region;
    loaded.contents = memory.copy(region.range.low, memory.contents_size(region));
    header.regions.push_back(std::move(loaded));
  }
  return header;
}

}  // namespace fiberscope::core
