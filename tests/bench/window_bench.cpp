// The program as its user meets it: whole processes, the window's first frame, its processor time while idle and while
// a film runs. The window's numbers are those of the machine's renderer; without a graphics card that is llvmpipe.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace fiberscope::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A child process whose standard output we read; ended with this object.
class Process {
 public:
  /// `{fd}` in an argument becomes the number of the pipe that lines() reads; without one it is standard output.
  Process(std::vector<std::string> words, const std::vector<std::string>& settings = {}) {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    read_end_ = ends[0];
    constexpr int kPipe = 9;
    bool own_pipe = false;
    for (std::string& word : words) {
      if (word == "{fd}") {
        word = std::to_string(kPipe);
        own_pipe = true;
      }
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], own_pipe ? kPipe : STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::vector<std::string> variables = settings;
    for (char** variable = environ; *variable != nullptr; ++variable) {
      const std::string text = *variable;
      const auto same = [&](const std::string& own) {
        return own.substr(0, own.find('=')) == text.substr(0, text.find('='));
      };
      if (std::none_of(settings.begin(), settings.end(), same)) variables.push_back(text);
    }
    const int result = posix_spawnp(&pid_, words.front().c_str(), &actions, nullptr, pointers(words).data(),
                                    pointers(variables).data());
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (result != 0) pid_ = -1;
  }
  ~Process() {
    if (pid_ > 0) {
      kill(pid_, SIGTERM);
      waitpid(pid_, nullptr, 0);
    }
    close(read_end_);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Whole lines that came within the time given; at once when `enough` of them are there.
  std::vector<std::string> lines(double seconds, std::size_t enough) {
    const auto start = Clock::now();
    std::vector<std::string> found;
    for (;;) {
      for (auto end = text_.find('\n'); end != std::string::npos && found.size() < enough; end = text_.find('\n')) {
        found.push_back(text_.substr(0, end));
        text_.erase(0, end + 1);
      }
      const double left = seconds - seconds_since(start);
      if (found.size() >= enough || left <= 0) return found;
      pollfd waiting{read_end_, POLLIN, 0};
      if (poll(&waiting, 1, static_cast<int>(left * 1000) + 1) <= 0) continue;
      char buffer[65536];
      const ssize_t count = read(read_end_, buffer, sizeof buffer);
      if (count <= 0) return found;
      text_.append(buffer, static_cast<std::size_t>(count));
    }
  }
  /// All it prints, and its exit code.
  std::pair<std::string, int> finish() {
    std::string all = std::move(text_);
    char buffer[65536];
    for (ssize_t count = 0; (count = read(read_end_, buffer, sizeof buffer)) > 0;)
      all.append(buffer, static_cast<std::size_t>(count));
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return {all, WIFEXITED(status) ? WEXITSTATUS(status) : -1};
  }
  /// Processor time of all its threads: proc(5), utime and stime.
  [[nodiscard]] double processor_seconds() const {
    std::ifstream in("/proc/" + std::to_string(pid_) + "/stat");
    const std::string stat(std::istreambuf_iterator<char>(in), {});
    std::istringstream fields(stat.substr(stat.rfind(')') + 1));
    std::string skipped;
    double user = 0;
    double system = 0;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    fields >> user >> system;
    return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }
  [[nodiscard]] bool started() const { return pid_ > 0; }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> result;
    for (std::string& word : words) result.push_back(word.data());
    result.push_back(nullptr);
    return result;
  }

  pid_t pid_ = -1;
  int read_end_ = -1;
  std::string text_;
};

