#include "core/explore/litmus.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <utility>

#include "core/explore/compiled_program.h"
#include "core/trimmed.h"
#include "emu/registers.h"

namespace fiberscope::core::explore {
namespace {

using emu::Error;
using emu::Result;

const std::map<std::string, std::uint32_t, std::less<>> kTypes = {
    {"int", 4},     {"int32_t", 4},  {"uint32_t", 4}, {"int64_t", 8}, {"uint64_t", 8}, {"long", 8},
    {"int16_t", 2}, {"uint16_t", 2}, {"int8_t", 1},   {"uint8_t", 1}, {"char", 1}};

constexpr std::uint64_t kLocationRoom = 8;  // each location's; its type is what is observed of it

std::string collapsed(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool blank = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out += blank ? ' ' : c;
  }
  return std::string(trimmed(out));
}

struct GeneralRegister {
  std::size_t index = 0;
  std::uint32_t size = 8;
};

/// In the order of emu::Register.
constexpr std::array<const char*, 16> kGeneralNames = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
                                                       "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
constexpr std::size_t kStackPointer = 7;

/// rax, eax, r8, r8d; lower or upper case.
std::optional<GeneralRegister> general_register_named(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (std::size_t i = 0; i < kGeneralNames.size(); ++i) {
    const std::string full = kGeneralNames[i];
    if (name == full) return GeneralRegister{i, 8};
    if (name == (i < 8 ? "e" + full.substr(1) : full + "d")) return GeneralRegister{i, 4};
  }
  return std::nullopt;
}

class Reader {
 public:
  Reader(std::string text, std::string file) : text_(std::move(text)), file_(std::move(file)) {}

  Result<Litmus> read() {
    blank_comments();
    if (!read_head() || !read_initial() || !read_threads() || !read_tail()) return *error_;
    return std::move(litmus_);
  }

