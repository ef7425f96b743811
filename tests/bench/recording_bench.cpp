// What recording costs, against the same engine with empty hooks, and how large a recorded step is.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <limits>
#include <memory>
#include <stdexcept>

#include "core/memory_sink.h"
#include "core/recorder.h"
#include "core/trace_file.h"
#include "tests/bench/yardstick.h"

namespace fiberscope::bench {
namespace {

constexpr std::uint64_t kSteps = 2'000'000;

struct Recorded {
  double seconds = 0;
  std::unique_ptr<core::Trace> trace;
};

/// The trace must end in the state of a machine that ran without a recorder.
void check(core::Trace& trace, const emu::Image& image, std::uint64_t steps) {
  auto plain = emu::Machine::boot(image);
  (*plain)->run(steps);
  const core::MachineState& state = trace.state_at(core::StepIndex{steps});
  if (trace.steps().value != steps || !(state.registers == (*plain)->registers()) ||
      !(state.memory == (*plain)->memory()))
    throw std::runtime_error("the recording differs from a plain run");
}

Recorded record_in_memory(const emu::Image& image, std::uint64_t steps) {
  auto machine = emu::Machine::boot(image);
  auto trace = core::Trace::create(core::make_header(**machine, image, {}));
  core::MemorySink sink(**trace);
  const auto ring = std::make_unique<core::StepRing>();
  Recorded recorded;
  const auto start = std::chrono::steady_clock::now();
  {
    core::Recorder recorder(**machine, image, *ring, sink);
    recorder.run(steps);
  }
  recorded.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  recorded.trace = std::move(trace).value();
  return recorded;
}

void recording(benchmark::State& state, const char* name) {
  const emu::Image image = bench_image(name);
  // In turn, and the best of each: what else the machine does can only add.
  double yardstick = std::numeric_limits<double>::infinity();
  double seconds = yardstick;
  Recorded recorded;
  for (auto _ : state) {
    yardstick = std::min(yardstick, empty_hooks_seconds(image, kSteps));
    recorded = record_in_memory(image, kSteps);
    seconds = std::min(seconds, recorded.seconds);
    state.SetIterationTime(recorded.seconds);
  }
  check(*recorded.trace, image, kSteps);
  const auto steps = static_cast<double>(kSteps);
  state.counters["ns_per_step"] = seconds / steps * 1e9;
  state.counters["empty_hooks_ns"] = yardstick / steps * 1e9;
  state.counters["ratio(max_2.0)"] = seconds / yardstick;
  state.counters["memory_bytes_per_step(max_10)"] =
      static_cast<double>(recorded.trace->memory_use()) / static_cast<double>(kSteps);
}

void file_size(benchmark::State& state, const char* name) {
  const emu::Image image = bench_image(name);
  const std::string path =
      (std::filesystem::temp_directory_path() / ("fiberscope-bench-" + std::to_string(getpid()) + ".fscope")).string();
  for (auto _ : state) {
    auto machine = emu::Machine::boot(image);
    auto file = core::TraceFileWriter::create(path, core::make_header(**machine, image, {}));
    const auto ring = std::make_unique<core::StepRing>();
    const auto start = std::chrono::steady_clock::now();
    core::Recorder recorder(**machine, image, *ring, **file);
    recorder.run(kSteps);
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  const double bytes = static_cast<double>(std::filesystem::file_size(path));
  auto reader = core::TraceFileReader::open(path);
  auto trace = core::Trace::create((*reader)->header());
  auto update = (*reader)->poll();
  if (!update) throw std::runtime_error(update.error().message);
  (*trace)->append(std::move(update->batch));
  check(**trace, image, kSteps);
  std::filesystem::remove(path);
  state.counters["file_bytes_per_step(max_3)"] = bytes / static_cast<double>(kSteps);
}

BENCHMARK_CAPTURE(recording, switch_loop, "switch_loop")->UseManualTime()->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(recording, sorting, "sorting")->UseManualTime()->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(file_size, switch_loop, "switch_loop")->UseManualTime()->Iterations(2)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(file_size, sorting, "sorting")->UseManualTime()->Iterations(2)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fiberscope::bench
