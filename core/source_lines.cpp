#include "core/source_lines.h"

#include <sstream>

#include "core/trimmed.h"

namespace fiberscope::core {
const std::string& SourceLines::at(const std::string& file, int line) {
  static const std::string kNone;
  auto known = lines_.find(file);
  if (known == lines_.end()) {
    std::vector<std::string> split;
    if (const auto source = trace_.header().sources.find(file); source != trace_.header().sources.end()) {
      std::istringstream text(source->second);
      for (std::string current; std::getline(text, current);) split.emplace_back(trimmed(current));
    }
    known = lines_.emplace(file, std::move(split)).first;
  }
  const auto index = static_cast<std::size_t>(line) - 1;
  return line > 0 && index < known->second.size() ? known->second[index] : kNone;
}

}  // namespace fiberscope::core
