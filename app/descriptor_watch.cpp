#include "app/descriptor_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace fiberscope::app {

DescriptorWatch::DescriptorWatch(int descriptor, std::function<void()> on_readable) {
  if (descriptor < 0) return;
  end_ = eventfd(0, EFD_CLOEXEC);
  if (end_ < 0) return;
  thread_ = std::thread([descriptor, end = end_, act = std::move(on_readable)] {
    pollfd watched[] = {{descriptor, POLLIN, 0}, {end, POLLIN, 0}};
    while (poll(watched, 2, -1) < 0 && errno == EINTR) {
    }
    if (watched[0].revents != 0) act();
  });
}

DescriptorWatch::~DescriptorWatch() {
  if (thread_.joinable()) {
    eventfd_write(end_, 1);
    thread_.join();
  }
  if (end_ >= 0) close(end_);
}

}  // namespace fiberscope::app
