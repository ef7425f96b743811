#include "core/explore/compiled_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

#include "core/builtin_files.h"
#include "core/explore/child_process.h"
#include "core/explore/example.h"
#include "core/temporary_folder.h"
#include "emu/data_objects.h"
#include "emu/debug_info.h"
#include "emu/disassembler.h"
#include "emu/image.h"

namespace fiberscope::core::explore {
namespace {

using emu::Error;
using emu::Result;

constexpr const char* kTypedSource = "statements.c";
constexpr std::uint64_t kRuntime = 0x300000;  // where the runtime's calls go; nothing is there
constexpr std::uint64_t kPage = 4096;
constexpr std::size_t kMostElements = 64;  // of an array that is shown
/// INTERLEAVINGS: no instruction that the compiler adds by itself. Calls stay calls, so that the runtime's are seen.
constexpr std::array<const char*, 13> kFlags = {"-g",
                                                "-fno-pic",
                                                "-fcf-protection=none",
                                                "-fno-stack-protector",
                                                "-mno-red-zone",
                                                "-ffreestanding",
                                                "-fno-builtin",
                                                "-fno-asynchronous-unwind-tables",
                                                "-fno-common",
                                                "-fdata-sections",
                                                "-fno-optimize-sibling-calls",
                                                "-fdiagnostics-color=never",
                                                "-U_FORTIFY_SOURCE"};
constexpr const char* kHeader =
    "#pragma once\n"
    "/* What the runtime does for threads that are explored, each in one step. */\n"
    "void lock(int *mutex);       /* waits until *mutex is 0, then takes it */\n"
    "void unlock(int *mutex);\n"
    "void wait(int *semaphore);   /* waits until *semaphore > 0, then takes one off */\n"
    "void signal(int *semaphore); /* adds one */\n"
    "void join(int thread);       /* waits until that thread, from 1, has finished */\n";

Result<void> write_file(const TemporaryFolder& folder, std::string_view name, const std::string& text) {
  std::ofstream out(folder.file(name), std::ios::binary);
  out << text;
  out.close();
  if (!out) return Error{fmt::format("{} cannot be written", folder.file(name))};
  return {};
}

/// The variables of C, a section each, lie far apart: an index beyond an array's end then hits nothing.
std::string linker_script() {
  std::string script =
      "SECTIONS {\n"
      "  . = 0x400000; .text : { *(.text .text.*) }\n"
      "  . = 0x600000; .rodata : { *(.rodata .rodata.*) } . = ALIGN(0x1000);\n"
      "  .data : SUBALIGN(0x1000) { *(.data .data.*) *(.bss .bss.*) *(COMMON) }\n"
      "  /DISCARD/ : { *(.note .note.*) *(.comment) *(.eh_frame) }\n"
      "}\n";
  for (std::size_t i = 0; i < kRuntimeCalls.size(); ++i)
    script += fmt::format("PROVIDE({} = {:#x});\n", kRuntimeCalls[i], kRuntime + i * 16);
  return script;
}

struct Source {
  std::string path;
  std::string shown;  ///< how messages and places name it
  std::string lowering;
  const TypedThreads* typed = nullptr;
  std::map<std::string, std::string> texts;  ///< of files that go with the folder, by their name
};

/// A file as it is; an example as a file of that folder.
Result<Source> source_of(const TemporaryFolder& folder, const std::string& target, const std::string& lowering) {
  const auto source = program_source(target);
  if (!source)
    return Error{fmt::format("{}; give a .c or .S file with functions thread_1, thread_2, …", source.error().message)};
  if (!source->is_example) return Source{target, target, lowering, nullptr, {}};
  if (const auto written = write_file(folder, source->name, source->text); !written) return written.error();
  return Source{folder.file(source->name), target, lowering, nullptr, {{source->name, source->text}}};
}

std::string builtin(std::string_view name) {
  return std::string(builtin_text(name).value_or(std::string_view()));
}

/// Compiles, assembles and links the file into an image.
Result<emu::Image> make_image(const TemporaryFolder& folder, const Source& source,
                              std::optional<ReplayRuntime> runtime = std::nullopt) {
  const bool guest = runtime.has_value();
  if (const auto written = write_file(folder, "fiberscope.h", kHeader); !written) return written.error();
  if (const auto written = write_file(folder, "link.ld", guest ? builtin("asm/bare.ld") : linker_script()); !written)
    return written.error();
  if (guest)
    if (const auto written = write_file(folder, "runtime.o", builtin(fmt::format("images/{}.o", to_string(*runtime))));
        !written)
      return written.error();
  std::vector<std::string> command = {"gcc"};
  command.insert(command.end(), kFlags.begin(), kFlags.end());
  if (source.lowering == "O0" || source.lowering == "O2") command.push_back("-" + source.lowering);
  for (const char* word : {"-static", "-no-pie", "-nostdlib", "-Wl,--build-id=none", "-Wl,-z,max-page-size=4096",
                           "-Wl,--no-warn-rwx-segments", guest ? "-Wl,--no-eh-frame-hdr" : "-Wl,-e,0"})
    command.emplace_back(word);
  // Debug information keeps nothing but the name of a file that goes with the folder. The last map comes first.
  std::error_code unknown;
  if (source.path.starts_with(folder.file("")))
    command.push_back("-ffile-prefix-map=" + std::filesystem::current_path(unknown).string() + "=.");
  command.push_back("-ffile-prefix-map=" + folder.file("") + "=");
  if (!guest) command.emplace_back("-Wa,--keep-locals");  // data may have no other name
  command.push_back("-Wl,-T," + folder.file("link.ld"));
  command.push_back("-I" + folder.file(""));
  command.push_back(source.path);
  if (guest) command.push_back(folder.file("runtime.o"));  // last: where names meet, the lower address is the source's
  command.emplace_back("-o");
  command.push_back(folder.file("program"));
  const auto compiled = run_child(command, source.shown, "gcc");
  if (!compiled) return compiled.error();
  if (compiled->code != 0)
    return Error{
        fmt::format("{}: gcc could not build it:\n{}", source.shown,
                    compiled->output.empty() ? fmt::format("exit code {}\n", compiled->code) : compiled->output)};
  auto image = emu::Image::load(folder.file("program"));
  if (!image)
    return Error{fmt::format("{}: it holds no code; define the functions thread_1 and thread_2, up to thread_{}",
                             source.shown, kMaxThreads)};
  return image;
}

/// `thread_1` … `thread_n`, without a gap.
Result<void> find_threads(const emu::Image& image, const std::string& shown, ThreadProgram& program) {
  for (std::size_t i = 1;; ++i) {
    const auto symbol = image.symbol(fmt::format("thread_{}", i));
    if (!symbol) break;
    ProgramThread thread;
    thread.entry = thread.code_low = symbol->address.value;
    thread.code_high = symbol->size != 0 ? symbol->address.value + symbol->size : 0;
    program.threads.push_back(thread);
  }
  for (std::size_t i = program.threads.size() + 2; i <= kMaxThreads; ++i)
    if (image.symbol(fmt::format("thread_{}", i)))
      return Error{
          fmt::format("{}: there is thread_{}, but no thread_{}; number the functions from thread_1 on, without "
                      "a gap",
                      shown, i, program.threads.size() + 1)};
  if (image.symbol(fmt::format("thread_{}", kMaxThreads + 1)))
    return Error{fmt::format("{}: there is thread_{}; no more than {} threads can be explored", shown, kMaxThreads + 1,
                             kMaxThreads)};
  if (program.threads.size() < kMinThreads || program.threads.size() > kMaxThreads)
    return Error{
        fmt::format("{}: {} found; define the functions thread_1 and thread_2, up to thread_{}, without a gap "
                    "(in assembly as .globl symbols of type @function with a size)",
                    shown,
                    program.threads.empty()       ? std::string("no function thread_1 was")
                    : program.threads.size() == 1 ? std::string("only thread_1 was")
                                                  : fmt::format("{} thread functions were", program.threads.size()),
                    kMaxThreads)};
  // A function without a size reaches to the next symbol.
  for (ProgramThread& thread : program.threads) {
    if (thread.code_high != 0) continue;
    std::uint64_t end = ~std::uint64_t{0};
    for (const emu::LoadedRegion& region : image.regions())
      if (region.region.range.contains({thread.entry})) end = region.region.range.high.value;
    for (const emu::Symbol& symbol : image.symbols())
      if (symbol.is_function && symbol.address.value > thread.entry) end = std::min(end, symbol.address.value);
    thread.code_high = end;
  }
  return {};
}

/// Types are those of C's debug information; assembly has none, and its numbers have a sign.
Result<void> find_variables(const emu::Image& image, bool is_c, ThreadProgram& program) {
  const auto is_data = [&](std::uint64_t address) {
    for (const emu::LoadedRegion& region : program.regions)
      if (region.region.writable && region.region.range.contains({address})) return true;
    return false;
  };
  const emu::DebugInfo debug(image);
  for (const emu::Symbol& symbol : image.symbols()) {
    if (symbol.is_function || symbol.size == 0 || !is_data(symbol.address.value)) continue;
    const bool is_scalar = symbol.size <= 8 && (symbol.size & (symbol.size - 1)) == 0;
    // The debug information of C knows members and elements; assembly has none, and its symbols are plain numbers.
    const auto cells = is_c ? debug.global(symbol.name) : std::vector<emu::GlobalCell>();
    if (cells.size() > kMostElements) continue;
    if (!cells.empty()) {
      for (const emu::GlobalCell& cell : cells) {
        if (cell.kind == emu::ScalarKind::floating)
          return Error{
              fmt::format("{}: {} is a floating-point number (float, double), but shared variables are shown and "
                          "compared as whole numbers: make it an integer, or a variable of its function",
                          program.name, cell.name)};
        program.variables.push_back({cell.name, cell.address.value, cell.size, true, cell.kind});
      }
    } else if (is_scalar) {
      program.variables.push_back({symbol.name, symbol.address.value, static_cast<std::uint32_t>(symbol.size), true});
    } else if (symbol.size % 4 == 0 && symbol.size / 4 <= kMostElements) {
      for (std::uint64_t i = 0; i < symbol.size / 4; ++i)
        program.variables.push_back({fmt::format("{}[{}]", symbol.name, i), symbol.address.value + i * 4, 4, true});
    }
  }
  return {};
}

/// The instruction with the names of variables and functions in the place of their addresses.
std::string named_text(const emu::Instruction& instruction, const ThreadProgram& program) {
  std::string operands = instruction.intel_operands;
  for (const emu::MemoryOperand& operand : instruction.memory) {
    if (operand.index || operand.segment_base || (operand.base && operand.base != emu::Register::rip)) continue;
    const std::uint64_t base = operand.base ? instruction.address.value + instruction.size : 0;
    const std::uint64_t address = base + static_cast<std::uint64_t>(operand.displacement);
    const SharedVariable* variable = program.variable_at(address);
    const std::size_t open = operands.find('[');
    const std::size_t close = operands.find(']');
    if (variable == nullptr || open == std::string::npos || close == std::string::npos) continue;
    const std::string name = address == variable->address
                                 ? variable->name
                                 : fmt::format("{}+{}", variable->name, address - variable->address);
    operands.replace(open + 1, close - open - 1, name);
  }
  if (instruction.flow == emu::Flow::call && instruction.target) {
    if (const auto call = program.runtime.find(instruction.target->value); call != program.runtime.end())
      operands = kRuntimeCalls[static_cast<std::size_t>(call->second)];
    if (const auto known = program.functions.find(instruction.target->value); known != program.functions.end())
      operands = known->second;
  }
  return operands.empty() ? instruction.intel_mnemonic : instruction.intel_mnemonic + " " + operands;
}

/// The place of each instruction in its source, and whether vector registers are in use.
void find_places(const emu::Image& image, const Source& source, ThreadProgram& program) {
  const emu::DebugInfo debug(image);
  const emu::Disassembler disassembler;
  for (const emu::LoadedRegion& region : program.regions) {
    if (!region.region.executable) continue;
    const std::uint64_t low = region.region.range.low.value;
    for (std::uint64_t offset = 0; offset < region.contents.size();) {
      const emu::Address address{low + offset};
      const std::span<const std::uint8_t> bytes(region.contents.data() + offset, region.contents.size() - offset);
      const auto instruction = disassembler.decode(address, bytes);
      if (!instruction) {
        ++offset;
        continue;
      }
      program.uses_vector = program.uses_vector || instruction->intel_operands.find("xmm") != std::string::npos;
      InstructionPlace place;
      place.text = named_text(*instruction, program);
      if (const auto line = debug.line_at(address); line && line->line > 0)
        place.source = fmt::format("{}:{}", std::filesystem::path(line->file).filename().string(), line->line);
      if (source.typed != nullptr && !place.source.empty()) {
        const auto line = static_cast<std::size_t>(debug.line_at(address)->line);
        place.source = typed_place(*source.typed, line);
      }
      program.places[address.value] = std::move(place);
      offset += instruction->size;
    }
  }
}

Result<ThreadProgram> make_program(const emu::Image& image, const Source& source) {
  ThreadProgram program;
  program.name = source.shown;
  program.lowering = source.lowering;
  for (const emu::LoadedRegion& region : image.regions()) {
    emu::LoadedRegion copy = region;
    if (copy.region.executable) copy.region.writable = false;
    copy.region.range.high.value = (copy.region.range.high.value + kPage - 1) / kPage * kPage;
    program.regions.push_back(std::move(copy));
  }
  if (const auto found = find_threads(image, source.shown, program); !found) return found.error();
  const bool is_c = source.lowering == "O0" || source.lowering == "O2";
  if (const auto found = find_variables(image, is_c, program); !found) return found.error();
  for (const emu::DataObject& object : emu::data_objects(image))
    program.objects.push_back({object.name, object.range.low.value, object.range.high.value});
  for (std::size_t i = 0; i < kRuntimeCalls.size(); ++i)
    program.runtime[kRuntime + i * 16] = static_cast<RuntimeCall>(i);
  for (const emu::Symbol& symbol : image.symbols())
    if (symbol.is_function) program.functions[symbol.address.value] = symbol.name;
  find_places(image, source, program);
  // Marks of finished threads lie behind all data, where join reads them.
  const bool joins = std::any_of(program.places.begin(), program.places.end(),
                                 [](const auto& place) { return place.second.text == "call join"; });
  if (joins) {
    bool placed = false;
    for (emu::LoadedRegion& region : program.regions) {
      if (!region.region.writable) continue;
      program.finish_marks = region.region.range.high.value;
      region.region.range.high.value += kPage;
      placed = true;
    }
    if (!placed) {
      constexpr std::uint64_t kMarks = 0x700000;
      program.finish_marks = kMarks;
      program.regions.push_back(
          {{"marks", emu::RegionKind::data, {{kMarks}, {kMarks + kPage}}, true, true, false}, {}});
    }
  }
  return program;
}

Result<ThreadProgram> build(const TemporaryFolder& folder, const Source& source) {
  auto image = make_image(folder, source);
  if (!image) return image.error();
  return make_program(*image, source);
}

std::string c_expression(const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::constant:
      // The smallest number has no literal of its own.
      return expression.value == INT32_MIN ? "(-2147483647 - 1)" : fmt::format("({})", expression.value);
    case Expression::Kind::variable:
      return expression.name;
    case Expression::Kind::negate:
      return fmt::format("(-{})", c_expression(*expression.left));
    case Expression::Kind::add:
      return fmt::format("({} + {})", c_expression(*expression.left), c_expression(*expression.right));
    case Expression::Kind::subtract:
      return fmt::format("({} - {})", c_expression(*expression.left), c_expression(*expression.right));
    case Expression::Kind::multiply:
      return fmt::format("({} * {})", c_expression(*expression.left), c_expression(*expression.right));
  }
  return "";
}

/// One line a statement: typed_place() counts on it.
std::string c_source(const TypedThreads& typed) {
  std::string text;
  for (const std::string& name : typed.variables) {
    const auto value = typed.initial.find(name);
    text += fmt::format("int {} = {}; ", name, value == typed.initial.end() ? 0 : value->second);
  }
  text += '\n';
  for (std::size_t i = 0; i < typed.threads.size(); ++i) {
    text += fmt::format("__attribute__((noinline, noipa)) void thread_{}(void) {{\n", i + 1);
    std::vector<std::string> locals;
    for (const Statement& statement : typed.threads[i]) {
      const bool is_new = statement.declares && std::find(locals.begin(), locals.end(), statement.name) == locals.end();
      if (is_new) locals.push_back(statement.name);
      text += fmt::format("{}{} = {};\n", is_new ? "int " : "", statement.name, c_expression(*statement.value));
    }
    text += "}\n";
  }
  return text;
}

/// Each shared variable that a thread assigns must be stored by its code.
Result<void> check_stores(const TypedThreads& typed, const ThreadProgram& program) {
  const emu::Disassembler disassembler;
  for (std::size_t i = 0; i < typed.threads.size(); ++i) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> stored;
    const ProgramThread& thread = program.threads[i];
    for (const emu::LoadedRegion& region : program.regions) {
      const std::uint64_t low = region.region.range.low.value;
      for (auto place = program.places.lower_bound(thread.code_low);
           place != program.places.end() && place->first < thread.code_high; ++place) {
        if (place->first < low || place->first >= low + region.contents.size()) continue;
        const std::size_t offset = place->first - low;
        const auto instruction =
            disassembler.decode({place->first}, {region.contents.data() + offset, region.contents.size() - offset});
        if (!instruction) continue;
        for (const emu::MemoryOperand& operand : instruction->memory) {
          if (!operand.is_write || operand.index || (operand.base && operand.base != emu::Register::rip)) continue;
          const std::uint64_t base = operand.base ? place->first + instruction->size : 0;
          const std::uint64_t address = base + static_cast<std::uint64_t>(operand.displacement);
          stored.emplace_back(address, address + operand.size);
        }
      }
    }
    for (const std::string& name : shared_names_assigned(typed.threads[i])) {
      const SharedVariable* variable = program.variable(name);
      const bool is_stored = variable != nullptr && std::any_of(stored.begin(), stored.end(), [&](const auto& range) {
                               return range.first < variable->address + 4 && variable->address < range.second;
                             });
      if (!is_stored)
        return Error{
            fmt::format("thread {}: the compiler removed the assignments to {} ({}): its code never stores it; "
                        "use --lowering textbook or O0 to see them run",
                        i + 1, name, program.lowering)};
    }
  }
  return {};
}

