#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/explore/executed_step.h"

namespace fiberscope::core::explore {

/// One execution as a partial order: what each thread did, and what of it had to come before what. All numbers are
/// places in `steps`.
struct ExecutionPicture {
  /// Two accesses in conflict of different threads, in the order in which they ran. Only what does not follow from
  /// program order and other arrows (transitive reduction).
  struct Arrow {
    std::size_t from = 0;
    std::size_t to = 0;
    std::string variable;
    friend bool operator==(const Arrow&, const Arrow&) = default;
  };
  /// Where a load's value came from; nothing: it was there from the start.
  struct ReadsFrom {
    std::size_t read = 0;
    std::optional<std::size_t> write;
    std::string variable;
    friend bool operator==(const ReadsFrom&, const ReadsFrom&) = default;
  };
  /// A store that overwrote what another thread wrote between the storing thread's last load of that variable and the
  /// store (P4 of Berenson and others, "A Critique of ANSI SQL Isolation Levels", 1995). A store of a number that
  /// stands in its instruction is none: no update was computed.
  struct LostUpdate {
    std::size_t load = 0;
    std::size_t lost = 0;  ///< the last such store of another thread
    std::size_t store = 0;
    std::string variable;
    friend bool operator==(const LostUpdate&, const LostUpdate&) = default;
  };

  std::uint32_t outcome = 0;  ///< its id; 0 where it leads to none
  std::string schedule;       ///< "T1x2 T2x4"
  std::size_t threads = 0;
  std::vector<ExecutedStep> steps;  ///< in the order in which they ran
  std::vector<Arrow> arrows;
  std::vector<ReadsFrom> reads_from;
  std::vector<LostUpdate> lost_updates;

  friend bool operator==(const ExecutionPicture&, const ExecutionPicture&) = default;
};

/// The lost updates of steps that ran in this order, in the order of their stores.
std::vector<ExecutionPicture::LostUpdate> find_lost_updates(const std::vector<ExecutedStep>& steps);

/// Fills in arrows, reads-from and lost updates of steps that ran in this order. A store buffer's drains stand in their
/// thread's column, in the order in which they took place. Time grows with the square of the steps.
ExecutionPicture picture_execution(std::vector<ExecutedStep> steps, std::size_t threads);

}  // namespace fiberscope::core::explore
