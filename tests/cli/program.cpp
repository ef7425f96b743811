#include "tests/cli/program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace fiberscope::tests {
namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

ScratchFolder::ScratchFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "fiberscope-cli-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch folder");
  path_ = pattern;
}

ScratchFolder::~ScratchFolder() { std::filesystem::remove_all(path_); }

Outcome run_program(const std::vector<std::string>& words, const std::filesystem::path& folder) {
  const ScratchFolder streams;
  const std::string out = streams.file("out");
  const std::string err = streams.file("err");
  const pid_t child = fork();
  if (child == 0) {
    const auto redirect = [](const char* path, int flags, int target) { dup2(open(path, flags, 0600), target); };
    redirect("/dev/null", O_RDONLY, 0);
    redirect(out.c_str(), O_WRONLY | O_CREAT, 1);
    redirect(err.c_str(), O_WRONLY | O_CREAT, 2);
    for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY"}) unsetenv(name);
    setenv("XDG_CONFIG_HOME", streams.path().c_str(), 1);
    if (chdir(folder.c_str()) != 0) _exit(126);
    std::string program = FIBERSCOPE_PROGRAM;
    std::vector<std::string> copy = words;
    std::vector<char*> arguments{program.data()};
    for (std::string& word : copy) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execv(program.c_str(), arguments.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), contents(out), contents(err)};
}

}  // namespace fiberscope::tests