 private:
  bool fail(std::size_t at, const std::string& cause) {
    const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    if (!error_) error_ = Error{fmt::format("{}:{}: {}", file_, line, cause)};
    return false;
  }
  [[nodiscard]] int line_of(std::size_t at) const {
    return static_cast<int>(1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
  }

  void blank_comments() {
    for (std::size_t at = text_.find("(*"); at != std::string::npos; at = text_.find("(*", at)) {
      const std::size_t end = std::min(text_.find("*)", at + 2), text_.size() - 2) + 2;
      for (; at < end; ++at)
        if (text_[at] != '\n') text_[at] = ' ';
    }
  }

  bool read_head() {
    std::size_t end = text_.find('\n');
    if (end == std::string::npos) end = text_.size();
    const std::string first(trimmed(text_.substr(0, end)));
    const std::size_t blank = first.find_first_of(" \t");
    const std::string architecture = first.substr(0, blank);
    if (architecture != "X86_64")
      return fail(0, fmt::format("architecture '{}': only X86_64 tests run here; the first line is `X86_64 NAME`",
                                 architecture));
    litmus_.name = blank == std::string::npos ? "" : std::string(trimmed(first.substr(blank)));
    if (litmus_.name.empty()) return fail(0, "the test has no name; the first line is `X86_64 NAME`");
    return true;
  }

  bool read_initial() {
    const std::size_t open = text_.find('{');
    if (open == std::string::npos) return fail(0, "no { begins the initial state; write { x=0; 0:rdi=x; }");
    const std::size_t close = text_.find('}', open);
    if (close == std::string::npos) return fail(open, "the { of the initial state is not closed");
    body_ = close + 1;
    for (std::size_t at = open + 1; at < close;) {
      const std::size_t end = std::min(text_.find(';', at), close);
      const std::string item(trimmed(text_.substr(at, end - at)));
      const std::size_t where = std::min(text_.find_first_not_of(" \t\r\n", at), close);
      if (!item.empty() && !read_initial_item(item, where)) return false;
      at = end + 1;
    }
    return true;
  }

  bool read_initial_item(const std::string& item, std::size_t where) {
    static const std::regex kItem(R"(^(?:([A-Za-z_]\w*)\s+)?(?:(\d+):)?\[?([A-Za-z_]\w*)\]?\s*(?:=\s*(.+))?$)");
    std::smatch parts;
    if (!std::regex_match(item, parts, kItem))
      return fail(
          where,
          fmt::format("initial state: '{}' is not understood; write x=1, int64_t x=1, 0:rax=1 or 0:rdi=x", item));
    std::uint32_t size = 4;
    if (parts[1].matched) {
      const auto type = kTypes.find(parts[1].str());
      if (type == kTypes.end()) return fail(where, fmt::format("initial state: unknown type '{}'", parts[1].str()));
      size = type->second;
    }
    const std::string value = parts[4].matched ? std::string(trimmed(parts[4].str())) : "0";
    std::int64_t number = 0;
    const bool hex = value.rfind("0x", 0) == 0;
    const char* end = value.data() + value.size();
    const auto read = std::from_chars(value.data() + (hex ? 2 : 0), end, number, hex ? 16 : 10);
    const bool is_number = read.ec == std::errc{} && read.ptr == end;
    const std::string name = parts[3].str();
    if (!parts[2].matched) {
      if (!is_number)
        return fail(where, fmt::format("initial state: {} must begin with a number, not '{}'", name, value));
      add_location(name, size);
      for (SharedVariable& location : litmus_.locations)
        if (location.name == name) location.size = size;
      litmus_.initial.emplace_back(name, number);
      return true;
    }
    if (!general_register_named(name))
      return fail(where, fmt::format("initial state: '{}' is no general register", name));
    const bool is_name = !is_number && std::all_of(value.begin(), value.end(),
                                                   [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
    if (!is_number && !is_name)
      return fail(where, fmt::format("initial state: '{}' is neither a number nor a location", value));
    if (is_name) add_location(value, 4);
    litmus_.registers.push_back({std::stoul(parts[2].str()), name, is_name ? value : "", number});
    return true;
  }

  void add_location(const std::string& name, std::uint32_t size) {
    for (const SharedVariable& known : litmus_.locations)
      if (known.name == name) return;
    litmus_.locations.push_back({name, 0, size, true});
  }

  /// Locations that only instructions name hold 0 at first.
  void add_named_locations(const std::string& instruction) {
    static const std::regex kOperands(
        R"(^(?:[A-Za-z_.][\w.]*\s*:)?\s*(?:(?:lock|rep|repe|repne|repz|repnz)\s*;?\s+)?([A-Za-z]\w*)\s*(.*)$)");
    static const std::regex kName(R"((^|[^\w.%])([A-Za-z_]\w*))");
    std::smatch parts;
    if (!std::regex_match(instruction, parts, kOperands)) return;
    const std::string mnemonic = parts[1].str();
    if (mnemonic.front() == 'j' || mnemonic.rfind("loop", 0) == 0 || mnemonic.rfind("call", 0) == 0) return;
    const std::string operands = parts[2].str();
    for (auto name = std::sregex_iterator(operands.begin(), operands.end(), kName); name != std::sregex_iterator();
         ++name)
      add_location((*name)[2].str(), 4);
  }

  bool read_threads() {
    static const std::regex kTail(R"((^|\n)\s*(locations|exists|~\s*exists|forall)\b)");
    std::smatch found;
    const std::string rest = text_.substr(body_);
    tail_ = std::regex_search(rest, found, kTail) ? body_ + static_cast<std::size_t>(found.position(2)) : text_.size();
    bool is_first = true;
    for (std::size_t at = body_; at < tail_;) {
      const std::size_t end = std::min(text_.find(';', at), tail_);
      if (end == tail_) {
        if (trimmed(text_.substr(at, end - at)).empty()) break;
        return fail(text_.find_first_not_of(" \t\r\n", at), "a row of the program does not end with ;");
      }
      std::size_t column = 0;
      for (std::size_t cell = at; cell <= end; ++column) {
        const std::size_t stop = std::min(text_.find('|', cell), end);
        const std::string words = collapsed(text_.substr(cell, stop - cell));
        const std::size_t where = std::min(text_.find_first_not_of(" \t\r\n|", cell), end);
        if (is_first) {
          if (words != fmt::format("P{}", column))
            return fail(where,
                        fmt::format("expected P{} at the head of column {}, not '{}'", column, column + 1, words));
          litmus_.threads.emplace_back();
        } else if (column >= litmus_.threads.size()) {
          return fail(where, fmt::format("a row with more than {} columns", litmus_.threads.size()));
        } else if (!words.empty()) {
          litmus_.threads[column].push_back({line_of(where), words});
        }
        cell = stop + 1;
      }
      is_first = false;
      at = end + 1;
    }
    if (litmus_.threads.size() < kMinThreads || litmus_.threads.size() > kMaxThreads)
      return fail(std::min(body_, text_.size() - 1),
                  fmt::format("{} thread{}; a test has 2 to {}: P0 | P1 ;", litmus_.threads.size(),
                              litmus_.threads.size() == 1 ? "" : "s", kMaxThreads));
    for (const auto& thread : litmus_.threads)
      for (const Litmus::Line& line : thread) add_named_locations(line.text);
    for (const auto& start : litmus_.registers)
      if (start.thread >= litmus_.threads.size())
        return fail(0, fmt::format("initial state: {}:{}: there is no P{}", start.thread, start.reg, start.thread));
    return true;
  }

  bool read_tail() {
    std::string rest = text_.substr(tail_);
    std::set<std::string> named;
    if (rest.rfind("locations", 0) == 0) {
      const std::size_t open = rest.find('[');
      const std::size_t close = rest.find(']');
      if (open == std::string::npos || close == std::string::npos)
        return fail(tail_, "locations: write locations [x; 0:rax;]");
      std::string item;
      for (const char c : rest.substr(open + 1, close - open - 1) + ";") {
        if (c != ';') {
          item += c;
          continue;
        }
        if (!trimmed(item).empty()) named.insert(std::string(trimmed(item)));
        item.clear();
      }
      tail_ += close + 1;
      rest = rest.substr(close + 1);
    }
    const std::size_t begin = rest.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos)
      return fail(text_.empty() ? 0 : text_.size() - 1, "no final condition; write exists (0:rax=0 /\\ 1:rax=0)");
    tail_ += begin;
    rest = rest.substr(begin);
    static const std::regex kQuantifier(R"(^(exists|~\s*exists|forall)\b)");
    std::smatch found;
    if (!std::regex_search(rest, found, kQuantifier))
      return fail(tail_, "the final condition begins with exists, ~exists or forall");
    litmus_.quantifier = rest[0] == '~'   ? Litmus::Quantifier::not_exists
                         : rest[0] == 'f' ? Litmus::Quantifier::forall
                                          : Litmus::Quantifier::exists;
    litmus_.condition = collapsed(rest.substr(static_cast<std::size_t>(found.length())));
    const auto names = names_in_condition(litmus_.condition, fmt::format("{}:{}: condition", file_, line_of(tail_)));
    if (!names) {
      error_ = names.error();
      return false;
    }
    named.insert(names->begin(), names->end());
    return observe(named);
  }

  [[nodiscard]] bool is_named_by_code(const std::string& name) const {
    const std::regex word("\\b" + name + "\\b");
    for (const auto& thread : litmus_.threads)
      for (const Litmus::Line& line : thread)
        if (std::regex_search(line.text, word)) return true;
    return false;
  }

  bool observe(const std::set<std::string>& named) {
    std::vector<std::string> places;
    for (const std::string& name : named) {
      const std::size_t colon = name.find(':');
      if (colon == std::string::npos) {
        const bool known = std::any_of(litmus_.locations.begin(), litmus_.locations.end(),
                                       [&](const SharedVariable& location) { return location.name == name; });
        if (!known && !is_named_by_code(name))
          return fail(tail_, fmt::format("'{}' is no location of this test; declare it in the initial state", name));
        if (!known) add_location(name, 4);  // one that only instructions name
        places.push_back(name);
        continue;
      }
      std::size_t thread = 0;
      const auto read = std::from_chars(name.data(), name.data() + colon, thread);
      if (read.ec != std::errc{} || thread >= litmus_.threads.size() || !general_register_named(name.substr(colon + 1)))
        return fail(tail_, fmt::format("'{}' is no register of this test; write 0:rax", name));
      litmus_.observed.push_back(name);
    }
    litmus_.observed.insert(litmus_.observed.end(), places.begin(), places.end());
    return true;
  }

  std::string text_;
  std::string file_;
  Litmus litmus_;
  std::size_t body_ = 0;  ///< behind the initial state
  std::size_t tail_ = 0;  ///< where locations or the condition begin
  std::optional<Error> error_;
};

/// Labels are a thread's own: they get its number.
std::vector<Litmus::Line> with_own_labels(const std::vector<Litmus::Line>& lines, std::size_t thread) {
  static const std::regex kLabel(R"(^([A-Za-z_.][\w.]*)\s*:)");
  std::set<std::string> labels;
  for (const Litmus::Line& line : lines) {
    std::smatch found;
    if (std::regex_search(line.text, found, kLabel)) labels.insert(found[1].str());
  }
  std::vector<Litmus::Line> renamed = lines;
  for (Litmus::Line& line : renamed) {
    for (const std::string& label : labels) {
      const std::regex word("(^|[^\\w.%$])" + std::regex_replace(label, std::regex("\\."), "\\.") + "(?![\\w.])");
      line.text = std::regex_replace(line.text, word, fmt::format("$1.L{}_{}", thread, label));
    }
  }
  return renamed;
}

}  // namespace

emu::Result<Litmus> parse_litmus(const std::string& text, const std::string& file) {
  return Reader(text, file).read();
}

namespace {

std::string assembly_text(const Litmus& litmus, const std::string& file) {
  std::string text = ".data\n";
  for (const SharedVariable& location : litmus.locations) {
    std::int64_t value = 0;
    for (const auto& [name, number] : litmus.initial)
      if (name == location.name) value = number;
    text +=
        fmt::format(".balign 8\n.globl {0}\n.type {0}, @object\n.size {0}, {1}\n{0}: .quad {2}\n", location.name,
                    location.size, location.size == 8 ? value : value & ((std::int64_t{1} << location.size * 8) - 1));
  }
  text += ".text\n";
  for (std::size_t i = 0; i < litmus.threads.size(); ++i) {
    const std::string name = fmt::format("thread_{}", i + 1);
    text += fmt::format(".globl {0}\n.type {0}, @function\n{0}:\n.cfi_startproc\n", name);
    for (const Litmus::Line& line : with_own_labels(litmus.threads[i], i))
      text += fmt::format("# {} \"{}\"\n {}\n", line.number, file, line.text);
    text += fmt::format(" ret\n.cfi_endproc\n.size {0}, . - {0}\n", name);
  }
  return text;
}

/// The registers' values at the start, by their number; text for an operand.
std::map<std::size_t, std::string> start_values(const Litmus& litmus, std::size_t thread) {
  std::map<std::size_t, std::string> values;
  for (const Litmus::RegisterStart& start : litmus.registers)
    if (start.thread == thread)
      values[general_register_named(start.reg)->index] =
          start.location.empty() ? std::to_string(start.value) : start.location;
  return values;
}

/// A function that gives a thread its registers, calls it, and keeps what the test asks for. None of it is a step.
std::string wrapper_text(const Litmus& litmus, std::size_t thread) {
  constexpr std::array<std::size_t, 6> kKept = {1, 6, 12, 13, 14, 15};  // rbx, rbp, r12 … r15
  const std::string name = body_symbol(thread + 1);
  std::string text = fmt::format(".globl {0}\n.type {0}, @function\n{0}:\n.cfi_startproc\n", name);
  for (const std::size_t reg : kKept)
    text += fmt::format(" pushq %{}\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset {}, 0\n", kGeneralNames[reg],
                        kGeneralNames[reg]);
  text += " subq $8, %rsp\n.cfi_adjust_cfa_offset 8\n";
  const auto values = start_values(litmus, thread);
  for (std::size_t reg = 0; reg < kGeneralNames.size(); ++reg) {
    if (reg == kStackPointer) continue;
    const auto value = values.find(reg);
    text += fmt::format(" movabsq ${}, %{}\n", value == values.end() ? "0" : value->second, kGeneralNames[reg]);
  }
  text += fmt::format(" callq thread_{}\n", thread + 1);
  std::size_t observed = 0;
  for (const std::string& place : litmus.observed) {
    const std::size_t colon = place.find(':');
    if (colon == std::string::npos) continue;
    if (std::stoul(place.substr(0, colon)) == thread)
      text +=
          fmt::format(" movq %{}, {}(%rip)\n", kGeneralNames[general_register_named(place.substr(colon + 1))->index],
                      register_symbol(observed));
    ++observed;
  }
  text += " addq $8, %rsp\n.cfi_adjust_cfa_offset -8\n";
  for (auto reg = kKept.rbegin(); reg != kKept.rend(); ++reg)
    text += fmt::format(" popq %{}\n.cfi_adjust_cfa_offset -8\n.cfi_restore {}\n", kGeneralNames[*reg],
                        kGeneralNames[*reg]);
  return text + fmt::format(" retq\n.cfi_endproc\n.size {0}, . - {0}\n", name);
}

}  // namespace

std::string body_symbol(std::size_t thread) {
  return fmt::format("litmus_body_{}", thread);
}

std::string register_symbol(std::size_t observed) {
  return fmt::format("litmus_register_{}", observed);
}

emu::Result<LinkedGuest> link_litmus(const Litmus& litmus, const std::string& file, const std::string& text,
                                     ReplayRuntime runtime) {
  std::string assembly = assembly_text(litmus, file);
  assembly += fmt::format("# 1 \"{}\"\n", "registers of " + file);
  for (std::size_t thread = 0; thread < litmus.threads.size(); ++thread) assembly += wrapper_text(litmus, thread);
  assembly += ".data\n";
  std::size_t observed = 0;
  for (const std::string& place : litmus.observed)
    if (place.find(':') != std::string::npos)
      assembly += fmt::format(".balign 8\n.globl {0}\n.type {0}, @object\n.size {0}, 8\n{0}: .quad 0\n",
                              register_symbol(observed++));
  return link_text(assembly, file, {{file, text}}, runtime);
}

emu::Result<ThreadProgram> assemble_litmus(const Litmus& litmus, const std::string& file) {
  auto program = assemble_text(assembly_text(litmus, file), file);
  if (!program) return program;
  for (const Litmus::RegisterStart& start : litmus.registers) {
    std::uint64_t value = static_cast<std::uint64_t>(start.value);
    if (!start.location.empty()) value = program->variable(start.location)->address;
    program->threads[start.thread].registers[general_register_named(start.reg)->index] = value;
  }
  for (SharedVariable& variable : program->variables)
    variable.is_observed =
        std::find(litmus.observed.begin(), litmus.observed.end(), variable.name) != litmus.observed.end();
  for (const std::string& name : litmus.observed) {
    const std::size_t colon = name.find(':');
    if (colon == std::string::npos) continue;
    const GeneralRegister reg = *general_register_named(name.substr(colon + 1));
    program->observed.push_back({std::stoul(name.substr(0, colon)), reg.index, name, reg.size});
  }
  for (SharedObject& object : program->objects) object.high = object.low + kLocationRoom;
  program->name = litmus.name;
  return program;
}

namespace {

struct Verdict {
  Count positive{Count::Kind::exact, 0};
  Count negative{Count::Kind::exact, 0};
  bool some = false;
  bool all = true;
};

Verdict judge(const Litmus& litmus, const Exploration& exploration) {
  const auto condition = Condition::parse(
      litmus.condition, "condition",
      [&](const std::string& name) -> std::optional<std::size_t> {
        const auto& names = exploration.observables;
        const auto found = std::find(names.begin(), names.end(), name);
        if (found == names.end()) return std::nullopt;
        return static_cast<std::size_t>(found - names.begin());
      },
      exploration.observables);
  Verdict verdict;
  if (!condition) return verdict;
  for (const Outcome& outcome : exploration.outcomes) {
    const bool holds = condition->holds(outcome.values);
    (holds ? verdict.some : verdict.all) = holds;
    Count& count = holds ? verdict.positive : verdict.negative;
    if (outcome.executions.kind != Count::Kind::exact) {
      count.kind = outcome.executions.kind;
    } else {
      count.value += outcome.executions.value;
    }
  }
  return verdict;
}

/// The condition as herd writes it: [x] is what memory holds at x.
std::string with_bracketed_locations(const Litmus& litmus) {
  std::string condition = litmus.condition;
  for (const SharedVariable& location : litmus.locations)
    condition = std::regex_replace(condition, std::regex("(^|[^\\w:\\[])" + location.name + "(?![\\w\\]])"),
                                   "$1[" + location.name + "]");
  return condition;
}

bool is_fulfilled(const Litmus& litmus, const Verdict& verdict) {
  switch (litmus.quantifier) {
    case Litmus::Quantifier::exists:
      return verdict.some;
    case Litmus::Quantifier::not_exists:
      return !verdict.some;
    case Litmus::Quantifier::forall:
      return verdict.all;
  }
  return false;
}

}  // namespace

bool is_unexpected(const Litmus& litmus, const Exploration& exploration) {
  return litmus.quantifier != Litmus::Quantifier::exists && !is_fulfilled(litmus, judge(litmus, exploration));
}

std::string litmus_text(const Litmus& litmus, const Exploration& exploration) {
  const char* kind = litmus.quantifier == Litmus::Quantifier::exists       ? "Allowed"
                     : litmus.quantifier == Litmus::Quantifier::not_exists ? "Forbidden"
                                                                           : "Required";
  const char* quantifier = litmus.quantifier == Litmus::Quantifier::exists       ? "exists"
                           : litmus.quantifier == Litmus::Quantifier::not_exists ? "~exists"
                                                                                 : "forall";
  std::string text = fmt::format("Test {} {}\nStates {}\n", litmus.name, kind, exploration.outcomes.size());
  for (const Outcome& outcome : exploration.outcomes) {
    for (std::size_t i = 0; i < exploration.observables.size(); ++i) {
      const std::string& name = exploration.observables[i];
      const bool is_register = name.find(':') != std::string::npos;
      text += fmt::format("{}{}={};", i == 0 ? "" : " ", is_register ? name : "[" + name + "]", outcome.values[i]);
    }
    text += '\n';
  }
  const Verdict verdict = judge(litmus, exploration);
  const auto shown = [](const Count& count) { return count.text().empty() ? std::string("?") : count.text(); };
  // Witnesses are of what the quantifier wants, the observation is of the proposition behind it.
  const bool wants_none = litmus.quantifier == Litmus::Quantifier::not_exists;
  text +=
      fmt::format("{}\nWitnesses\nPositive: {} Negative: {}\nCondition {} {}\nObservation {} {} {} {}\n",
                  is_fulfilled(litmus, verdict) ? "Ok" : "No", shown(wants_none ? verdict.negative : verdict.positive),
                  shown(wants_none ? verdict.positive : verdict.negative), quantifier, with_bracketed_locations(litmus),
                  litmus.name,
                  !verdict.some ? "Never"
                  : verdict.all ? "Always"
                                : "Sometimes",
                  shown(verdict.positive), shown(verdict.negative));
  return text;
}

}  // namespace fiberscope::core::explore
