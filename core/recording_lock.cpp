#include "core/recording_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace fiberscope::core {
namespace {

// SQLite locks bytes 0x40000000 … 0x400001ff (its os.h, PENDING_BYTE).
constexpr off_t kLockByte = 0x7f000000;

struct flock lock_of(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = kLockByte;
  lock.l_len = 1;
  return lock;
}

}  // namespace

RecordingLock::RecordingLock(const std::string& path, bool writable)
    : file_(::open(path.c_str(), (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC)) {}

RecordingLock::~RecordingLock() {
  if (file_ >= 0) ::close(file_);
}

bool RecordingLock::take() {
  struct flock lock = lock_of(F_WRLCK);
  return ::fcntl(file_, F_OFD_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES);
}

bool RecordingLock::is_held() const {
  struct flock lock = lock_of(F_RDLCK);
  return ::fcntl(file_, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

}  // namespace fiberscope::core
