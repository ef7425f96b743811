// Random seeks in a long trace.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

#include "core/memory_sink.h"
#include "core/recorder.h"
#include "tests/bench/yardstick.h"

namespace fiberscope::bench {
namespace {

constexpr std::uint64_t kSteps = 5'000'000;
constexpr int kSeeks = 5'000;

void random_seeks(benchmark::State& state, const char* name) {
  const emu::Image image = bench_image(name);
  auto machine = emu::Machine::boot(image);
  auto trace = core::Trace::create(core::make_header(**machine, image, {}));
  core::MemorySink sink(**trace);
  const auto ring = std::make_unique<core::StepRing>();
  core::Recorder recorder(**machine, image, *ring, sink);
  recorder.run(kSteps);
  std::mt19937_64 random(42);
  std::vector<double> milliseconds;
  std::uint64_t last = 0;
  for (auto _ : state) {
    last = random() % (kSteps + 1);
    const auto start = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize((*trace)->state_at(core::StepIndex{last}));
    milliseconds.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  // A far seek must give what a plain run gives.
  last %= 300'000;
  auto plain = emu::Machine::boot(image);
  (*plain)->run(last);
  const core::MachineState& there = (*trace)->state_at(core::StepIndex{last});
  if (!(there.registers == (*plain)->registers()) || !(there.memory == (*plain)->memory()))
    throw std::runtime_error("a seek went wrong");
  std::sort(milliseconds.begin(), milliseconds.end());
  state.counters["p50_ms"] = milliseconds[milliseconds.size() / 2];
  state.counters["p99_ms(max_1)"] = milliseconds[milliseconds.size() * 99 / 100];
  state.counters["worst_ms"] = milliseconds.back();
}

BENCHMARK_CAPTURE(random_seeks, switch_loop, "switch_loop")->Iterations(kSeeks)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(random_seeks, sorting, "sorting")->Iterations(kSeeks)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace fiberscope::bench
