// The tests' own main: the costs of a second run are recorded by a worker, which is this program again.
#include <gtest/gtest.h>

#include <string>

#include "core/worker.h"

int main(int argc, char** argv) {
  if (argc == 9 && std::string(argv[1]) == "__worker") {
    fiberscope::core::RecordRequest request;
    request.target = argv[2];
    request.trace_path = argv[4];
    request.max_steps = std::stoull(argv[6]);
    return fiberscope::core::run_worker(request, std::stoi(argv[8]));
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
