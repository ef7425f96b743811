#include "tests/cli/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace fiberscope::tests {
namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  // A file of /proc may fail in the middle, when its process ends: what came until then is what there is.
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

ScratchFolder::ScratchFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "fiberscope-cli-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch folder");
  path_ = pattern;
}

ScratchFolder::~ScratchFolder() {
  std::filesystem::remove_all(path_);
}

RunningProgram::RunningProgram(const std::vector<std::string>& words, const std::filesystem::path& folder) {
  const std::string out = streams_.file("out");
  const std::string err = streams_.file("err");
  pid_ = fork();
  if (pid_ == 0) {
    setpgid(0, 0);
    const auto redirect = [](const char* path, int flags, int target) { dup2(open(path, flags, 0600), target); };
    redirect("/dev/null", O_RDONLY, 0);
    redirect(out.c_str(), O_WRONLY | O_CREAT, 1);
    redirect(err.c_str(), O_WRONLY | O_CREAT, 2);
    for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY"}) unsetenv(name);
    setenv("XDG_CONFIG_HOME", streams_.path().c_str(), 1);
    setenv("TMPDIR", streams_.path().c_str(), 1);
    if (chdir(folder.c_str()) != 0) _exit(126);
    std::string program = FIBERSCOPE_PROGRAM;
    std::vector<std::string> copy = words;
    std::vector<char*> arguments{program.data()};
    for (std::string& word : copy) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execv(program.c_str(), arguments.data());
    _exit(127);
  }
  setpgid(pid_, pid_);  // whoever comes first
}

RunningProgram::~RunningProgram() {
  if (pid_ <= 0) return;
  kill(-pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

pid_t RunningProgram::worker() const {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const pid_t process = std::atoi(entry.path().filename().c_str());
    if (process <= 0) continue;
    const std::string stat = contents(entry.path() / "stat");  // PID (NAME) STATE PARENT …
    const std::size_t name_end = stat.rfind(')');
    if (name_end != std::string::npos && name_end + 4 < stat.size() && std::atoi(stat.c_str() + name_end + 4) == pid_)
      return process;
  }
  return -1;
}

void RunningProgram::signal(int number) const {
  kill(pid_, number);
}
void RunningProgram::signal_group(int number) const {
  kill(-pid_, number);
}

Outcome RunningProgram::wait() {
  int status = 0;
  const bool ended = until([&] { return waitpid(pid_, &status, WNOHANG) == pid_; });
  if (!ended) return {-1, contents(streams_.file("out")), contents(streams_.file("err")) + " (still running)"};
  pid_ = -1;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), contents(streams_.file("out")),
          contents(streams_.file("err"))};
}

Outcome run_program(const std::vector<std::string>& words, const std::filesystem::path& folder) {
  return RunningProgram(words, folder).wait();
}

bool until(const std::function<bool()>& condition) {
  for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
       std::chrono::steady_clock::now() < end;) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return condition();
}

}  // namespace fiberscope::tests
