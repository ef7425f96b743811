#include "core/explore/explore_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <utility>

#include "core/explore/compiled_program.h"
#include "core/explore/example.h"
#include "core/explore/schedule.h"
#include "core/explore/typed_program.h"
#include "core/near_names.h"

namespace fiberscope::core::explore {
namespace {

using emu::Error;
using emu::Result;

constexpr std::uint32_t kLargestQuantum = 1'000'000;

std::string ending(const std::string& path) {
  return std::filesystem::path(path).extension().string();
}

Result<SchedulerClass> parse_scheduler(const std::string& word) {
  if (word.empty() || word == "any") return SchedulerClass{};
  if (word == "rr") return SchedulerClass{SchedulerClass::Kind::round_robin, 0};
  if (word.rfind("rr=", 0) == 0) {
    std::uint32_t quantum = 0;
    const char* end = word.data() + word.size();
    const auto read = std::from_chars(word.data() + 3, end, quantum);
    if (read.ec == std::errc{} && read.ptr == end && quantum >= 1 && quantum <= kLargestQuantum)
      return SchedulerClass{SchedulerClass::Kind::round_robin_exact, quantum};
  }
  return Error{fmt::format("scheduler '{}': expected any, rr, or rr=Q with Q body steps a turn (1 to {})", word,
                           kLargestQuantum)};
}

Result<ThreadProgram> typed_program(const ExploreRequest& request) {
  const std::string lowering = request.lowering.empty() ? "textbook" : request.lowering;
  const auto typed = parse_threads(request.threads, request.initial);
  if (!typed) return typed.error();
  if (lowering == "textbook" || lowering == "statement") return encode_threads(*typed, lowering == "statement");
  if (lowering == "O0" || lowering == "O2") return compile_threads(*typed, lowering);
  return Error{fmt::format("lowering '{}': expected statement, textbook, O0 or O2", lowering)};
}

Result<ThreadProgram> file_program(const ExploreRequest& request, PreparedExploration& prepared) {
  const std::string kind = ending(request.target);
  if (!request.initial.empty())
    return Error{
        fmt::format("{}: --init is for typed threads; a file says itself what its variables hold", request.target)};
  if (kind == ".litmus") {
    if (!request.lowering.empty()) return Error{fmt::format("{}: a litmus test has no lowering", request.target)};
    const auto source = program_source(request.target);
    if (!source) return Error{fmt::format("{}; give a .litmus file of the X86_64 kind", source.error().message)};
    const std::string& file = source->is_example ? source->name : request.target;
    auto litmus = parse_litmus(source->text, file);
    if (!litmus) return litmus.error();
    prepared.litmus = std::move(litmus).value();
    return assemble_litmus(*prepared.litmus, file);
  }
  if (kind == ".S" || kind == ".s") {
    if (!request.lowering.empty()) return Error{fmt::format("{}: assembly has no lowering", request.target)};
    return build_source(request.target, "assembly");
  }
  if (kind == ".c") {
    const std::string lowering = request.lowering.empty() ? "O0" : request.lowering;
    if (lowering != "O0" && lowering != "O2")
      return Error{fmt::format("{}: lowering '{}': a C file is compiled, so O0 or O2", request.target, lowering)};
    return build_source(request.target, lowering);
  }
  return Error{
      fmt::format("'{}' is nothing that can be explored: give a .c, .S or .litmus file, a scenario that asks for it "
                  "(`fiberscope list`), or threads as --thread \"x=x+1; y=y+x\" --thread \"…\"",
                  request.target)};
}

Result<void> set_machine(const ExploreRequest& request, PreparedExploration& prepared) {
  const bool litmus = prepared.litmus.has_value();
  prepared.memory = !request.memory.empty() ? request.memory : litmus && request.cpus != "one" ? "tso" : "sc";
  if (prepared.memory != "sc" && prepared.memory != "tso")
    return Error{fmt::format("memory '{}': expected sc or tso", prepared.memory)};
  const bool tso = prepared.memory == "tso";
  prepared.cpus = !request.cpus.empty() ? request.cpus : litmus || tso ? "many" : "one";
  if (prepared.cpus != "one" && prepared.cpus != "many")
    return Error{fmt::format("cpus '{}': expected one or many", prepared.cpus)};
  const bool many = prepared.cpus == "many";
  if (tso && !many)
    return Error{
        "--memory tso needs --cpus many: a store buffer belongs to a processor, and one processor always sees "
        "its own stores"};
  if (many && prepared.options.scheduler.kind != SchedulerClass::Kind::any)
    return Error{fmt::format("--scheduler {} shares one processor among the threads: use --cpus one --memory sc",
                             prepared.scheduler)};
  if (many && !prepared.program.statement_starts.empty())
    return Error{
        "--lowering statement makes a statement one step, which only one processor can do: use --cpus one, or "
        "--lowering textbook"};
  prepared.options.model.many_cpus = many;
  prepared.options.model.tso = tso;
  return {};
}

}  // namespace

emu::Result<PreparedExploration> prepare(const ExploreRequest& request) {
  if (request.target.empty() == request.threads.empty())
    return Error{request.target.empty()
                     ? "nothing to explore: give threads as --thread \"x=x+1; y=y+x\" --thread \"…\", a .c, .S or "
                       ".litmus file, or a scenario that asks for it (`fiberscope list`)"
                     : "give either a file, a scenario or --thread, not two of them"};
  PreparedExploration prepared;
  prepared.scheduler = request.scheduler.empty() ? "any" : request.scheduler;
  const auto scheduler = parse_scheduler(request.scheduler);
  if (!scheduler) return scheduler.error();
  prepared.options.scheduler = *scheduler;
  auto program = request.threads.empty() ? file_program(request, prepared) : typed_program(request);
  if (!program) return program.error();
  prepared.program = std::move(program).value();
  prepared.lowering = prepared.program.lowering;
  if (const auto set = set_machine(request, prepared); !set) return set.error();
  std::vector<std::string> names;
  for (const SharedVariable& variable : prepared.program.variables) names.push_back(variable.name);
  for (const std::string& name : request.sync) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      return Error{fmt::format("--sync {}: no such shared variable{}", name, did_you_mean(name, names))};
    prepared.program.sync.insert(name);
  }
  prepared.options.assertions = conditions_of(request);
  prepared.options.limits = request.limits;
  prepared.options.pictures = request.pictures;
  if (!request.path.empty()) {
    auto actions = parse_schedule(request.path, prepared.program.threads.size());
    if (!actions) return actions.error();
    prepared.options.path = std::move(actions).value();
  }
  return prepared;
}

}  // namespace fiberscope::core::explore