/// A display of our own, and a window on it over a recorded trace.
class Desk {
 public:
  Desk() : server_({"Xvfb", "-noreset", "-displayfd", "{fd}", "-screen", "0", "1920x1200x24"}) {
    const auto display = server_.started() ? server_.lines(10, 1) : std::vector<std::string>{};
    if (display.empty()) return;
    folder_ = std::filesystem::temp_directory_path() / ("fiberscope-bench-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_ / "fiberscope");
    std::ofstream(folder_ / "fiberscope" / "settings") << "speed = 4\n";
    settings_ = {"DISPLAY=:" + display.front(), "XDG_CONFIG_HOME=" + folder_.string(), "WAYLAND_DISPLAY="};
    trace_ = (folder_ / "run.fscope").string();
    Process({FIBERSCOPE_PROGRAM, "run", "switch-to-context", "-o", trace_}).finish();
  }
  ~Desk() {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  [[nodiscard]] bool there() const { return !trace_.empty(); }
  [[nodiscard]] std::unique_ptr<Process> open(std::vector<std::string> more) const {
    std::vector<std::string> words = {FIBERSCOPE_PROGRAM, "open", trace_, "--report-state"};
    words.insert(words.end(), more.begin(), more.end());
    return std::make_unique<Process>(std::move(words), settings_);
  }

 private:
  Process server_;
  std::filesystem::path folder_;
  std::vector<std::string> settings_;
  std::string trace_;
};

constexpr const char* kNoDisplay = "no Xvfb here (Debian package xvfb)";

/// A line of the window's report; throws where the window said nothing, or shows no trace.
nlohmann::json parsed(const std::vector<std::string>& lines) {
  if (lines.empty()) throw std::runtime_error("the window did not report its state");
  auto state = nlohmann::json::parse(lines.back());
  if (state.at("schema") != "fiberscope.window/1" || state.at("steps").get<std::uint64_t>() < 1000)
    throw std::runtime_error("the window shows no trace: " + lines.back());
  return state;
}

void run_as_a_process(benchmark::State& state) {
  std::string printed;
  for (auto _ : state) {
    auto [text, code] = Process({FIBERSCOPE_PROGRAM, "run", "switch-to-context", "--json"}).finish();
    if (code != 0) throw std::runtime_error("run failed");
    printed = std::move(text);
  }
  const auto result = nlohmann::json::parse(printed);
  if (!result.at("complete").get<bool>() || result.at("switches").size() < 12)
    throw std::runtime_error("run is not complete");
}

void screenshot_as_a_process(benchmark::State& state) {
  const auto path = std::filesystem::temp_directory_path() / ("fiberscope-bench-" + std::to_string(getpid()) + ".png");
  for (auto _ : state) {
    const auto [text, code] =
        Process({FIBERSCOPE_PROGRAM, "screenshot", "switch-to-context", "-o", path.string()}).finish();
    if (code != 0) {
      state.SkipWithError("screenshot failed (EGL missing?)");
      return;
    }
  }
  std::ifstream in(path, std::ios::binary);
  std::string head(24, '\0');
  in.read(head.data(), 24);
  const auto side = [&](std::size_t at) {
    return static_cast<unsigned char>(head[at]) << 8 | static_cast<unsigned char>(head[at + 1]);
  };
  if (side(18) != 1600 || side(22) != 900) throw std::runtime_error("the picture is not 1600x900");
  std::filesystem::remove(path);
}

void first_frame(benchmark::State& state) {
  const Desk desk;
  if (!desk.there()) {
    state.SkipWithError(kNoDisplay);
    return;
  }
  std::string renderer;
  for (auto _ : state) {
    const auto window = desk.open({});
    const auto report = parsed(window->lines(20, 1));
    state.SetIterationTime(report.at("first_frame_ms").get<double>() / 1000);
    renderer = report.at("renderer");
  }
  state.SetLabel(renderer);
}

/// Processor time of the window at rest, and while it plays 4 steps a second with their films.
void processor_time(benchmark::State& state, bool playing, double seconds) {
  const Desk desk;
  if (!desk.there()) {
    state.SkipWithError(kNoDisplay);
    return;
  }
  for (auto _ : state) {
    std::vector<std::string> more = {"--step", "1500"};
    if (playing) more.emplace_back("--play");
    const auto window = desk.open(more);
    const auto settled = window->lines(2, 1000);  // its start is another benchmark's
    const auto before = parsed(settled);
    const double used = window->processor_seconds();
    const auto start = Clock::now();
    const auto lines = window->lines(seconds, 1'000'000);
    const double wall = seconds_since(start);
    const double cpu = window->processor_seconds() - used;
    state.SetIterationTime(wall);
    state.counters["cpu_percent"] = 100 * cpu / wall;
    if (!playing) {
      if (!lines.empty()) throw std::runtime_error("the window at rest changed: " + lines.back());
      continue;
    }
    const auto after = parsed(lines);
    const double steps = after.at("cursor").get<double>() - before.at("cursor").get<double>();
    if (steps < 2 * seconds) throw std::runtime_error("the window did not play 4 steps a second: " + lines.back());
    const double frames = after.at("frames").get<double>() - before.at("frames").get<double>();
    state.counters["frames_per_second"] = frames / wall;
    state.counters["cpu_ms_per_frame"] = 1000 * cpu / frames;
  }
}

BENCHMARK(run_as_a_process)->UseRealTime()->Iterations(10)->Unit(benchmark::kMillisecond);
BENCHMARK(screenshot_as_a_process)->UseRealTime()->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK(first_frame)->UseManualTime()->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(processor_time, at_rest, false, 5)->UseManualTime()->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK_CAPTURE(processor_time, playing, true, 5)->UseManualTime()->Iterations(1)->Unit(benchmark::kSecond);

}  // namespace
}  // namespace fiberscope::bench
