#pragma once
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "emu/address_set.h"
#include "emu/linux_frames.h"
#include "emu/linux_page_tables.h"
#include "emu/linux_program.h"
#include "emu/memory.h"

namespace fiberscope::emu {

/// What all address spaces of a machine live on. All must outlive the spaces.
struct LinuxPhysicalMemory {
  LinuxFrames& frames;
  LinuxTableRoom& tables;
  const Memory& program;  ///< as it was loaded: what execve loads again
};

/// The address space of a process: which pages it was given, with which rights, at which frames, and the kernel's own
/// access to it. Calls answer as the kernel does, with a negative errno where they fail. A page has its frame as soon
/// as it is handed out, and a fresh one is zero.
class LinuxMemory {
 public:
  struct Page {
    Address frame;
    PageRights rights;           ///< those that the program asked for
    bool copy_on_write = false;  ///< no write gets through before the kernel has made a copy
    bool is_shared = false;      ///< MAP_SHARED: processes share it as threads do
  };
  /// What a first write to a page did.
  struct Copy {
    std::uint32_t space = 0;
    Address page;
    Address from;
    Address to;               ///< the same where nobody else had the frame any more
    std::uint32_t users = 0;  ///< of the first frame, before
  };

  /// The program as it was loaded at the machine's start, each page at its own address.
  LinuxMemory(const LinuxPhysicalMemory& physical, const LinuxProgram& program, std::uint32_t number);
  ~LinuxMemory();
  LinuxMemory(const LinuxMemory&) = delete;
  LinuxMemory& operator=(const LinuxMemory&) = delete;

  /// A copy for fork: the same frames, and whatever is not shared is copied when either side first writes. Null where
  /// the machine has no room for its tables.
  std::unique_ptr<LinuxMemory> fork(std::uint32_t number);
  /// The program anew, for execve. Null where the machine has no room.
  static std::unique_ptr<LinuxMemory> execute(const LinuxPhysicalMemory& physical, const LinuxProgram& program,
                                              std::uint32_t number);

  std::int64_t set_break(std::uint64_t wanted);
  /// Anonymous memory only.
  std::int64_t map(std::uint64_t address, std::uint64_t length, std::uint64_t protection, std::uint64_t flags);
  std::int64_t unmap(std::uint64_t address, std::uint64_t length);
  std::int64_t protect(std::uint64_t address, std::uint64_t length, std::uint64_t protection);
  std::int64_t advise(std::uint64_t address, std::uint64_t length, std::uint64_t advice);
  /// Whether the process was given that page, whatever its rights.
  [[nodiscard]] bool is_mapped(Address address) const;
  /// The pages around and below `top` that can be written, down to the first that cannot.
  [[nodiscard]] AddressRange writable_run_below(Address top) const;

  /// The page, if the program may write there but the kernel must copy first.
  [[nodiscard]] bool awaits_copy(Address address) const;
  /// Gives the page a frame of its own. False where there is none left.
  bool copy_page(Address address);
  /// Told of each copy, before anything else is written.
  void on_copy(std::function<void(const Copy&)> observer) { on_copy_ = std::move(observer); }

  /// Nothing where the process could not read all of it.
  [[nodiscard]] std::optional<std::vector<std::uint8_t>> read(Address address, std::size_t size) const;
  /// Up to the first zero, at most `limit` bytes; nothing where it cannot be read.
  [[nodiscard]] std::optional<std::string> read_text(Address address, std::size_t limit) const;
  template <typename T>
  [[nodiscard]] std::optional<T> read_value(Address address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto bytes = read(address, sizeof(T));
    if (!bytes) return std::nullopt;
    T value;
    std::memcpy(&value, bytes->data(), sizeof value);
    return value;
  }
  /// False, and nothing done, where the process could not write all of it.
  bool write(Address address, std::span<const std::uint8_t> bytes);
  template <typename T>
  bool write_value(Address address, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    return write(address, {reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
  }
  /// What tells this word from any other: the frame's address if it is shared memory, else the space and the address.
  struct Key {
    std::uint32_t space = 0;
    Address address;
    friend bool operator==(const Key&, const Key&) = default;
  };
  [[nodiscard]] Key key_of(Address address) const;

  // ---- for the layout and the books ----

  /// From now on the engine sees this space: changes of rights reach it.
  void load();
  /// Another one is loaded.
  void unload();
  [[nodiscard]] LinuxFrames::Moved moved() const { return moved_; }
  [[nodiscard]] std::uint32_t number() const { return number_; }
  [[nodiscard]] const LinuxPageTables& tables() const { return *tables_; }
  [[nodiscard]] std::uint32_t copied() const { return copied_; }
  [[nodiscard]] std::uint32_t parent() const { return parent_; }  ///< 1 + its number; 0: none
  [[nodiscard]] const std::map<std::uint64_t, Page>& pages() const { return pages_; }

 private:
  LinuxMemory(const LinuxPhysicalMemory& physical, const LinuxProgram& program, std::uint32_t number,
              std::nullptr_t empty);

  [[nodiscard]] const Page* page_at(Address address) const;
  [[nodiscard]] bool may(AddressRange range, bool writing) const;
  [[nodiscard]] bool has_room(AddressRange range) const;
  void give(AddressRange range, PageRights rights, bool is_shared);
  void take_back(AddressRange range);
  void clear(AddressRange range);
  void set_rights(AddressRange range, PageRights rights);
  void put_page(Address address, Page page);
  /// Brings the page's entry up to date.
  void tell(Address address, const Page& page);

  LinuxPhysicalMemory physical_;
  LinuxFrames& frames_;
  std::uint32_t number_;
  std::uint32_t parent_ = 0;
  std::uint32_t copied_ = 0;
  AddressRange heap_;
  AddressRange mappings_;
  AddressRange stack_;
  std::uint64_t break_ = 0;
  AddressSet given_;
  std::map<std::uint64_t, Page> pages_;
  LinuxFrames::Moved moved_;
  std::unique_ptr<LinuxPageTables> tables_;
  std::function<void(const Copy&)> on_copy_;
  bool is_loaded_ = false;
};

}  // namespace fiberscope::emu
