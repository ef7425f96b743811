// Boost.Context: an exception is thrown and caught on a fiber's own stack, another one ends the fiber.
#include <boost/context/fiber.hpp>
#include <cstdio>
#include <stdexcept>
#include <utility>

namespace context = boost::context;

int main() {
  int value = 0;
  context::fiber fiber{[&value](context::fiber&& caller) {
    for (int i = 1; i <= 3; ++i) {
      try {
        value = i;
        if (i == 2) throw std::runtime_error("two");
      } catch (const std::exception& error) {
        std::printf("caught %s\n", error.what());
      }
      caller = std::move(caller).resume();
    }
    return std::move(caller);
  }};
  while (fiber) {
    fiber = std::move(fiber).resume();
    std::printf("value %d, the fiber lives: %d\n", value, static_cast<bool>(fiber));
  }
  return 0;
}
