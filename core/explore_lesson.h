#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/explore/explore_question.h"

namespace fiberscope::core {

class TomlTable;

/// What the exploration of a lesson finds.
struct ExpectedVerdict {
  std::uint64_t outcomes = 0;         ///< how many different ones
  std::vector<std::string> violated;  ///< assertions that some outcome breaks; the others hold in all outcomes
  std::uint64_t deadlocks = 0;
  std::uint64_t livelocks = 0;
  std::vector<std::string> races;  ///< the variables that race, sorted
  std::string observation;         ///< of a litmus test: "Never", "Sometimes" or "Always"; else empty
  std::string schedules;           ///< decimal, or "infinite"; empty: not said
  std::string executions;          ///< likewise
};

/// A lesson about all interleavings of a program: the question, whose target is a file's name alone where it has one,
/// and the verdict.
struct ExploreLesson {
  explore::ExploreQuestion question;
  ExpectedVerdict expected;
};

/// Reads [explore] and [expected] of a scenario file (core/scenario.h); what is wrong is reported to the table.
ExploreLesson read_lesson(TomlTable& file);

}  // namespace fiberscope::core
