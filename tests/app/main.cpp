// The tests' own main: the costs of a second run, and orders that are chosen, are recorded by a worker, which is this
// program again.
#include <gtest/gtest.h>

#include "core/worker.h"

int main(int argc, char** argv) {
  if (const auto code = fiberscope::core::run_as_worker(argc, argv)) return *code;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
