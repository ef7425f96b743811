#include "emu/linux_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "emu/linux_books.h"

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

/// What the processor lets the program do.
PageRights effective(const LinuxMemory::Page& page) {
  PageRights rights = page.rights;
  if (page.copy_on_write) rights.writable = false;
  return rights;
}

std::uint64_t page_down(std::uint64_t value) {
  return value & ~(kPageSize - 1);
}

bool is_of_program(const Region& region) {
  return region.name != kFramesRegionName && region.name != kKernelRegionName;
}

}  // namespace

LinuxMemory::LinuxMemory(const LinuxPhysicalMemory& physical, const LinuxProgram& program, std::uint32_t number,
                         std::nullptr_t)
    : physical_(physical),
      frames_(physical.frames),
      number_(number),
      heap_(program.heap),
      mappings_(program.mappings),
      stack_(program.stack),
      break_(program.heap.low.value),
      tables_(std::make_unique<LinuxPageTables>(physical.tables)) {}

LinuxMemory::LinuxMemory(const LinuxPhysicalMemory& physical, const LinuxProgram& program, std::uint32_t number)
    : LinuxMemory(physical, program, number, nullptr) {
  for (const Region& region : physical.program.regions()) {
    if (!is_of_program(region) || region.range == heap_ || region.range == mappings_) continue;
    given_.add(region.range);
    tables_->reserve(region.range);
    for (Address page = region.range.low; page < region.range.high; page = page + kPageSize)
      put_page(page, {frames_.take_own(page), physical.program.rights_at(page), false, false});
  }
}

LinuxMemory::~LinuxMemory() {
  for (const auto& [address, page] : pages_) frames_.release(page.frame);
}

std::unique_ptr<LinuxMemory> LinuxMemory::execute(const LinuxPhysicalMemory& physical, const LinuxProgram& program,
                                                  std::uint32_t number) {
  if (physical.tables.left() == 0) return nullptr;
  std::unique_ptr<LinuxMemory> memory(new LinuxMemory(physical, program, number, nullptr));
  LinuxFrames& frames = physical.frames;
  for (const Region& region : physical.program.regions()) {
    if (!is_of_program(region) || region.range == memory->heap_ || region.range == memory->mappings_) continue;
    if (!memory->tables_->reserve(region.range)) return nullptr;
    memory->given_.add(region.range);
    for (Address page = region.range.low; page < region.range.high; page = page + kPageSize) {
      const auto wanted = physical.program.bytes_at(page).first(kPageSize);
      const auto there = frames.bytes(page);
      Page made{page, physical.program.rights_at(page), false, false};
      // As the kernel's page cache: read-only pages of a file are there once.
      if (!region.writable && frames.users(page) > 0 && std::equal(wanted.begin(), wanted.end(), there.begin())) {
        frames.share(page);
      } else {
        const auto frame = frames.take(page);
        if (!frame) return nullptr;
        made.frame = *frame;
        if (std::any_of(wanted.begin(), wanted.end(), [](std::uint8_t byte) { return byte != 0; }))
          frames.write(*frame, wanted);
      }
      memory->put_page(page, made);
    }
  }
  return memory;
}

std::unique_ptr<LinuxMemory> LinuxMemory::fork(std::uint32_t number) {
  // No more tables than this space has, of which none may be missing half-way.
  if (physical_.tables.left() < tables_->pages()) return nullptr;
  std::unique_ptr<LinuxMemory> child(new LinuxMemory(physical_, {}, number, nullptr));
  child->heap_ = heap_;
  child->mappings_ = mappings_;
  child->stack_ = stack_;
  child->break_ = break_;
  child->given_ = given_;
  child->parent_ = number_ + 1;
  child->on_copy_ = on_copy_;
  for (auto& [address, page] : pages_) {
    frames_.share(page.frame);
    if (page.rights.writable && !page.is_shared && !page.copy_on_write) {
      page.copy_on_write = true;
      tell(Address{address}, page);
    }
    child->tables_->reserve({Address{address}, Address{address} + kPageSize});
    child->put_page(Address{address}, page);
  }
  if (is_loaded_) load();
  return child;
}

