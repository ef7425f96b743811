#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>

namespace fiberscope::emu {

/// A pipe: bytes on their way.
struct LinuxPipe {
  static constexpr std::size_t kCapacity = 65'536;  // pipe(7)
  static constexpr std::size_t kAtomic = 4096;      // PIPE_BUF
  std::deque<std::uint8_t> bytes;
  unsigned readers = 0;  ///< open files, not descriptors
  unsigned writers = 0;
};

/// An open file: what descriptors, in one process or several, stand for.
class LinuxOpenFile {
 public:
  enum class Kind : std::uint8_t { input, output, pipe_read, pipe_write };

  /// The console's.
  LinuxOpenFile(Kind kind, std::uint32_t number) : kind_(kind), number_(number) {}
  LinuxOpenFile(Kind kind, std::uint32_t number, std::shared_ptr<LinuxPipe> pipe, bool blocks);
  LinuxOpenFile(const LinuxOpenFile&) = delete;
  LinuxOpenFile& operator=(const LinuxOpenFile&) = delete;
  ~LinuxOpenFile();

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] std::uint32_t number() const { return number_; }
  [[nodiscard]] bool is_console() const { return pipe_ == nullptr; }
  [[nodiscard]] bool is_readable() const { return kind_ == Kind::input || kind_ == Kind::pipe_read; }
  [[nodiscard]] LinuxPipe& pipe() { return *pipe_; }
  [[nodiscard]] bool blocks() const { return blocks_; }
  void set_blocks(bool blocks) { blocks_ = blocks; }

 private:
  Kind kind_;
  std::uint32_t number_;
  std::shared_ptr<LinuxPipe> pipe_;  ///< null: the console
  bool blocks_ = true;
};

/// A table of descriptors: what CLONE_FILES shares.
class LinuxFiles {
 public:
  static constexpr int kMost = 1024;  // RLIMIT_NOFILE

  struct Descriptor {
    std::shared_ptr<LinuxOpenFile> file;
    bool closes_on_exec = false;
  };

  /// 0, 1 and 2: the console.
  explicit LinuxFiles(std::uint32_t number);

  [[nodiscard]] LinuxOpenFile* file(int descriptor) const;
  [[nodiscard]] Descriptor* at(int descriptor);
  /// The lowest free one from `least` on; nothing where there is none.
  std::optional<int> add(Descriptor entry, int least = 0);
  void put(int descriptor, Descriptor entry) { table_[descriptor] = std::move(entry); }
  bool close(int descriptor) { return table_.erase(descriptor) > 0; }
  void close_on_exec();

  [[nodiscard]] std::uint32_t number() const { return number_; }
  /// Another table with the same open files.
  [[nodiscard]] LinuxFiles copy(std::uint32_t number) const;

 private:
  std::uint32_t number_;
  std::map<int, Descriptor> table_;
};

}  // namespace fiberscope::emu
