#pragma once
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "emu/bare_machine.h"
#include "emu/image.h"
#include "emu/step_log.h"

namespace fiberscope::emu {

/// One of the images made from tests/guests/machine_*.S.
inline Image machine_guest(const std::string& name) {
  auto image = Image::load(FIBERSCOPE_MACHINE_GUESTS "/machine_" + name + ".elf");
  if (!image) throw std::runtime_error(image.error().message);
  return std::move(image).value();
}

inline Address symbol(const Image& image, const std::string& name) {
  const auto found = image.symbol(name);
  if (!found) throw std::runtime_error("the guest has no symbol " + name);
  return found->address;
}

/// A machine that is about to run the program at that label.
inline std::unique_ptr<Machine> boot_at(const Image& image, const std::string& label = "_start") {
  auto machine = Machine::boot(image);
  if (!machine) throw std::runtime_error(machine.error().message);
  (*machine)->cpu().write(Register::rip, symbol(image, label).value);
  return std::move(machine).value();
}

inline std::uint64_t word_at(const Machine& machine, Address address, std::size_t size = 8) {
  const auto value = machine.memory().read(address, size);
  if (!value) throw std::runtime_error("not mapped");
  return *value;
}

/// Keeps the whole raw log of a run.
class LogSink final : public StepSink {
 public:
  StepBuffer* acquire(std::uint64_t first_step) override {
    buffer_->begin(++sequence_, first_step);
    return buffer_.get();
  }
  void publish(StepBuffer& buffer) override { words_.insert(words_.end(), buffer.words, buffer.words + buffer.used()); }
  [[nodiscard]] const std::vector<std::uint64_t>& words() const { return words_; }

 private:
  std::unique_ptr<StepBuffer> buffer_ = std::make_unique<StepBuffer>();
  std::uint64_t sequence_ = 0;
  std::vector<std::uint64_t> words_;
};

}  // namespace fiberscope::emu
