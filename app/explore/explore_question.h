#pragma once
#include <string>
#include <vector>

namespace fiberscope::app {

/// What is asked of an exploration, in the words of `fiberscope explore`. An empty word means its default.
struct ExploreQuestion {
  std::string target;  ///< a file; then there are no typed threads, and no initial values
  std::vector<std::string> threads;
  std::string initial;     ///< "x=0,y=1"
  std::string assertions;  ///< joined by ';'
  std::string lowering;
  std::string scheduler;
  std::string cpus;
  std::string memory;

  friend bool operator==(const ExploreQuestion&, const ExploreQuestion&) = default;
};

inline constexpr std::size_t kFewestThreads = 2;
inline constexpr std::size_t kMostThreads = 8;

/// Two threads of `x=x+1; y=y+x`, with every default said.
ExploreQuestion typical_question();

/// The command line behind the program's name: explore --thread … .
std::vector<std::string> explore_arguments(const ExploreQuestion& question);

}  // namespace fiberscope::app