Result<LinkedGuest> link(const TemporaryFolder& folder, const Source& source, ReplayRuntime runtime) {
  auto image = make_image(folder, source, runtime);
  if (!image) return image.error();
  LinkedGuest guest{std::move(image).value(), {}};
  for (const auto& [name, text] : source.texts) guest.sources[name] = guest.sources["./" + name] = text;
  return guest;
}

}  // namespace

std::string_view to_string(ReplayRuntime runtime) {
  return runtime == ReplayRuntime::processors ? "replay_processors" : "replay_runtime";
}

std::string typed_place(const TypedThreads& typed, std::size_t line) {
  std::size_t at = 1;
  for (const auto& thread : typed.threads) {
    if (line > at && line <= at + 1 + thread.size() && line - at >= 2) return thread[line - at - 2].text;
    at += thread.size() + 2;
  }
  return "";
}

emu::Result<ThreadProgram> build_source(const std::string& target, const std::string& lowering) {
  const auto folder = TemporaryFolder::make();
  if (!folder) return folder.error();
  const auto source = source_of(*folder, target, lowering);
  return source ? build(*folder, *source) : source.error();
}

emu::Result<ThreadProgram> compile_threads(const TypedThreads& typed, const std::string& lowering) {
  const auto folder = TemporaryFolder::make();
  if (!folder) return folder.error();
  if (const auto written = write_file(*folder, kTypedSource, c_source(typed)); !written) return written.error();
  auto program = build(*folder, {folder->file(kTypedSource), "--lowering " + lowering, lowering, &typed, {}});
  if (!program) return program;
  if (const auto checked = check_stores(typed, *program); !checked) return checked.error();
  // Outcomes show the variables in the order in which they were typed.
  std::vector<SharedVariable> ordered;
  for (const std::string& name : typed.variables)
    if (const SharedVariable* variable = program->variable(name)) ordered.push_back(*variable);
  program->variables = std::move(ordered);
  return program;
}

