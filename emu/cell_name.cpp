#include "emu/cell_name.h"

#include <fmt/format.h>

#include <algorithm>

#include "emu/debug_info.h"
#include "emu/image.h"
#include "emu/shown_name.h"

namespace fiberscope::emu {

std::string cell_name(const Image& image, const DebugInfo& debug, Address address, std::uint64_t size) {
  const auto symbol = image.symbol_at(address);
  if (!symbol || symbol->is_function || size == 0 || symbol->size <= size) return symbolized(image, address);
  const std::vector<GlobalCell> cells = debug.global(symbol->name);
  // Without debug information words are told by their offsets: "queue+0".
  const bool known = !cells.empty() && cells.front().name.find('+') == std::string::npos;
  if (known) {
    const auto cell = std::find_if(cells.begin(), cells.end(),
                                   [&](const GlobalCell& one) { return one.address == address && one.size == size; });
    return cell == cells.end() ? symbolized(image, address) : cell->name;
  }
  const std::uint64_t offset = address - symbol->address;
  if (offset % size != 0 || symbol->size % size != 0) return symbolized(image, address);
  return fmt::format("{}[{}]", shown_name(symbol->name), offset / size);
}

}  // namespace fiberscope::emu
