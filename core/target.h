#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/scenario.h"
#include "core/thread.h"
#include "emu/image.h"
#include "emu/machine.h"
#include "emu/result.h"

namespace fiberscope::core {

/// Something that can be run: a scenario of the program, a scenario file, a bare ELF image, or a static program for
/// Linux.
struct RunTarget {
  std::string name;
  std::optional<Scenario> scenario;
  emu::Image image;
  std::uint64_t max_steps = 0;
  emu::MachineOptions machine;  ///< how to boot it
  std::string scenario_text;    ///< of a scenario file; empty for those of the program

  /// What a trace of it says about itself.
  [[nodiscard]] std::map<std::string, std::string> meta() const;
};

/// What people choose instead of what a target says about its processors.
struct ProcessorChoice {
  std::optional<unsigned> processors;
  std::optional<std::uint64_t> seed;  ///< of the order of their turns
};
/// Fails where that means nothing: a Linux program, a seed for one processor.
emu::Result<void> choose(const ProcessorChoice& choice, RunTarget& target);

/// Makes the machine follow a schedule. Where the image says what a body step is, it does so by itself; elsewhere this
/// returns the answers that the scheduler port is to get (core/pick_schedule.h). Fails with a message that names the
/// item.
emu::Result<std::vector<ThreadId>> take_schedule(RunTarget& target, const std::string& schedule);

/// True for a path that names a recorded trace.
bool is_trace_path(const std::string& target);
/// Fails with a message for people: no such scenario (with near names), no such file, not an image we can run.
emu::Result<RunTarget> resolve_target(const std::string& target);
/// Reads a scenario file, with its text as it stands there.
struct ScenarioFile {
  Scenario scenario;
  std::string text;
};
emu::Result<ScenarioFile> load_scenario_file(const std::string& path);
/// The scenario that a trace comes from: it carries the text of a scenario file, and names those that the program has.
std::optional<Scenario> scenario_of(const std::map<std::string, std::string>& meta);

}  // namespace fiberscope::core
