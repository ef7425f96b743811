#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "emu/address.h"
#include "emu/region.h"
#include "emu/result.h"

namespace fiberscope::emu {

/// A named place in the image's symbol table.
struct Symbol {
  std::string name;
  Address address;
  std::uint64_t size = 0;
  bool is_function = false;
};

/// A static x86-64 ELF file, parsed (libelf). Keeps the file's bytes: a trace carries its images, so that it opens
/// without the files it was made from.
///
/// Regions come from the allocated sections, page by page: `.text*` is code, `.stack.NAME` a stack called NAME, `.tcb`
/// thread control blocks, everything else data. Sections that share a page make one region with the stronger rights.
class Image {
 public:
  /// Reads a file. Fails with a message naming the path for: not readable, not an ELF, wrong class or machine,
  /// truncated, not statically linked (has PT_INTERP), overlapping sections.
  static Result<Image> load(const std::string& path);
  /// The same from bytes; `name` stands for the path in messages.
  static Result<Image> parse(std::vector<std::uint8_t> file, std::string name);

  Image(Image&&) noexcept;
  Image& operator=(Image&&) noexcept;
  ~Image();

  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] std::span<const std::uint8_t> file() const;
  [[nodiscard]] Address entry() const;
  [[nodiscard]] const std::vector<LoadedRegion>& regions() const;

  /// Symbols by ascending address: functions, objects, and untyped labels in executable sections; at one address the
  /// global one first.
  [[nodiscard]] const std::vector<Symbol>& symbols() const;
  [[nodiscard]] std::optional<Symbol> symbol(std::string_view name) const;
  /// The symbol whose [address, address + size) holds the address; the innermost where they nest. A symbol of size 0
  /// reaches to the next one of its region, and counts only where no sized one holds the address.
  [[nodiscard]] std::optional<Symbol> symbol_at(Address address) const;

 private:
  struct Impl;
  explicit Image(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// "name+26" (decimal, the name as emu/shown_name.h has it), "name" at offset 0, nothing where no symbol covers the
/// address.
std::string symbolized(const Image& image, Address address);

}  // namespace fiberscope::emu
