#include "emu/linux_program.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "emu/linux_books.h"

namespace fiberscope::emu {
namespace {

// Where Linux puts them without address space randomization, but for the pages that the machine keeps for itself.
constexpr Address kStackTop{0x7fffffffe000};
constexpr Address kMappingsTop{0x7ffff8000000};
constexpr std::uint64_t kHighestImage = 0x7ff000000000;
// What the model of physical memory needs beside: nobody can be given these addresses.
constexpr Address kFramesAt{0x7ff100000000};
constexpr Address kKernelAt{0x7ff200000000};
constexpr std::uint64_t kKernelSize = 2 << 20;
constexpr std::uint64_t kLargestSegment = std::uint64_t{512} << 20;
/// The features that cpuid names in edx of leaf 1: no more than the emulated processor has.
constexpr std::uint64_t kHardwareCapabilities = 0x078bfbff;
/// What a signal frame needs at most (AT_MINSIGSTKSZ): the frame, the FPU's state and what aligning them takes.
constexpr std::uint64_t kSmallestSignalStack = 1152;
constexpr std::uint64_t kMinSigStkSzEntry = 51;  // AT_MINSIGSTKSZ of Linux 5.14 and later

std::uint64_t page_down(std::uint64_t value) {
  return value & ~(kPageSize - 1);
}
std::uint64_t page_up(std::uint64_t value) {
  return page_down(value + kPageSize - 1);
}

std::vector<Elf64_Phdr> segments_of(const Image& image, Elf64_Ehdr& header) {
  std::memcpy(&header, image.file().data(), sizeof header);
  std::vector<Elf64_Phdr> segments(header.e_phnum);
  for (std::size_t i = 0; i < segments.size(); ++i)
    std::memcpy(&segments[i], image.file().data() + header.e_phoff + i * sizeof(Elf64_Phdr), sizeof(Elf64_Phdr));
  return segments;
}

/// The pages of a segment that no section covers: as a rule those of the ELF and program headers.
Result<void> add_uncovered_pages(Memory& memory, const Image& image, const Elf64_Phdr& segment) {
  const std::uint64_t end = page_up(segment.p_vaddr + segment.p_memsz);
  for (std::uint64_t page = page_down(segment.p_vaddr); page < end; page += kPageSize) {
    if (memory.region_at(Address{page}) != nullptr) continue;
    LoadedRegion loaded;
    loaded.region.name = "ELF headers";
    loaded.region.range.low = Address{page};
    while (page < end && memory.region_at(Address{page}) == nullptr) page += kPageSize;
    loaded.region.range.high = Address{page};
    loaded.region.readable = (segment.p_flags & PF_R) != 0;
    loaded.region.writable = (segment.p_flags & PF_W) != 0;
    loaded.region.executable = (segment.p_flags & PF_X) != 0;
    loaded.contents.resize(loaded.region.range.size());
    for (std::uint64_t i = 0; i < loaded.contents.size(); ++i) {
      const std::uint64_t offset = loaded.region.range.low.value + i - segment.p_vaddr;  // wraps in front of it
      if (offset < segment.p_filesz) loaded.contents[i] = image.file()[segment.p_offset + offset];
    }
    if (const auto added = memory.add(loaded); !added) return added.error();
  }
  return {};
}

Result<AddressRange> add_region(Memory& memory, std::string name, RegionKind kind, AddressRange range, bool usable) {
  LoadedRegion loaded;
  loaded.region = {std::move(name), kind, range, true, true, false};
  if (const auto added = memory.add(loaded); !added) return added.error();
  if (!usable) memory.protect(range, {});
  return range;
}

/// Fills a stack downwards.
class StackWriter {
 public:
  explicit StackWriter(AddressRange stack) : stack_(stack), bytes_(stack.size()), at_(stack.size()) {}

