#pragma once
#include <functional>
#include <thread>

namespace fiberscope::app {

/// Calls a function, once and on a thread of its own, when a descriptor can be read.
class DescriptorWatch {
 public:
  /// A negative descriptor: never.
  DescriptorWatch(int descriptor, std::function<void()> on_readable);
  ~DescriptorWatch();
  DescriptorWatch(const DescriptorWatch&) = delete;
  DescriptorWatch& operator=(const DescriptorWatch&) = delete;

 private:
  int end_ = -1;  ///< an eventfd that ends the thread
  std::thread thread_;
};

}  // namespace fiberscope::app