void LinuxMemory::load() {
  is_loaded_ = true;
  std::map<std::uint64_t, PageRights> rights;
  for (const auto& [address, page] : pages_)
    if (effective(page) != PageRights{}) rights.emplace(address, effective(page));
  frames_.set_rights(rights);
}

void LinuxMemory::unload() {
  is_loaded_ = false;
}

const LinuxMemory::Page* LinuxMemory::page_at(Address address) const {
  const auto found = pages_.find(page_down(address.value));
  return found == pages_.end() ? nullptr : &found->second;
}

void LinuxMemory::put_page(Address address, Page page) {
  pages_[address.value] = page;
  if (page.frame == address) {
    moved_.erase(address.value);
  } else {
    moved_[address.value] = page.frame.value;
  }
  tell(address, page);
}

void LinuxMemory::tell(Address address, const Page& page) {
  const PageRights rights = effective(page);
  std::uint64_t entry = page.frame.value | page_entry::kUser;
  entry |= rights.readable ? page_entry::kPresent : page_entry::kNoAccess;
  if (rights.writable) entry |= page_entry::kWritable;
  if (page.copy_on_write) entry |= page_entry::kCopyOnWrite;
  if (page.is_shared) entry |= page_entry::kShared;
  if (!rights.executable) entry |= page_entry::kNoExecute;
  tables_->set(address, entry);
}

LinuxMemory::Key LinuxMemory::key_of(Address address) const {
  const Page* page = page_at(address);
  if (page == nullptr || !page->is_shared) return {number_, address};
  return {~std::uint32_t{0}, page->frame + address.value % kPageSize};
}

bool LinuxMemory::awaits_copy(Address address) const {
  const Page* page = page_at(address);
  return page != nullptr && page->copy_on_write && page->rights.writable;
}

bool LinuxMemory::copy_page(Address address) {
  const Address at{page_down(address.value)};
  Page page = pages_.at(at.value);
  Copy copy{number_, at, page.frame, page.frame, frames_.users(page.frame)};
  if (copy.users > 1) {
    const auto frame = frames_.take(at);
    if (!frame) return false;
    frames_.copy(page.frame, *frame);
    frames_.release(page.frame);
    page.frame = copy.to = *frame;
    ++copied_;
  }
  page.copy_on_write = false;
  put_page(at, page);
  if (is_loaded_) frames_.set_rights({at, at + kPageSize}, effective(page));
  if (on_copy_) on_copy_(copy);
  return true;
}

AddressRange LinuxMemory::writable_run_below(Address top) const {
  Address low{page_down(top.value - 1)};
  const auto writable = [this](Address at) {
    const Page* page = page_at(at);
    return page != nullptr && page->rights.writable;
  };
  if (!writable(low)) return {top, top};
  while (writable(low - kPageSize)) low = low - kPageSize;
  return {low, top};
}

std::int64_t LinuxMemory::set_break(std::uint64_t wanted) {
  const auto answer = [this] { return static_cast<std::int64_t>(break_); };
  if (wanted < heap_.low.value || wanted > heap_.high.value) return answer();
  const Address before{page_up(break_)};
  const Address after{page_up(wanted)};
  if (after > before) {
    if (!has_room({before, after})) return answer();
    give({before, after}, rights_of(PROT_READ | PROT_WRITE), false);
  }
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
    if (!has_room(range)) return -ENOMEM;
    take_back(range);
  } else {
    const auto hint = pages_at(page_up(address), length);
    const bool usable = address != 0 && hint && hint->low >= mappings_.low && hint->high <= mappings_.high &&
                        given_.parts_of(*hint).empty();
    const auto found = usable ? hint : given_.highest_gap(mappings_, page_up(length));
    if (!found) return -ENOMEM;
    range = *found;
  }
  if (!has_room(range)) return -ENOMEM;
  give(range, rights_of(protection), type != MAP_PRIVATE);
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
    for (const Region& region : physical_.program.regions())
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
  for (Address at{page_down(range.low.value)}; at < range.high; at = at + kPageSize) {
    const Page* page = page_at(at);
    if (page == nullptr || (writing ? !page->rights.writable : !page->rights.readable)) return false;
  }
  return true;
}