  Address push_bytes(const void* bytes, std::size_t size) {
    if (size > at_) full_ = true;
    if (full_) return top();
    at_ -= size;
    std::memcpy(bytes_.data() + at_, bytes, size);
    return top();
  }
  Address push_text(const std::string& text) { return push_bytes(text.c_str(), text.size() + 1); }
  /// The stack's end is aligned to pages.
  void align(std::uint64_t alignment) { at_ &= ~(alignment - 1); }
  [[nodiscard]] Address top() const { return stack_.low + at_; }
  [[nodiscard]] bool is_full() const { return full_; }
  [[nodiscard]] std::vector<std::uint8_t> bytes() const {
    return {bytes_.begin() + static_cast<std::ptrdiff_t>(at_), bytes_.end()};
  }

 private:
  AddressRange stack_;
  std::vector<std::uint8_t> bytes_;
  std::uint64_t at_;
  bool full_ = false;
};

/// The same in every run: glibc takes the stack protector's value and the pointer guard of setjmp from them.
std::vector<std::uint8_t> random_bytes() {
  std::vector<std::uint8_t> bytes;
  for (unsigned i = 0; i < 16; ++i) bytes.push_back(static_cast<std::uint8_t>(0x5a + 37 * i));
  return bytes;
}

}  // namespace

FirstStack make_first_stack(const LinuxProgram& program, const ProgramStart& start) {
  StackWriter writer(program.stack);
  const std::uint64_t nothing = 0;
  writer.push_bytes(&nothing, sizeof nothing);  // Linux ends it with eight zero bytes
  const Address file_name = writer.push_text(start.file_name);
  std::vector<std::uint64_t> environment;
  for (const std::string& entry : start.environment) environment.push_back(writer.push_text(entry).value);
  std::vector<std::uint64_t> arguments;
  for (const std::string& argument : start.arguments) arguments.push_back(writer.push_text(argument).value);
  const Address platform = writer.push_text("x86_64");
  writer.align(16);
  const std::vector<std::uint8_t> random = random_bytes();
  const Address random_at = writer.push_bytes(random.data(), random.size());

  std::vector<std::uint64_t> words{arguments.size()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.push_back(0);
  words.insert(words.end(), environment.begin(), environment.end());
  words.push_back(0);
  const std::pair<std::uint64_t, std::uint64_t> auxiliary[] = {{kMinSigStkSzEntry, kSmallestSignalStack},
                                                               {AT_HWCAP, kHardwareCapabilities},
                                                               {AT_PAGESZ, kPageSize},
                                                               {AT_CLKTCK, 100},
                                                               {AT_PHDR, program.headers.value},
                                                               {AT_PHENT, sizeof(Elf64_Phdr)},
                                                               {AT_PHNUM, program.header_count},
                                                               {AT_BASE, 0},
                                                               {AT_FLAGS, 0},
                                                               {AT_ENTRY, program.entry.value},
                                                               {AT_UID, 1000},
                                                               {AT_EUID, 1000},
                                                               {AT_GID, 1000},
                                                               {AT_EGID, 1000},
                                                               {AT_SECURE, 0},
                                                               {AT_RANDOM, random_at.value},
                                                               {AT_HWCAP2, 0},
                                                               {AT_EXECFN, file_name.value},
                                                               {AT_PLATFORM, platform.value},
                                                               {AT_NULL, 0}};
  for (const auto& [type, value] : auxiliary) words.insert(words.end(), {type, value});
  if (words.size() % 2 != 0) {
    // rsp must be a multiple of 16 at the entry.
    const std::uint64_t padding = 0;
    writer.push_bytes(&padding, sizeof padding);
  }
  const Address pointer = writer.push_bytes(words.data(), words.size() * sizeof(std::uint64_t));
  if (writer.is_full()) return {};
  return {true, pointer, writer.bytes()};
}

Result<LinuxProgram> load_program(Memory& memory, const Image& image, const MachineOptions& options) {
  Elf64_Ehdr header;
  const std::vector<Elf64_Phdr> segments = segments_of(image, header);
  if (header.e_type != ET_EXEC)
    return Error{
        fmt::format("{}: position independent, expected a program with fixed addresses; build it again with "
                    "-static -no-pie",
                    image.name())};
  if (header.e_entry == 0) return Error{fmt::format("{}: has no entry point; link it as a program", image.name())};
  std::uint64_t end = 0;
  for (const LoadedRegion& region : image.regions()) {
    if (region.region.range.high.value > kHighestImage)
      return Error{
          fmt::format("{}: section {} lies at {:#x}, where the stack and mappings are; link it at a lower "
                      "address",
                      image.name(), region.region.name, region.region.range.low.value)};
    if (const auto added = memory.add(region); !added)
      return Error{fmt::format("{}: {}", image.name(), added.error().message)};
    end = std::max(end, region.region.range.high.value);
  }
  std::uint64_t headers_at = 0;
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type == PT_PHDR) headers_at = segment.p_vaddr;
    if (segment.p_type != PT_LOAD) continue;
    if (headers_at == 0 && header.e_phoff >= segment.p_offset && header.e_phoff < segment.p_offset + segment.p_filesz)
      headers_at = segment.p_vaddr + header.e_phoff - segment.p_offset;
    if (segment.p_vaddr > kHighestImage || segment.p_memsz > kLargestSegment) continue;  // no section lies there
    if (const auto added = add_uncovered_pages(memory, image, segment); !added)
      return Error{fmt::format("{}: {}", image.name(), added.error().message)};
    end = std::max(end, page_up(segment.p_vaddr + segment.p_memsz));
  }

