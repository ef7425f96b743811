#pragma once
#include <string>
#include <vector>

#include "core/explore/explore_question.h"

namespace fiberscope::app {

using core::explore::ExploreQuestion;

/// Two threads of `x=x+1; y=y+x`, with every default said.
ExploreQuestion typical_question();

/// The question with every word said that its choosers show; of a file some are only known with the answer.
ExploreQuestion with_defaults(ExploreQuestion question);

/// The command line behind the program's name: explore --thread … .
std::vector<std::string> explore_arguments(const ExploreQuestion& question);

}  // namespace fiberscope::app
