#include "emu/image.h"

#include <fmt/format.h>
#include <gelf.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "emu/region_layout.h"
#include "emu/shown_name.h"
#include "emu/symbol_table.h"

namespace fiberscope::emu {
namespace {

constexpr const char* kBuildStatic = "build it with gcc -static -no-pie";
constexpr const char* kMakeAgain = "build or copy it again";

struct ElfCloser {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfCloser>;

bool lies_in(std::uint64_t offset, std::uint64_t size, std::uint64_t whole) {
  return offset <= whole && size <= whole - offset;
}

/// Everything that the ELF header alone can tell against the file.
Result<void> check_header(std::span<const std::uint8_t> file, const std::string& name) {
  if (file.size() < SELFMAG || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0)
    return Error{fmt::format("{}: not an ELF file ({}); give a static x86-64 program", name,
                             file.empty() ? "it is empty" : "it does not begin with 7f 45 4c 46")};
  if (file.size() > EI_CLASS && file[EI_CLASS] != ELFCLASS64)
    return Error{fmt::format("{}: an ELF file, but not of 64 bits; {} -m64", name, kBuildStatic)};
  Elf64_Ehdr header;
  if (file.size() < sizeof header)
    return Error{fmt::format("{}: truncated: {} bytes, but an ELF header has {}; {}", name, file.size(), sizeof header,
                             kMakeAgain)};
  std::memcpy(&header, file.data(), sizeof header);
  if (header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != EM_X86_64)
    return Error{fmt::format("{}: for machine {}, expected x86-64 ({}); {} for x86-64", name, header.e_machine,
                             EM_X86_64, kBuildStatic)};
  if (header.e_ident[EI_VERSION] != EV_CURRENT || header.e_version != EV_CURRENT || header.e_ehsize != sizeof header ||
      (header.e_phnum != 0 && header.e_phentsize != sizeof(Elf64_Phdr)) ||
      (header.e_shoff != 0 && header.e_shentsize != sizeof(Elf64_Shdr)))
    return Error{fmt::format("{}: damaged ELF header (unexpected version or table entry size); {}", name, kMakeAgain)};
  if (header.e_type == ET_REL)
    return Error{
        fmt::format("{}: an object file, not yet a program; link it: gcc -static -no-pie -nostdlib {}", name, name)};
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
    return Error{
        fmt::format("{}: ELF type {}, expected an executable ({}); {}", name, header.e_type, ET_EXEC, kBuildStatic)};
  if (!lies_in(header.e_phoff, std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr), file.size()))
    return Error{
        fmt::format("{}: truncated: its program headers lie beyond the end of the file; {}", name, kMakeAgain)};
  if (!lies_in(header.e_shoff, std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr), file.size()))
    return Error{
        fmt::format("{}: truncated: its section headers lie beyond the end of the file; {}", name, kMakeAgain)};
  if (header.e_shoff == 0)
    return Error{
        fmt::format("{}: has no section headers, and regions are made from sections; link it again and do not "
                    "strip them",
                    name)};
  return {};
}

Result<std::vector<SegmentBytes>> read_segments(Elf* elf, std::span<const std::uint8_t> file, const std::string& name) {
  std::vector<SegmentBytes> segments;
  std::size_t count = 0;
  if (elf_getphdrnum(elf, &count) != 0)
    return Error{fmt::format("{}: damaged program headers ({}); {}", name, elf_errmsg(-1), kMakeAgain)};
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(elf, static_cast<int>(i), &header) == nullptr)
      return Error{fmt::format("{}: damaged program header {} ({}); {}", name, i, elf_errmsg(-1), kMakeAgain)};
    if (header.p_type == PT_INTERP)
      return Error{
          fmt::format("{}: dynamically linked (it asks for a program interpreter), expected a static program; {}", name,
                      kBuildStatic)};
    if (header.p_type != PT_LOAD) continue;
    if (!lies_in(header.p_offset, header.p_filesz, file.size()))
      return Error{fmt::format("{}: truncated: segment {} ends at byte {}, but the file has {}; {}", name, i,
                               header.p_offset + header.p_filesz, file.size(), kMakeAgain)};
    segments.push_back({Address{header.p_vaddr}, file.subspan(header.p_offset, header.p_filesz)});
  }
  return segments;
}

