#include "emu/linux_files.h"

#include <utility>

namespace fiberscope::emu {

LinuxOpenFile::LinuxOpenFile(Kind kind, std::uint32_t number, std::shared_ptr<LinuxPipe> pipe, bool blocks)
    : kind_(kind), number_(number), pipe_(std::move(pipe)), blocks_(blocks) {
  ++(kind_ == Kind::pipe_read ? pipe_->readers : pipe_->writers);
}

LinuxOpenFile::~LinuxOpenFile() {
  if (pipe_ != nullptr) --(kind_ == Kind::pipe_read ? pipe_->readers : pipe_->writers);
}

LinuxFiles::LinuxFiles(std::uint32_t number) : number_(number) {
  for (const int descriptor : {0, 1, 2}) {
    const auto kind = descriptor == 0 ? LinuxOpenFile::Kind::input : LinuxOpenFile::Kind::output;
    table_[descriptor].file = std::make_shared<LinuxOpenFile>(kind, static_cast<std::uint32_t>(descriptor));
  }
}

LinuxOpenFile* LinuxFiles::file(int descriptor) const {
  const auto found = table_.find(descriptor);
  return found == table_.end() ? nullptr : found->second.file.get();
}

LinuxFiles::Descriptor* LinuxFiles::at(int descriptor) {
  const auto found = table_.find(descriptor);
  return found == table_.end() ? nullptr : &found->second;
}

std::optional<int> LinuxFiles::add(Descriptor entry, int least) {
  int free = least;
  while (table_.contains(free)) ++free;
  if (free >= kMost) return std::nullopt;
  table_[free] = std::move(entry);
  return free;
}

void LinuxFiles::close_on_exec() {
  std::erase_if(table_, [](const auto& entry) { return entry.second.closes_on_exec; });
}

LinuxFiles LinuxFiles::copy(std::uint32_t number) const {
  LinuxFiles other = *this;
  other.number_ = number;
  return other;
}

}  // namespace fiberscope::emu