bool LinuxMemory::has_room(AddressRange range) const {
  return frames_.has_room(range) && tables_->reserve(range);
}

std::optional<std::vector<std::uint8_t>> LinuxMemory::read(Address address, std::size_t size) const {
  if (!may({address, address + size}, false)) return std::nullopt;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(size);
  while (bytes.size() < size) {
    const std::size_t offset = address.value % kPageSize;
    const std::size_t count = std::min<std::size_t>(size - bytes.size(), kPageSize - offset);
    const auto part = frames_.bytes(page_at(address)->frame).subspan(offset, count);
    bytes.insert(bytes.end(), part.begin(), part.end());
    address = address + count;
  }
  return bytes;
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
  if (!may({address, address + bytes.size()}, true)) return false;
  while (!bytes.empty()) {
    if (awaits_copy(address) && !copy_page(address)) return false;
    const std::size_t offset = address.value % kPageSize;
    const std::size_t count = std::min<std::size_t>(bytes.size(), kPageSize - offset);
    frames_.write(page_at(address)->frame + offset, bytes.first(count));
    bytes = bytes.subspan(count);
    address = address + count;
  }
  return true;
}

void LinuxMemory::give(AddressRange range, PageRights rights, bool is_shared) {
  given_.add(range);
  for (Address page = range.low; page < range.high; page = page + kPageSize)
    put_page(page, {*frames_.take(page), rights, false, is_shared});
  if (is_loaded_) frames_.set_rights(range, rights);
}

void LinuxMemory::take_back(AddressRange range) {
  for (const AddressRange& part : given_.parts_of(range)) {
    for (Address page = part.low; page < part.high; page = page + kPageSize) {
      frames_.release(pages_.at(page.value).frame);
      pages_.erase(page.value);
      moved_.erase(page.value);
      tables_->set(page, 0);
    }
    if (is_loaded_) frames_.set_rights(part, {});
  }
  given_.remove(range);
}

void LinuxMemory::clear(AddressRange range) {
  for (Address at = range.low; at < range.high; at = at + kPageSize) {
    const auto found = pages_.find(at.value);
    if (found == pages_.end() || found->second.is_shared) continue;
    if (frames_.users(found->second.frame) == 1) {
      frames_.clear(found->second.frame);
      continue;
    }
    // The other one keeps what it holds.
    Page page = found->second;
    const auto frame = frames_.take(at);
    if (!frame) continue;
    frames_.release(page.frame);
    page.frame = *frame;
    page.copy_on_write = false;
    put_page(at, page);
    if (is_loaded_) frames_.set_rights({at, at + kPageSize}, effective(page));
  }
}

void LinuxMemory::set_rights(AddressRange range, PageRights rights) {
  for (Address at = range.low; at < range.high; at = at + kPageSize) {
    Page& page = pages_.at(at.value);
    page.rights = rights;
    // A frame that others have, too, may have lost its mark while nobody could write.
    page.copy_on_write = !page.is_shared && rights.writable && frames_.users(page.frame) > 1;
    tell(at, page);
  }
  if (!is_loaded_) return;
  for (Address at = range.low; at < range.high;) {
    // Neighbours with the same rights together: a change costs the engine the same for one page as for many.
    const PageRights now = effective(pages_.at(at.value));
    Address end = at + kPageSize;
    while (end < range.high && effective(pages_.at(end.value)) == now) end = end + kPageSize;
    frames_.set_rights({at, end}, now);
    at = end;
  }
}

}  // namespace fiberscope::emu
