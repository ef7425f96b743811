#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace fiberscope::core {

/// The pictures that may stand in the place of code and stacks. All of them are drawn from the trace at the cursor.
enum class Figure : std::uint8_t {
  none,          ///< code and stacks
  thread,        ///< what a thread is: id, registers, call stack
  states,        ///< the five states of a control block, and who moved whom
  process,       ///< a process with one thread, and this one with all of its threads
  virtualizers,  ///< memory, CPU and I/O as each thread believes to have them
  processors,    ///< each thread's own virtual processor beside the real one
  contexts,      ///< the structures and frames that a switch saves into
  variables,     ///< the global variables that the scenario watches
  spaces,        ///< address spaces: page tables, frames, what is copied on a first write
  shared,        ///< what tasks share: memory, descriptors, filesystem context, signal handlers
  costs,         ///< what the switches cost, beside another run where the scenario names one
  questions      ///< the scenario's questions and answers
};
inline constexpr std::size_t kFigures = 12;

/// "none", "thread", …: the words of scenario files and of the command line.
std::string_view to_string(Figure figure);
std::optional<Figure> figure_by_name(std::string_view name);
/// The names, in the order of the enumeration.
std::span<const std::string_view> figure_names();

}  // namespace fiberscope::core