Result<std::vector<AllocatedSection>> read_sections(Elf* elf, std::span<const std::uint8_t> file,
                                                    const std::string& name) {
  std::vector<AllocatedSection> sections;
  std::size_t names = 0;
  if (elf_getshdrstrndx(elf, &names) != 0)
    return Error{fmt::format("{}: damaged section headers ({}); {}", name, elf_errmsg(-1), kMakeAgain)};
  for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr; section = elf_nextscn(elf, section)) {
    GElf_Shdr header;
    const char* section_name = nullptr;
    if (gelf_getshdr(section, &header) != nullptr) section_name = elf_strptr(elf, names, header.sh_name);
    if (section_name == nullptr)
      return Error{fmt::format("{}: section {} has a damaged header or name ({}); {}", name, elf_ndxscn(section),
                               elf_errmsg(-1), kMakeAgain)};
    const bool has_bytes = header.sh_type != SHT_NOBITS && header.sh_type != SHT_NULL;
    if (has_bytes && !lies_in(header.sh_offset, header.sh_size, file.size()))
      return Error{fmt::format("{}: truncated: section {} ends beyond the {} bytes of the file; {}", name, section_name,
                               file.size(), kMakeAgain)};
    // .tbss only says how large a thread's own copy is: it takes no addresses, and others begin where it seems to lie.
    const bool is_template = (header.sh_flags & SHF_TLS) != 0 && header.sh_type == SHT_NOBITS;
    if ((header.sh_flags & SHF_ALLOC) == 0 || header.sh_size == 0 || header.sh_type == SHT_NULL || is_template)
      continue;
    if (header.sh_addr + header.sh_size < header.sh_addr)
      return Error{fmt::format("{}: section {} of {:#x} bytes at {:#x} wraps around the address space; {}", name,
                               section_name, header.sh_size, header.sh_addr, kMakeAgain)};
    sections.push_back({section_name,
                        {Address{header.sh_addr}, Address{header.sh_addr + header.sh_size}},
                        (header.sh_flags & SHF_WRITE) != 0,
                        (header.sh_flags & SHF_EXECINSTR) != 0,
                        has_bytes ? file.subspan(header.sh_offset, header.sh_size) : std::span<const std::uint8_t>{}});
  }
  if (sections.empty())
    return Error{fmt::format("{}: no section of it is loaded into memory, expected code; {}", name, kBuildStatic)};
  return sections;
}

}  // namespace

struct Image::Impl {
  std::string name;
  std::vector<std::uint8_t> file;
  Address entry;
  std::vector<LoadedRegion> regions;
  SymbolTable symbols;
};

Image::Image(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Image::Image(Image&&) noexcept = default;
Image& Image::operator=(Image&&) noexcept = default;
Image::~Image() = default;

Result<Image> Image::load(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
    return Error{fmt::format("{}: no such file; check the path, or run fiberscope list for the scenarios", path)};
  if (!std::filesystem::is_regular_file(status))
    return Error{fmt::format("{}: not a regular file; give a static x86-64 ELF program", path)};
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (!error && size > kLargestImage)
    return Error{fmt::format("{}: {} bytes, but at most {} MiB are read; strip what it does not need", path, size,
                             kLargestImage >> 20)};
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  std::vector<std::uint8_t> file(error ? 0 : size);
  if (stream) stream.read(reinterpret_cast<char*>(file.data()), static_cast<std::streamsize>(file.size()));
  if (error || !stream)
    return Error{fmt::format("{}: cannot be read ({}); check its permissions", path,
                             error ? error.message() : std::strerror(errno))};
  return parse(std::move(file), path);
}

Result<Image> Image::parse(std::vector<std::uint8_t> file, std::string name) {
  if (const auto checked = check_header(file, name); !checked) return checked.error();
  elf_version(EV_CURRENT);
  // libelf wants a writable pointer, but opens memory for reading only.
  const ElfHandle elf(elf_memory(reinterpret_cast<char*>(file.data()), file.size()));
  GElf_Ehdr header;
  if (!elf || elf_kind(elf.get()) != ELF_K_ELF || gelf_getehdr(elf.get(), &header) == nullptr)
    return Error{fmt::format("{}: damaged ELF file ({}); {}", name, elf_errmsg(-1), kMakeAgain)};
  const auto segments = read_segments(elf.get(), file, name);
  if (!segments) return segments.error();
  if (header.e_type == ET_DYN)
    return Error{fmt::format("{}: position-independent (static-pie or a shared library), expected fixed addresses; {}",
                             name, kBuildStatic)};
  auto sections = read_sections(elf.get(), file, name);
  if (!sections) return sections.error();
  auto regions = lay_out_regions(std::move(sections).value(), *segments, name);
  if (!regions) return regions.error();

  auto impl = std::make_unique<Impl>();
  impl->regions = std::move(regions).value();
  impl->symbols = SymbolTable::read(elf.get(), impl->regions);
  impl->entry = Address{header.e_entry};
  impl->name = std::move(name);
  impl->file = std::move(file);  // the bytes stay where they are, so what libelf still points to is valid until its end
  return Image(std::move(impl));
}

const std::string& Image::name() const {
  return impl_->name;
}
std::span<const std::uint8_t> Image::file() const {
  return impl_->file;
}
Address Image::entry() const {
  return impl_->entry;
}
const std::vector<LoadedRegion>& Image::regions() const {
  return impl_->regions;
}
const std::vector<Symbol>& Image::symbols() const {
  return impl_->symbols.all();
}

std::optional<Symbol> Image::symbol(std::string_view name) const {
  const Symbol* found = impl_->symbols.named(name);
  return found != nullptr ? std::optional(*found) : std::nullopt;
}

std::optional<Symbol> Image::symbol_at(Address address) const {
  const Symbol* found = impl_->symbols.covering(address);
  return found != nullptr ? std::optional(*found) : std::nullopt;
}

std::string symbolized(const Image& image, Address address) {
  const auto symbol = image.symbol_at(address);
  if (!symbol) return {};
  const std::string name = shown_name(symbol->name);
  if (symbol->address == address) return name;
  return fmt::format("{}+{}", name, address - symbol->address);
}

}  // namespace fiberscope::emu
