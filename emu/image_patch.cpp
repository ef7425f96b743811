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

std::optional<std::size_t> section_named(std::span<const std::uint8_t> file, const std::string& name) {
  const Elf64_Ehdr header = header_of(file);
  const Elf64_Shdr names = section_header(file, header.e_shstrndx);
  for (std::size_t i = 0; i < header.e_shnum; ++i) {
    const std::uint64_t at = section_header(file, i).sh_name;
    if (at + name.size() < names.sh_size &&
        std::memcmp(file.data() + names.sh_offset + at, name.c_str(), name.size() + 1) == 0)
      return i;
  }
  return std::nullopt;
}

/// A place for what is appended to a file.
std::uint64_t aligned_end(std::vector<std::uint8_t>& file) {
  constexpr std::size_t kAlignment = 16;
  file.resize((file.size() + kAlignment - 1) / kAlignment * kAlignment);
  return file.size();
}

}  // namespace

std::optional<std::span<const std::uint8_t>> section_bytes(const Image& image, const std::string& name) {
  const auto index = section_named(image.file(), name);
  if (!index) return std::nullopt;
  const Elf64_Shdr section = section_header(image.file(), *index);
  return image.file().subspan(section.sh_offset, section.sh_size);
}

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
  const auto table = section_named(file_, ".symtab");
  if (!table) return Error{"the image has no symbols to add to"};
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

Result<void> ImagePatch::resize_symbol(const std::string& name, std::uint64_t size) {
  const auto table = section_named(file_, ".symtab");
  if (!table) return Error{"the image has no symbols"};
  const std::uint32_t linked = section_header(file_, *table).sh_link;
  const std::vector<std::uint8_t> names = grown(linked);
  std::vector<std::uint8_t>& symbols = grown(*table);
  for (std::size_t at = 0; at + sizeof(Elf64_Sym) <= symbols.size(); at += sizeof(Elf64_Sym)) {
    auto symbol = record_at<Elf64_Sym>(symbols, at);
    if (symbol.st_name + name.size() >= names.size() ||
        std::memcmp(names.data() + symbol.st_name, name.c_str(), name.size() + 1) != 0)
      continue;
    symbol.st_size = size;
    std::memcpy(symbols.data() + at, &symbol, sizeof symbol);
    return {};
  }
  return Error{fmt::format("the image has no symbol {}", name)};
}

Result<std::uint64_t> ImagePatch::append(const std::string& section, std::span<const std::uint8_t> bytes) {
  const auto index = section_named(file_, section);
  if (!index) return Error{fmt::format("the image has no section {}", section)};
  std::vector<std::uint8_t>& contents = grown(*index);
  const std::uint64_t offset = contents.size();
  contents.insert(contents.end(), bytes.begin(), bytes.end());
  return offset;
}

Result<void> ImagePatch::add_section(const std::string& name, std::span<const std::uint8_t> bytes) {
  if (section_named(file_, name)) return Error{fmt::format("the image has a section {} already", name)};
  std::vector<std::uint8_t>& names = grown(header_of(file_).e_shstrndx);
  added_.push_back({names.size(), {bytes.begin(), bytes.end()}});
  names.insert(names.end(), name.begin(), name.end());
  names.push_back(0);
  return {};
}

Result<Image> ImagePatch::finish(std::string name) const {
  std::vector<std::uint8_t> file = file_;
  Elf64_Ehdr header = header_of(file);
  for (const auto& [index, contents] : grown_) {
    Elf64_Shdr section = section_header(file, index);
    section.sh_offset = aligned_end(file);
    section.sh_size = contents.size();
    file.insert(file.end(), contents.begin(), contents.end());
    std::memcpy(file.data() + section_header_offset(header, index), &section, sizeof section);
  }
  if (!added_.empty()) {
    std::vector<std::uint8_t> table(
        file.begin() + static_cast<std::ptrdiff_t>(header.e_shoff),
        file.begin() + static_cast<std::ptrdiff_t>(section_header_offset(header, header.e_shnum)));
    for (const NewSection& added : added_) {
      Elf64_Shdr section{};
      section.sh_name = static_cast<Elf64_Word>(added.name);
      section.sh_type = SHT_PROGBITS;
      section.sh_offset = aligned_end(file);
      section.sh_size = added.bytes.size();
      section.sh_addralign = 1;
      file.insert(file.end(), added.bytes.begin(), added.bytes.end());
      append_record(table, section);
    }
    header.e_shoff = aligned_end(file);
    header.e_shnum = static_cast<Elf64_Half>(header.e_shnum + added_.size());
    file.insert(file.end(), table.begin(), table.end());
    std::memcpy(file.data(), &header, sizeof header);
  }
  return Image::parse(std::move(file), std::move(name));
}

}  // namespace fiberscope::emu
