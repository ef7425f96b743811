#pragma once
#include <nlohmann/json.hpp>

#include "core/context_object.h"
#include "core/snapshot.h"

namespace fiberscope::core {

/// The object of schema fiberscope.show/1 (DESIGN.md). Addresses and register values are strings "0x…" of 16 digits;
/// what is absent is null.
nlohmann::ordered_json to_json(const Snapshot& snapshot);

/// Pieces that other commands print too.
nlohmann::ordered_json to_json(const Switch& entry);
nlohmann::ordered_json to_json(const ThreadView& view);
/// As `show --contexts` adds them under "contexts".
nlohmann::ordered_json to_json(const std::vector<ContextObject>& objects);
std::string hex16(std::uint64_t value);

}  // namespace fiberscope::core
