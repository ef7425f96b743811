#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/explore_lesson.h"
#include "core/figure.h"
#include "emu/result.h"
#include "emu/stop.h"

// A scenario is a lesson that runs: which image, what to watch, what to say at each moment. It is one TOML file:
//
//   name = "switch-to-context"       file name without .toml: lower-case letters, digits, '-'
//   note = "000"                     seed note it comes from, three digits; may be absent
//   profile = "bare"                 or "linux"
//   image = "switch_to_context.elf"  builtin file images/NAME
//   native = true                    the same object files also run as a process of the host (default false)
//   threads = ["main", "producer"]   names by id, at least one
//   max_steps = 100000               the run is stopped there
//   processors = 2                   of a bare machine, 1 … 8 (default 1)
//   seed = 0                         of the order of their turns (emu/interleaving.h; default 0: one step each in turn)
//   memory = "tso"                   each of several processors has a store buffer (emu/store_buffer.h), and a schedule
//                                    says when it gives its stores to memory (default "sc": at once)
//   opening = "virtualizers"         the figure (core/figure.h) that the window opens with; may be absent
//   compare = "kernel-ping-pong"     the scenario whose costs stand beside this one's; may be absent
//   [title]      [summary]           texts; the summary, which is shown before the first step, may be absent
//   [expected]   stdout = "…"                     what a right run prints
//                ends = "exit"                    how it ends, in the words of `run --json` (default "exit"; a scenario
//                                                 that shows what goes wrong may end with "fault" or "deadlock")
//                exit_code = 0                    for "exit"
//                fault = "#GP", at = "function"   for "fault": the exception (a signal's name in the Linux profile) and
//                                                 the function it happens in
//   [watch]      functions, registers, symbols    arrays of names to show first; may be absent
//                contexts                         what the figure "contexts" draws (core/context_object.h); may be
//                absent
//                updates                          global variables of which it is told where an update is lost
//                                                 (core/lost_update.h); may be absent
//   [run]        quantum = 500                    Linux: steps until another task's turn comes; 0: only where one waits
//                arguments = ["3", "fast"]        Linux: behind the program's name; may be absent as all of [run]
//                schedule = "T1x2 T2x4"           bare: the order of the threads (docs/machine.md)
//   [[caption]]  function, instruction, text      what to say about an instruction that just ran
//                when = "first-run"               only at some of its steps; may be absent
//   [[question]] function, instruction, [question.ask], [question.answer]   place optional: where it comes up
//
// A lesson about all interleavings of a program has name, note, title, summary and questions (without places), and
//
//   [explore]    program = "peterson.c"           beside this file, else one of asm/interleavings; or
//                threads = ["x=x+1", "x=x+1"]     typed statements
//                initial, lowering, scheduler, cpus, memory    as the options of `fiberscope explore`; may be absent
//                asserts, sync                    arrays, likewise
//   [expected]   outcomes = 4                     how many different ones
//                violated = ["count==2"]          those of the asserts that some outcome breaks (default none)
//                deadlocks = 1, livelocks = 1     how many (default 0)
//                races = ["x"]                    the variables that race (default none)
//                observation = "Never"            of a litmus test: that, "Sometimes" or "Always"
//                schedules, executions            exact counts as texts of digits, or "infinite"; may be absent
//
// A replay of an explored program (core/explore/replay.h) says what its schedule is one of, and is shown with it:
//
//   [explored]   lowering, scheduler, cpus, memory     as `fiberscope explore` says them
//
// A text is given once a language: `en` must be there, `es`, `fr` and `zh` may. In a caption the languages stand beside
// `function`, elsewhere in a table of their own.
//
// A caption belongs to a function and to an instruction of it, in AT&T syntax as in the seed note ("pushq %rbp"), not
// to an address: it survives every rebuild. A # stands for any number, as a library's frames differ from one version
// to the next ("movq %r12, #(%rsp)"). Without `instruction` it holds for all instructions of the function that
// have none of their own. With `when` it holds only at some steps of that place, and goes before the caption that the
// place has without one, which must be there too:
//
//   first-run     {to} is in its first run: it has never left the CPU, or has not yet had it
//   interrupted   an interrupt or a signal came to {thread}, and what it left there still lies on its stack
//   back          {thread} left the CPU inside this call of the function and has it again
//
// Where several hold, the first of them does. Without a caption for `back`, one for the whole of a function that leads
// away from the thread (leads_away in core/switch_reason.h) gives way to a sentence that says so. The text may contain
// these placeholders, filled with values of the cursor right after the step:
//
//   {rsp} {rbp}   the registers' values
//   {register}    name of the register that the instruction saved, loaded or stored
//   {value}       the value that it moved
//   {cell}        address of the memory that it read or wrote
//   {owner}       whose value that is: "producer's made" where a local lives in the register, else "unnamed"
//   {thread}      the thread whose step it was: the owner of rsp before it
//   {from} {to}   the thread that leaves and the one that goes on: during a switch before rsp is loaded the owners of
//   rsp
//                 and of the stack that is to be loaded, after it those of the switch that just happened
//   {function}    function of the instruction
//   {caller}      function that called it, on the stack of {thread}
//   {return}      symbol of the return address that was popped
//
// Addresses and values are hexadecimal without leading zeros, as in the stacks of the window.
namespace fiberscope::core {

enum class Profile : std::uint8_t { bare, linux_user };
std::string_view to_string(Profile profile);

/// A text by language code. English is always there.
struct Text {
  std::map<std::string, std::string, std::less<>> by_language;