  LinuxProgram program;
  program.entry = image.entry();
  program.name = image.name().substr(image.name().find_last_of('/') + 1);
  const auto heap =
      add_region(memory, "heap", RegionKind::data, {Address{end}, Address{end + options.heap_size}}, false);
  const auto mappings =
      add_region(memory, "mappings", RegionKind::data, {kMappingsTop - options.mapping_size, kMappingsTop}, false);
  const auto stack = add_region(memory, kMainStackName, RegionKind::stack,
                                {kStackTop - page_up(options.main_stack_size), kStackTop}, true);
  for (const auto* added : {&heap, &mappings, &stack})
    if (!added->ok()) return Error{fmt::format("{}: {}", image.name(), added->error().message)};
  program.heap = *heap;
  program.mappings = *mappings;
  program.stack = *stack;

  const auto add_hidden = [&](const char* name, Address low, std::uint64_t size) -> Result<AddressRange> {
    LoadedRegion hidden;
    hidden.region = {name, RegionKind::data, {low, low + size}, false, false, false};
    if (const auto added = memory.add(hidden); !added)
      return Error{fmt::format("{}: {}", image.name(), added.error().message)};
    return hidden.region.range;
  };
  const auto frames = add_hidden(kFramesRegionName, kFramesAt, page_up(options.frame_pool_size));
  if (!frames) return frames.error();
  const auto kernel = add_hidden(kKernelRegionName, kKernelAt, kKernelSize);
  if (!kernel) return kernel.error();
  program.frames = *frames;
  program.kernel = *kernel;
  program.headers = Address{headers_at};
  program.header_count = headers_at == 0 ? 0 : segments.size();

  ProgramStart start{program.name, {program.name}, options.environment};
  start.arguments.insert(start.arguments.end(), options.arguments.begin(), options.arguments.end());
  const FirstStack first = make_first_stack(program, start);
  if (!first.fits)
    return Error{fmt::format("{}: its arguments and environment do not fit the stack of {} KiB", image.name(),
                             program.stack.size() >> 10)};
  memory.write_bytes(first.pointer, first.bytes);
  program.stack_pointer = first.pointer;
  return program;
}

}  // namespace fiberscope::emu
