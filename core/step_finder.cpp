#include "core/step_finder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fiberscope::core {
namespace {

using emu::Address;

/// So many instructions are read for the first time before the searcher's patience is asked about.
constexpr std::size_t kFreshPortion = 16;

std::string folded(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

bool holds(const std::string& text, const std::string& needle) {
  return text.find(needle) != std::string::npos;
}

}  // namespace

StepFinder::StepFinder(const Trace& trace, SnapshotBuilder& builder, const Scenario* scenario, std::string language)
    : trace_(trace), builder_(builder), scenario_(scenario), language_(std::move(language)), sources_(trace) {}

void StepFinder::add_names(Texts& texts, Address address) const {
  const std::vector<emu::Symbol>& symbols = trace_.image().symbols();
  auto symbol = std::lower_bound(symbols.begin(), symbols.end(), address,
                                 [](const emu::Symbol& s, Address at) { return s.address < at; });
  for (; symbol != symbols.end() && symbol->address == address; ++symbol) texts.always.push_back(folded(symbol->name));
}

void StepFinder::add_line(Texts& texts, Address address) {
  const auto line = trace_.debug().line_at(address);
  if (!line) return;
  texts.line_place = folded(fmt::format("{}:{}", line->file, line->line));
  texts.line_text = folded(sources_.at(line->file, line->line));
  texts.line = lines_.try_emplace(texts.line_place, static_cast<std::uint32_t>(lines_.size() + 1)).first->second;
}

StepFinder::Texts StepFinder::make_texts(const StepTemplate& step) {
  Texts texts;
  const Address address{step.address};
  add_names(texts, address);
  add_line(texts, address);
  texts.address = fmt::format("0x{:x}", step.address);
  texts.places.push_back(folded(emu::symbolized(trace_.image(), address)));
  const auto instruction = disassembler_.decode(address, {step.bytes.data(), step.size});
  if (!instruction) {
    texts.always.emplace_back("(bad)");
    return texts;
  }
  const std::string att = instruction_text(instruction->att_mnemonic, instruction->att_operands);
  texts.always.push_back(folded(instruction_text(instruction->intel_mnemonic, instruction->intel_operands)));
  texts.always.push_back(folded(att));
  if (instruction->target) {
    const std::string target = emu::symbolized(trace_.image(), *instruction->target);
    // The function's own name in each of its jumps is no find.
    auto& texts_with_target = holds(target, "+") ? texts.places : texts.always;
    texts_with_target.push_back(folded(instruction_text(instruction->intel_mnemonic, target)));
  }
  const auto symbol = trace_.image().symbol_at(address);
  if (scenario_ == nullptr || !symbol) return texts;
  if (scenario_->caption_varies(symbol->name, att)) {
    texts.caption_has_values = true;
  } else if (const CaptionText* caption = scenario_->caption_for(symbol->name, att)) {
    const std::string& text = caption->text.in(language_);
    // A line break can be typed nowhere: no match goes across a value that is not known yet.
    texts.caption = folded(fill_placeholders(text, [&](std::string_view) {
      texts.caption_has_values = true;
      return std::string("\n");
    }));
  }
  return texts;
}

const StepFinder::Texts& StepFinder::texts_of(std::uint32_t instruction) {
  const auto known = texts_.find(instruction);
  if (known != texts_.end()) return known->second;
  return texts_.emplace(instruction, make_texts(trace_.templates()[instruction])).first->second;
}

StepFinder::Match StepFinder::match_of(std::uint32_t instruction) {
  const Texts& texts = texts_of(instruction);
  const auto holds_needle = [&](const std::string& text) { return holds(text, needle_); };
  const bool place = holds(needle_, "+") && std::any_of(texts.places.begin(), texts.places.end(), holds_needle);
  const bool address = needle_ == texts.address || "0x" + needle_ == texts.address;
  if (place || address || holds_needle(texts.caption) ||
      std::any_of(texts.always.begin(), texts.always.end(), holds_needle))
    return Match::always;
  const bool line = holds_needle(texts.line_text) || (holds(needle_, ":") && holds_needle(texts.line_place));
  if (texts.caption_has_values) return line ? Match::on_line_or_in_caption : Match::in_caption;
  return line ? Match::on_line : Match::never;
}

bool StepFinder::enters_line(std::uint32_t instruction, std::optional<std::uint32_t> previous) {
  return !previous || texts_of(*previous).line != texts_of(instruction).line;
}

bool StepFinder::caption_holds(StepIndex step) {
  return holds(folded(builder_.build(step).caption.sentence), needle_);
}

StepSearch StepFinder::search(std::string_view needle, StepIndex first, StepIndex last,
                              const std::function<bool()>& go_on) {
  const std::size_t templates = trace_.templates().size();
  if (std::string lower = folded(needle); lower != needle_) {
    needle_ = std::move(lower);
    matches_.clear();
  }
  matches_.resize(templates, Match::unknown);
  first = std::max(first, StepIndex{1});
  last = std::min(last, trace_.steps());
  std::optional<std::uint32_t> previous;
  if (first.value > 1 && first <= last) {
    const Chunk& chunk = trace_.chunk_of(first - 1);
    previous = instructions_of(chunk, templates)[(first - 1).value - chunk.first.value - 1];
  }
  std::size_t fresh = 0;
  for (StepIndex at = first; at <= last;) {
    const Chunk& chunk = trace_.chunk_of(at);
    const std::vector<std::uint32_t> instructions = instructions_of(chunk, templates);
    for (const StepIndex end = std::min(last, chunk.last()); at <= end; at = at + 1) {
      const std::uint32_t instruction = instructions[at.value - chunk.first.value - 1];
      Match& match = matches_[instruction];
      bool pause = false;
      if (match == Match::unknown) {
        match = match_of(instruction);
        pause = ++fresh % kFreshPortion == 0;
      }
      bool found = match == Match::always;
      if (match == Match::on_line || match == Match::on_line_or_in_caption) found = enters_line(instruction, previous);
      if (!found && (match == Match::in_caption || match == Match::on_line_or_in_caption)) {
        found = caption_holds(at);
        pause = true;
      }
      if (found) return {at, at + 1};
      previous = instruction;
      if (pause && !go_on()) return {std::nullopt, at + 1};
    }
    if (at <= last && !go_on()) return {std::nullopt, at};
  }
  return {std::nullopt, std::max(first, last + 1)};
}

}  // namespace fiberscope::core
