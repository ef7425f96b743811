#include "tests/guests/native_run.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

namespace fiberscope::tests {
namespace {

std::vector<std::uint64_t> read_words(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::vector<std::uint64_t> words(bytes.size() / sizeof(std::uint64_t));
  std::memcpy(words.data(), bytes.data(), words.size() * sizeof(std::uint64_t));
  return words;
}

}  // namespace

NativeRun run_native(const std::string& name, const std::vector<std::uint32_t>& picks) {
  return run_program(FIBERSCOPE_NATIVE_DIR "/" + name, picks);
}

NativeRun run_program(const std::string& path, const std::vector<std::uint32_t>& picks) {
  const std::string report = testing::TempDir() + "fiberscope_report_" + std::to_string(getpid());
  std::string command = "FIBERSCOPE_REPORT='" + report + "' FIBERSCOPE_PICKS='";
  for (const std::uint32_t pick : picks) command += std::to_string(pick) + " ";
  command += "' timeout 20 '" + path + "'; exit $?";

  NativeRun run;
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return run;
  std::array<char, 4096> buffer{};
  for (std::size_t size = 0; (size = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    run.output.append(buffer.data(), size);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) run.exit_code = WEXITSTATUS(status);
  run.report = read_words(report);
  std::remove(report.c_str());
  return run;
}

}  // namespace fiberscope::tests
