#include "app/cli/print.h"

#include <cstdio>

#include "app/cli/commands.h"
#include "app/cli/exit_code.h"

namespace fiberscope::app {

int print_json(const nlohmann::ordered_json& json) {
  // What a guest prints need not be UTF-8: bad bytes become U+FFFD, the exact ones stand in stdout_base64.
  return print_text(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

int print_text(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  return written ? kDone : complain("the output could not be written", kUnusable);
}

int ending_code(const core::Trace& trace) {
  return trace.stop() && trace.stop()->reason == emu::Stop::Reason::exited ? kDone : kIncomplete;
}

}  // namespace fiberscope::app
