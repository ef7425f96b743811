#include "emu/image_patch.h"

#include <elf.h>
#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace fiberscope::emu {
namespace {

// Image::parse has checked that header and tables lie in the file.
template <class Record>
Record record_at(std::span<const std::uint8_t> file, std::uint64_t offset) {
  Record record;
  std::memcpy(&record, file.data() + offset, sizeof record);
  return record;
}

template <class Record>
void append_record(std::vector<std::uint8_t>& bytes, const Record& record) {
  const std::size_t at = bytes.size();
  bytes.resize(at + sizeof record);
  std::memcpy(bytes.data() + at, &record, sizeof record);
}

Elf64_Ehdr header_of(std::span<const std::uint8_t> file) {
  return record_at<Elf64_Ehdr>(file, 0);
}

std::uint64_t section_header_offset(const Elf64_Ehdr& header, std::size_t index) {
  return header.e_shoff + index * sizeof(Elf64_Shdr);
}

Elf64_Shdr section_header(std::span<const std::uint8_t> file, std::size_t index) {
  return record_at<Elf64_Shdr>(file, section_header_offset(header_of(file), index));
}

/// The loaded section that holds the address.
std::optional<std::size_t> section_at(std::span<const std::uint8_t> file, Address address) {
  const std::size_t count = header_of(file).e_shnum;
  for (std::size_t i = 0; i < count; ++i) {
    const Elf64_Shdr section = section_header(file, i);
    if ((section.sh_flags & SHF_ALLOC) != 0 && address.value - section.sh_addr < section.sh_size) return i;
  }
  return std::nullopt;
}

}  // namespace

ImagePatch::ImagePatch(const Image& image) : file_(image.file().begin(), image.file().end()) {}

Result<void> ImagePatch::write(Address address, std::span<const std::uint8_t> bytes) {
  const auto index = section_at(file_, address);
  if (!index) return Error{fmt::format("{:#x} lies in no section of the image", address.value)};
  const Elf64_Shdr section = section_header(file_, *index);
  const std::uint64_t offset = address.value - section.sh_addr;
  if (section.sh_type == SHT_NOBITS || bytes.size() > section.sh_size - offset)
    return Error{fmt::format("the image has no room for {} bytes at {:#x}", bytes.size(), address.value)};
  std::memcpy(file_.data() + section.sh_offset + offset, bytes.data(), bytes.size());
  return {};
}

Result<void> ImagePatch::write_word(Address address, std::uint64_t word) {
  std::uint8_t bytes[sizeof word];
  std::memcpy(bytes, &word, sizeof word);
  return write(address, bytes);
}

Result<std::size_t> ImagePatch::section_named(const std::string& name) const {
  const Elf64_Ehdr header = header_of(file_);
  const Elf64_Shdr names = section_header(file_, header.e_shstrndx);
  for (std::size_t i = 0; i < header.e_shnum; ++i) {
    const Elf64_Shdr section = section_header(file_, i);
    const std::uint64_t at = names.sh_offset + section.sh_name;
    if (section.sh_name + name.size() < names.sh_size &&
        std::memcmp(file_.data() + at, name.c_str(), name.size() + 1) == 0)
      return i;
  }
  return Error{fmt::format("the image has no section {}", name)};
}

std::vector<std::uint8_t>& ImagePatch::grown(std::size_t section) {
  const auto [entry, fresh] = grown_.try_emplace(section);
  if (fresh) {
    const Elf64_Shdr header = section_header(file_, section);
    const auto begin = file_.begin() + static_cast<std::ptrdiff_t>(header.sh_offset);
    entry->second.assign(begin, begin + static_cast<std::ptrdiff_t>(header.sh_size));
  }
  return entry->second;
}

Result<void> ImagePatch::add_symbol(const Symbol& symbol) {
  const auto table = section_named(".symtab");
  if (!table) return table.error();
  const auto section = section_at(file_, symbol.address);
  if (!section) return Error{fmt::format("{} at {:#x} lies in no section", symbol.name, symbol.address.value)};
  std::vector<std::uint8_t>& names = grown(section_header(file_, *table).sh_link);
  Elf64_Sym entry{};
  entry.st_name = static_cast<Elf64_Word>(names.size());
  entry.st_info = ELF64_ST_INFO(STB_GLOBAL, symbol.is_function ? STT_FUNC : STT_OBJECT);
  entry.st_shndx = static_cast<Elf64_Section>(*section);
  entry.st_value = symbol.address.value;
  entry.st_size = symbol.size;
  names.insert(names.end(), symbol.name.begin(), symbol.name.end());
  names.push_back(0);
  append_record(grown(*table), entry);
  return {};
}

Result<std::uint64_t> ImagePatch::append(const std::string& section, std::span<const std::uint8_t> bytes) {
  const auto index = section_named(section);
  if (!index) return index.error();
  std::vector<std::uint8_t>& contents = grown(*index);
  const std::uint64_t offset = contents.size();
  contents.insert(contents.end(), bytes.begin(), bytes.end());
  return offset;
}

Result<Image> ImagePatch::finish(std::string name) const {
  constexpr std::size_t kAlignment = 16;
  std::vector<std::uint8_t> file = file_;
  const Elf64_Ehdr header = header_of(file);
  for (const auto& [index, contents] : grown_) {
    Elf64_Shdr section = section_header(file, index);
    file.resize((file.size() + kAlignment - 1) / kAlignment * kAlignment);
    section.sh_offset = file.size();
    section.sh_size = contents.size();
    file.insert(file.end(), contents.begin(), contents.end());
    std::memcpy(file.data() + section_header_offset(header, index), &section, sizeof section);
  }
  return Image::parse(std::move(file), std::move(name));
}

}  // namespace fiberscope::emu
