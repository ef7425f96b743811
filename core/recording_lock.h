#pragma once
#include <string>

namespace fiberscope::core {

/// Tells the living recorder of a trace file from one that is gone: it holds an advisory lock (fcntl F_OFD_SETLK) on
/// one byte of the file, beyond those that SQLite locks, and the kernel takes it back with the last descriptor.
///
/// Closing any descriptor of a file gives up the POSIX locks that SQLite holds on it in the same process: an object of
/// this class must outlive the connection beside it.
class RecordingLock {
 public:
  /// Opens the file; locks nothing yet.
  RecordingLock(const std::string& path, bool writable);
  ~RecordingLock();
  RecordingLock(const RecordingLock&) = delete;
  RecordingLock& operator=(const RecordingLock&) = delete;

  /// False where another holds it. A file system without such locks counts as taken.
  bool take();
  /// Whether another holds it; true also where that cannot be told.
  [[nodiscard]] bool is_held() const;
  /// For fsync, without a further descriptor.
  [[nodiscard]] int descriptor() const { return file_; }

 private:
  int file_;
};

}  // namespace fiberscope::core