  /// In that language, else in English.
  [[nodiscard]] const std::string& in(std::string_view language) const;
};

/// A place in the code. An empty instruction stands for the whole function.
struct CodePlace {
  std::string function;
  std::string instruction;  ///< AT&T, one blank after the mnemonic and after each comma; # is any number

  /// Whether it names this instruction of its function (as above).
  [[nodiscard]] bool names(std::string_view text) const;
};

/// At which of its place's steps a caption holds (see `when` above).
enum class CaptionWhen : std::uint8_t { always, first_run, interrupted, back };

/// What is so at one step.
struct CaptionMoment {
  bool first_run = false;
  bool interrupted = false;
  bool back = false;

  [[nodiscard]] bool is(CaptionWhen when) const;
};

struct CaptionText {
  CodePlace place;
  CaptionWhen when = CaptionWhen::always;
  Text text;

  /// Whether it speaks of a whole function that leads away, and of the way there alone (see `back` above).
  [[nodiscard]] bool is_about_leaving() const;
};

struct Question {
  std::optional<CodePlace> place;
  Text ask;
  Text answer;
};

struct ExpectedRun {
  emu::Stop::Reason ends = emu::Stop::Reason::exited;
  int exit_code = 0;     ///< exited
  std::string fault;     ///< fault: "#GP" or "SIGSEGV", the first word of the exception …
  std::string fault_at;  ///< … and the function of the instruction at fault
  std::string output;    ///< all that the console prints
};

struct Watch {
  std::vector<std::string> functions;
  std::vector<std::string> registers;
  std::vector<std::string> symbols;
  std::vector<std::string> contexts;
  std::vector<std::string> updates;
};

/// What a replayed schedule is one of, in the words of `fiberscope explore`.
struct ExploredAs {
  std::string lowering;
  std::string scheduler;
  std::string cpus;
  std::string memory;
};

/// How it is run, where that is not as always.
struct RunSettings {
  std::optional<std::uint64_t> quantum;
  std::vector<std::string> arguments;
  std::string schedule;  ///< may be empty
};

struct Scenario {
  std::string name;
  std::optional<std::string> note;
  Profile profile = Profile::bare;
  std::string image;
  bool native = false;
  std::vector<std::string> threads;
  std::uint64_t max_steps = 0;
  unsigned processors = 1;
  std::uint64_t seed = 0;      ///< of the order of their turns
  bool store_buffers = false;  ///< memory = "tso"
  Figure opening = Figure::none;
  std::optional<std::string> compare;
  Text title;
  std::optional<Text> summary;
  RunSettings run;
  ExpectedRun expected;
  Watch watch;
  std::vector<CaptionText> captions;
  std::vector<Question> questions;
  std::optional<ExploredAs> explored;   ///< of a replay
  std::optional<ExploreLesson> lesson;  ///< then nothing runs: no image, no threads, no captions

  /// What to say about this instruction at such a moment: its own caption, else the function's, else nullptr.
  /// `instruction` is AT&T text; blanks do not matter.
  [[nodiscard]] const CaptionText* caption_for(std::string_view function, std::string_view instruction,
                                               CaptionMoment moment = {}) const;
  /// Whether what is said about it depends on the moment.
  [[nodiscard]] bool caption_varies(std::string_view function, std::string_view instruction) const;
};

/// Reads a scenario. The message of a failure says file:line:column, what was expected and what to do: bad TOML, a key
/// that is unknown (with near names) or missing, a wrong type or value, an unknown placeholder, a place with two
/// captions, or with one for some steps only.
emu::Result<Scenario> parse_scenario(std::string_view toml, std::string_view filename);

/// The names of the scenarios that are part of the program, sorted.
std::vector<std::string> scenario_names();

/// A scenario that is part of the program. The message for an unknown name offers near ones.
emu::Result<Scenario> find_scenario(std::string_view name);

/// The names that may stand in braces in a caption.
const std::vector<std::string>& caption_placeholders();

/// Replaces each {name} by value("name"). Text in braces that is no placeholder stays as it is.
std::string fill_placeholders(std::string_view text, const std::function<std::string(std::string_view)>& value);

}  // namespace fiberscope::core
