#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/scenario.h"
#include "core/snapshot_builder.h"
#include "core/source_lines.h"
#include "core/step_search.h"
#include "core/trace.h"
#include "emu/disassembler.h"

namespace fiberscope::core {

/// Finds steps by a text, in any case of letters:
///   - where a symbol begins whose name holds it: a function is entered, a label passed;
///   - an instruction that holds it, in Intel or AT&T syntax, with the name of what it calls ("call schedule"), its
///     place or that of its jump ("schedule+12"), or its very address ("0x401450");
///   - the first instruction of a source line, coming from another line, whose text or place ("thread.c:41") holds it;
///   - what the scenario says about the step, its values filled in.
/// All but the last is known of an instruction before a step is looked at: some 10 ns a step, without its state.
class StepFinder {
 public:
  /// `builder` gives the captions of those steps whose scenario text has values to fill in. `scenario` may be null.
  StepFinder(const Trace& trace, SnapshotBuilder& builder, const Scenario* scenario, std::string language = "en");

  /// Looks at the steps first … last, in order, as long as `go_on` says so: it is asked after each small portion
  /// (some 0.1 ms, or one snapshot). At least one portion is looked at. Throws CorruptData.
  StepSearch search(std::string_view needle, StepIndex first, StepIndex last, const std::function<bool()>& go_on);

 private:
  /// What is known of an instruction, whatever is searched; in lower case.
  struct Texts {
    std::vector<std::string> always;  ///< one a way to write it
    std::vector<std::string> places;  ///< "schedule+12": its own, and that of its jump
    std::string address;              ///< "0x401450"
    std::uint32_t line = 0;           ///< equal for instructions of the same line; 0: no line is known
    std::string line_place;           ///< "asm/runtime/thread.c:41"
    std::string line_text;
    std::string caption;              ///< without its placeholders; empty where it is not always the same one
    bool caption_has_values = false;  ///< what it says depends on the step
  };
  enum class Match : std::uint8_t { unknown, never, always, on_line, in_caption, on_line_or_in_caption };

  const Texts& texts_of(std::uint32_t instruction);
  [[nodiscard]] Texts make_texts(const StepTemplate& step);
  void add_names(Texts& texts, emu::Address address) const;
  void add_line(Texts& texts, emu::Address address);
  Match match_of(std::uint32_t instruction);
  bool enters_line(std::uint32_t instruction, std::optional<std::uint32_t> previous);
  bool caption_holds(StepIndex step);

  const Trace& trace_;
  SnapshotBuilder& builder_;
  const Scenario* scenario_;
  std::string language_;
  SourceLines sources_;
  emu::Disassembler disassembler_;
  std::unordered_map<std::uint32_t, Texts> texts_;
  std::map<std::string, std::uint32_t> lines_;  ///< by place
  std::string needle_;                          ///< in lower case
  std::vector<Match> matches_;                  ///< of that needle, by template
};

}  // namespace fiberscope::core
