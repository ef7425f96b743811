#pragma once
#include <string>
#include <string_view>

#include "emu/result.h"

namespace fiberscope::core {

/// A folder of this process under $TMPDIR, or /tmp where that is not set; it goes, with all that is in it, with its
/// owner.
class TemporaryFolder {
 public:
  /// None: path() is empty.
  TemporaryFolder() = default;
  /// Fails with a message for people where none can be made.
  static emu::Result<TemporaryFolder> make();
  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&& other) noexcept;
  ~TemporaryFolder();

  [[nodiscard]] bool exists() const { return !path_.empty(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  void remove();

  std::string path_;
};

}  // namespace fiberscope::core
