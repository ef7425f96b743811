#pragma once
#include <string>

#include "core/snapshot.h"

namespace fiberscope::core {

/// The window's content in words, for a terminal: instruction, caption, registers, threads, every stack cell by cell.
std::string to_text(const Snapshot& snapshot);

}  // namespace fiberscope::core
