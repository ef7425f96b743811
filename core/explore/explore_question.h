#pragma once
#include <string>
#include <vector>

namespace fiberscope::core::explore {

/// Which program is explored, and how, in the words of `fiberscope explore`. Empty words mean the default.
struct ExploreQuestion {
  std::string target;  ///< a .c, .S or .litmus file, or example:NAME (core/explore/example.h); empty: typed threads
  std::vector<std::string> threads;     ///< typed statements, one text a thread
  std::string initial;                  ///< "x=0,y=1"
  std::string lowering;                 ///< statement, textbook (default), O0, O2; for .c O0 (default) or O2
  std::string scheduler;                ///< any (default), rr, rr=Q
  std::string cpus;                     ///< one, many; default: many for .litmus and tso, else one
  std::string memory;                   ///< sc, tso; default: tso for .litmus, else sc
  std::vector<std::string> assertions;  ///< conditions on the final values; a text may hold several, joined by ';'
  std::vector<std::string> sync;        ///< variables that are accessed for synchronisation

  friend bool operator==(const ExploreQuestion&, const ExploreQuestion&) = default;
};

/// The question with what was said besides in its place: each word, or list, that is not empty.
ExploreQuestion with_words(ExploreQuestion question, const ExploreQuestion& said);

/// Its assertions one by one.
std::vector<std::string> conditions_of(const ExploreQuestion& question);

}  // namespace fiberscope::core::explore
