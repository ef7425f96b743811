#include "emu/data_objects.h"

#include <gelf.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace fiberscope::emu {
namespace {

struct ElfCloser {
  void operator()(Elf* elf) const { elf_end(elf); }
};

struct Found {
  DataObject object;
  Address section_end;
  bool has_size = false;
};

std::optional<Found> object_of(Elf* elf, const GElf_Sym& entry, const char* name) {
  const unsigned type = GELF_ST_TYPE(entry.st_info);
  if (name == nullptr || *name == '\0' || (type != STT_OBJECT && type != STT_NOTYPE)) return std::nullopt;
  if (entry.st_shndx == SHN_UNDEF || entry.st_shndx >= SHN_LORESERVE) return std::nullopt;
  Elf_Scn* section = elf_getscn(elf, entry.st_shndx);
  GElf_Shdr header;
  if (section == nullptr || gelf_getshdr(section, &header) == nullptr) return std::nullopt;
  constexpr std::uint64_t kData = SHF_ALLOC | SHF_WRITE;
  if ((header.sh_flags & kData) != kData || (header.sh_flags & SHF_EXECINSTR) != 0) return std::nullopt;
  if (entry.st_value < header.sh_addr || entry.st_value - header.sh_addr >= header.sh_size) return std::nullopt;
  const Address low{entry.st_value};
  const Address end{header.sh_addr + header.sh_size};
  const std::uint64_t size = std::min<std::uint64_t>(entry.st_size, end - low);
  // A number as a label: "L1" and a control character (GNU as, "Local Symbol Names").
  const std::string text(name);
  return Found{{text.substr(0, text.find_first_of("\001\002")), {low, low + size}}, end, size != 0};
}

}  // namespace

std::vector<DataObject> data_objects(const Image& image) {
  const std::span<const std::uint8_t> file = image.file();
  elf_version(EV_CURRENT);
  // libelf wants a writable pointer, but opens memory for reading only.
  const std::unique_ptr<Elf, ElfCloser> elf(
      elf_memory(const_cast<char*>(reinterpret_cast<const char*>(file.data())), file.size()));
  std::vector<Found> all;
  for (Elf_Scn* section = elf_nextscn(elf.get(), nullptr); section != nullptr;
       section = elf_nextscn(elf.get(), section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type != SHT_SYMTAB) continue;
    Elf_Data* data = elf_getdata(section, nullptr);
    if (data == nullptr) continue;
    GElf_Sym entry;
    for (int i = 0; gelf_getsym(data, i, &entry) != nullptr; ++i)
      if (auto found = object_of(elf.get(), entry, elf_strptr(elf.get(), header.sh_link, entry.st_name)))
        all.push_back(std::move(*found));
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Found& a, const Found& b) { return a.object.range.low < b.object.range.low; });
  std::vector<DataObject> objects;
  for (const Found& one : all) {
    objects.push_back(one.object);
    if (one.has_size) continue;
    Address& high = objects.back().range.high;
    high = one.section_end;
    for (const Found& other : all)
      if (one.object.range.low < other.object.range.low) high = std::min(high, other.object.range.low);
  }
  return objects;
}

}  // namespace fiberscope::emu