emu::Result<LinkedGuest> link_guest(const std::string& target, const std::string& lowering, ReplayRuntime runtime) {
  const auto folder = TemporaryFolder::make();
  if (!folder) return folder.error();
  const auto source = source_of(*folder, target, lowering);
  return source ? link(*folder, *source, runtime) : source.error();
}

emu::Result<LinkedGuest> link_guest(const TypedThreads& typed, const std::string& lowering, ReplayRuntime runtime) {
  const auto folder = TemporaryFolder::make();
  if (!folder) return folder.error();
  const std::string text = c_source(typed);
  if (const auto written = write_file(*folder, kTypedSource, text); !written) return written.error();
  return link(*folder, {folder->file(kTypedSource), "--lowering " + lowering, lowering, &typed, {{kTypedSource, text}}},
              runtime);
}

emu::Result<LinkedGuest> link_text(const std::string& text, const std::string& file,
                                   std::map<std::string, std::string> texts, ReplayRuntime runtime) {
  const auto folder = TemporaryFolder::make();
  if (!folder) return folder.error();
  if (const auto written = write_file(*folder, "test.s", text); !written) return written.error();
  return link(*folder, {folder->file("test.s"), file, "litmus", nullptr, std::move(texts)}, runtime);
}

emu::Result<ThreadProgram> assemble_text(const std::string& text, const std::string& file) {
  const auto folder = TemporaryFolder::make();
  if (!folder) return folder.error();
  if (const auto written = write_file(*folder, "test.s", text); !written) return written.error();
  return build(*folder, {folder->file("test.s"), file, "litmus", nullptr, {}});
}

}  // namespace fiberscope::core::explore
