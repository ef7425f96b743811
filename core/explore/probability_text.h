#pragma once
#include <fmt/format.h>

#include <string>

namespace fiberscope::core::explore {

/// A probability as people read it: "0.339844"; "~2e-09" and "~1" where six digits would make it impossible or certain.
inline std::string probability_text(double probability) {
  std::string text = fmt::format("{:.6f}", probability);
  if (probability > 0 && text == "0.000000") return fmt::format("~{:.0e}", probability);
  if (probability < 1 && text == "1.000000") return "~1";
  return text;
}

}  // namespace fiberscope::core::explore
