#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "emu/address.h"
#include "emu/image.h"
#include "emu/result.h"

namespace fiberscope::emu {

/// The bytes of a section of an image's file; nothing where there is none of that name.
std::optional<std::span<const std::uint8_t>> section_bytes(const Image& image, const std::string& name);

/// A changed copy of an image's file: other bytes at some addresses, more symbols, more debug information. What is
/// loaded keeps its place; tables that grow move to the end of the file.
class ImagePatch {
 public:
  explicit ImagePatch(const Image& image);

  /// Other bytes in a section that the file holds (not .bss). Fails where there is none.
  Result<void> write(Address address, std::span<const std::uint8_t> bytes);
  /// The same for a 64-bit word.
  Result<void> write_word(Address address, std::uint64_t word);
  /// A global symbol more. Its section is the one that holds the address.
  Result<void> add_symbol(const Symbol& symbol);
  /// A symbol that is there ends sooner or later. Fails where there is none of that name.
  Result<void> resize_symbol(const std::string& name, std::uint64_t size);
  /// Appends to a section that is not loaded (.debug_line); returns the offset in it at which the bytes begin.
  Result<std::uint64_t> append(const std::string& section, std::span<const std::uint8_t> bytes);

  /// A section more that is not loaded: something that this program keeps in an image. Its name must be new.
  Result<void> add_section(const std::string& name, std::span<const std::uint8_t> bytes);

  /// The image as changed; `name` stands for its path in messages.
  [[nodiscard]] Result<Image> finish(std::string name) const;

 private:
  [[nodiscard]] std::vector<std::uint8_t>& grown(std::size_t section);

  std::vector<std::uint8_t> file_;
  /// Contents of sections that have grown, by index.
  std::map<std::size_t, std::vector<std::uint8_t>> grown_;
  struct NewSection {
    std::size_t name = 0;  ///< where it stands in the table of names
    std::vector<std::uint8_t> bytes;
  };
  std::vector<NewSection> added_;
};

}  // namespace fiberscope::emu
