#include "app/process_clock.h"

#include <unistd.h>

#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace fiberscope::app {
namespace {

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace

double process_age() {
  std::ifstream in("/proc/self/stat");
  const std::string stat(std::istreambuf_iterator<char>(in), {});
  // proc(5): the command's name may hold blanks and parentheses; starttime is the 20th field behind it.
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string field;
  for (int i = 0; i < 20; ++i) fields >> field;
  if (!fields) return -1;
  const double started = std::stod(field) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return seconds_of(CLOCK_BOOTTIME) - started;
}

double processor_seconds() {
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

}  // namespace fiberscope::app
