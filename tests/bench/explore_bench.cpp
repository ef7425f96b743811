// Exploration of three threads at gcc -O0: transitions a second, beside SPIN on a Promela model of the same
// instructions where it is installed; and whole processes.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <stdexcept>
#include <string>

#include "core/explore/explore_request.h"
#include "core/explore/machine_step.h"
#include "core/explore/state_graph.h"

namespace fiberscope::bench {
namespace {

namespace explore = core::explore;
using Clock = std::chrono::steady_clock;

constexpr const char* kBody = "x=x+1; y=y+x; z=x+5*y";

explore::PreparedExploration three_threads() {
  explore::ExploreRequest request;
  request.threads = {kBody, kBody, kBody};
  request.lowering = "O0";
  auto prepared = explore::prepare(request);
  if (!prepared) throw std::runtime_error(prepared.error().message);
  return std::move(prepared).value();
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string output_of(const std::string& command) {
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");  // NOLINT: the commands are written here
  if (pipe == nullptr) return output;
  char buffer[4096];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, got);
  pclose(pipe);
  return output;
}

/// The first thread's body as Promela: one statement an instruction.
std::string promela(const explore::ThreadProgram& program) {
  const std::regex two(R"((\w+) (.+), (.+))");
  std::string body;
  const explore::ProgramThread& thread = program.threads.front();
  for (const auto& [address, place] : program.places) {
    std::smatch parts;
    if (address < thread.code_low || address >= thread.code_high || !std::regex_match(place.text, parts, two)) continue;
    const auto operand = [](const std::string& text) {
      return std::regex_replace(text, std::regex(R"(dword ptr \[(\w+)\])"), "$1");
    };
    const std::string name = parts[1].str();
    const std::string to = operand(parts[2].str());
    const std::string from = operand(parts[3].str());
    if (to.find("rbp") != std::string::npos) continue;  // prologue
    static const std::map<std::string, std::string> kOperators = {
        {"add", "+"}, {"sub", "-"}, {"imul", "*"}, {"shl", "<<"}};
    if (name == "mov") {
      body += fmt::format("  {} = {};\n", to, from);
    } else if (const auto known = kOperators.find(name); known != kOperators.end()) {
      body += fmt::format("  {0} = {0} {1} {2};\n", to, known->second, from);
    } else {
      throw std::runtime_error("no Promela for " + place.text);
    }
  }
  return "int x, y, z;\nactive [3] proctype thread() {\n  int eax, edx;\n" + body + "}\n";
}

/// Transitions a second of SPIN; 0 where it is not installed.
double spin_rate(const explore::ThreadProgram& program) {
  if (output_of("command -v spin").empty()) return 0;
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("explore-bench-{}", getpid());
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "model.pml") << promela(program);
  const std::string built = output_of(
      fmt::format("cd {} && spin -a model.pml 2>&1 && gcc -O2 -w -DNOREDUCE -DSAFETY -o pan pan.c 2>&1 && echo built",
                  folder.string()));
  double best = 0;
  for (int run = 0; run < 3 && built.find("built") != std::string::npos; ++run) {
    const auto start = Clock::now();
    const std::string report = output_of(fmt::format("cd {} && ./pan -m10000 -w22 2>&1", folder.string()));
    const double seconds = seconds_since(start);
    std::smatch found;
    if (!std::regex_search(report, found, std::regex(R"(\n\s*(\d+) transitions)"))) break;
    const double transitions = std::stod(found[1].str());
    // Both numbers include the start of a process: some milliseconds of a quarter of a second.
    best = std::max(best, transitions / seconds);
  }
  std::filesystem::remove_all(folder);
  return best;
}

void explore_graph(benchmark::State& state) {
  const explore::PreparedExploration prepared = three_threads();
  double best = 0;
  for (auto _ : state) {
    const auto start = Clock::now();
    auto machine = explore::MachineStep::create(prepared.program, prepared.options.model);
    if (!machine) throw std::runtime_error(machine.error().message);
    const auto graph = explore::StateGraph::build(**machine, prepared.options.scheduler, prepared.options.limits);
    if (!graph || graph->size() != 801450) throw std::runtime_error("the graph is not the known one");
    best = std::max(best, static_cast<double>(graph->transitions()) / seconds_since(start));
  }
  const double spin = spin_rate(prepared.program);
  state.counters["M_transitions/s(aim_20)"] = best / 1e6;
  state.counters["spin_M_transitions/s"] = spin / 1e6;
  state.counters["times_spin(aim_over_1)"] = spin > 0 ? best / spin : 0;
}
BENCHMARK(explore_graph)->Iterations(5)->Unit(benchmark::kMillisecond);

/// The program itself, from its start to its last line.
void explore_process(benchmark::State& state, int threads, const char* lowering, double most_seconds) {
  const char* body = threads == 2 ? "x=x+1; y=y+x" : kBody;
  std::string command = fmt::format("{} explore --lowering {} --json", FIBERSCOPE_PROGRAM, lowering);
  for (int i = 0; i < threads; ++i) command += fmt::format(" --thread '{}'", body);
  double best = 1e9;
  for (auto _ : state) {
    const auto start = Clock::now();
    if (output_of(command).find("\"complete\": true") == std::string::npos) throw std::runtime_error("not complete");
    best = std::min(best, seconds_since(start));
  }
  state.counters["best_s"] = best;
  state.counters["most_s"] = most_seconds;
}
BENCHMARK_CAPTURE(explore_process, two_threads_textbook, 2, "textbook", 0.05)
    ->Iterations(5)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(explore_process, three_threads_O0, 3, "O0", 2.0)->Iterations(3)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fiberscope::bench
