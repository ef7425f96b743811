#include "emu/linux_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

namespace fiberscope::emu {
namespace {

constexpr std::uint64_t kLongest = std::uint64_t{1} << 47;

std::uint64_t page_up(std::uint64_t value) {
  return (value + kPageSize - 1) & ~(kPageSize - 1);
}

/// On x86-64 what may be written or run may be read.
PageRights rights_of(std::uint64_t protection) {
  const bool any = (protection & (PROT_READ | PROT_WRITE | PROT_EXEC)) != 0;
  return {any, (protection & PROT_WRITE) != 0, (protection & PROT_EXEC) != 0};
}

/// The whole pages that `length` bytes at `address` need; nothing where the kernel says EINVAL.
std::optional<AddressRange> pages_at(std::uint64_t address, std::uint64_t length) {
  if (address % kPageSize != 0 || length > kLongest || address > kLongest) return std::nullopt;
  return AddressRange{Address{address}, Address{address + page_up(length)}};
}

}  // namespace

LinuxMemory::LinuxMemory(Memory& memory, Cpu& cpu, const LinuxProgram& program)
    : memory_(memory),
      cpu_(cpu),
      heap_(program.heap),
      mappings_(program.mappings),
      stack_(program.stack),
      break_(program.heap.low.value) {
  for (const Region& region : memory.regions())
    if (region.range != heap_ && region.range != mappings_) given_.add(region.range);
}

std::int64_t LinuxMemory::set_break(std::uint64_t wanted) {
  const auto answer = [this] { return static_cast<std::int64_t>(break_); };
  if (wanted < heap_.low.value || wanted > heap_.high.value) return answer();
  const Address before{page_up(break_)};
  const Address after{page_up(wanted)};
  if (after > before) give({before, after}, rights_of(PROT_READ | PROT_WRITE));
  if (after < before) take_back({after, before});
  break_ = wanted;
  return answer();
}

std::int64_t LinuxMemory::map(std::uint64_t address, std::uint64_t length, std::uint64_t protection,
                              std::uint64_t flags) {
  const std::uint64_t type = flags & MAP_TYPE;
  if (length == 0 || (type != MAP_PRIVATE && type != MAP_SHARED && type != MAP_SHARED_VALIDATE)) return -EINVAL;
  if (length > mappings_.size()) return -ENOMEM;
  AddressRange range;
  if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0) {
    const auto wanted = pages_at(address, length);
    if (!wanted) return -EINVAL;
    range = *wanted;
    if (range.low < mappings_.low || range.high > mappings_.high) return -ENOMEM;
    const bool is_free = given_.parts_of(range).empty();
    if ((flags & MAP_FIXED_NOREPLACE) != 0 && !is_free) return -EEXIST;
    take_back(range);
  } else {
    const auto hint = pages_at(page_up(address), length);
    const bool usable = address != 0 && hint && hint->low >= mappings_.low && hint->high <= mappings_.high &&
                        given_.parts_of(*hint).empty();
    const auto found = usable ? hint : given_.highest_gap(mappings_, page_up(length));
    if (!found) return -ENOMEM;
    range = *found;
  }
  give(range, rights_of(protection));
  return static_cast<std::int64_t>(range.low.value);
}

std::int64_t LinuxMemory::unmap(std::uint64_t address, std::uint64_t length) {
  const auto range = pages_at(address, length);
  if (!range || length == 0) return -EINVAL;
  take_back(*range);
  return 0;
}

std::int64_t LinuxMemory::protect(std::uint64_t address, std::uint64_t length, std::uint64_t protection) {
  const auto range = pages_at(address, length);
  if (!range) return -EINVAL;
  if (!given_.contains(*range)) return -ENOMEM;
  const PageRights rights = rights_of(protection);
  // A trace and the processor's cache of instructions rely on it that read-only code stays as it is.
  if (rights.writable)
    for (const Region& region : memory_.regions())
      if (!region.writable && region.range.low < range->high && range->low < region.range.high) return -EACCES;
  set_rights(*range, rights);
  return 0;
}

std::int64_t LinuxMemory::advise(std::uint64_t address, std::uint64_t length, std::uint64_t advice) {
  const auto range = pages_at(address, length);
  if (!range) return -EINVAL;
  if (!given_.contains(*range)) return -ENOMEM;
  if (advice != MADV_DONTNEED && advice != MADV_FREE) return 0;
  for (const AddressRange& owned : {heap_, mappings_, stack_})
    clear({std::max(owned.low, range->low), std::min(owned.high, range->high)});
  return 0;
}

bool LinuxMemory::is_mapped(Address address) const {
  return given_.contains({address, address + 1});
}

bool LinuxMemory::may(AddressRange range, bool writing) const {
  if (range.high < range.low) return false;
  for (Address page{range.low.value & ~(kPageSize - 1)}; page < range.high; page = page + kPageSize) {
    const PageRights rights = memory_.rights_at(page);
    if (writing ? !rights.writable : !rights.readable) return false;
  }
  return true;
}

std::optional<std::vector<std::uint8_t>> LinuxMemory::read(Address address, std::size_t size) const {
  if (!may({address, address + size}, false)) return std::nullopt;
  return memory_.copy(address, size);
}

std::optional<std::string> LinuxMemory::read_text(Address address, std::size_t limit) const {
  std::string text;
  for (; text.size() < limit; address = address + 1) {
    const auto byte = read_value<char>(address);
    if (!byte) return std::nullopt;
    if (*byte == '\0') break;
    text += *byte;
  }
  return text;
}

bool LinuxMemory::write(Address address, std::span<const std::uint8_t> bytes) {
  const AddressRange range{address, address + bytes.size()};
  if (!may(range, true)) return false;
  if (bytes.empty()) return true;
  memory_.write_bytes(address, bytes);
  written_.push_back(range);
  for (const Memory::RightsRun& run : memory_.rights_in({Address{range.low.value & ~(kPageSize - 1)}, range.high}))
    if (run.rights.executable) cpu_.code_changed(range);
  return true;
}

std::vector<AddressRange> LinuxMemory::take_written() {
  return std::exchange(written_, {});
}

void LinuxMemory::give(AddressRange range, PageRights rights) {
  given_.add(range);
  clear(range);
  set_rights(range, rights);
}

void LinuxMemory::take_back(AddressRange range) {
  for (const AddressRange& part : given_.parts_of(range)) set_rights(part, {});
  given_.remove(range);
}

void LinuxMemory::clear(AddressRange range) {
  for (Address page = range.low; page < range.high; page = page + kPageSize) {
    const auto bytes = memory_.bytes_at(page).first(kPageSize);
    if (std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; })) continue;
    const bool was_code = memory_.rights_at(page).executable;
    std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
    if (was_code) cpu_.code_changed({page, page + kPageSize});
    if (!written_.empty() && written_.back().high == page) {
      written_.back().high = page + kPageSize;
    } else {
      written_.push_back({page, page + kPageSize});
    }
  }
}

void LinuxMemory::set_rights(AddressRange range, PageRights rights) {
  memory_.protect(range, rights);
  cpu_.rights_changed(range);
}

}  // namespace fiberscope::emu
