#include "emu/step_log_writer.h"

#include <algorithm>
#include <cstring>

namespace fiberscope::emu {
namespace {

std::size_t text_words(const std::string& bytes) {
  return 1 + (bytes.size() + 7) / 8;
}

std::uint64_t* put_text(std::uint64_t* at, RecordTag tag, const std::string& bytes) {
  const std::size_t words = text_words(bytes);
  std::fill_n(at, words, 0);
  at[0] = static_cast<std::uint64_t>(tag) | (std::uint64_t{bytes.size()} << 32);
  std::memcpy(at + 1, bytes.data(), bytes.size());
  return at + words;
}

}  // namespace

void StepLogWriter::set_sink(StepSink* sink) {
  flush();
  sink_ = sink;
}

void StepLogWriter::flush() {
  if (buffer_ != nullptr) sink_->publish(*std::exchange(buffer_, nullptr));
}

bool StepLogWriter::change_buffer(std::uint64_t steps) {
  flush();
  buffer_ = sink_->acquire(steps);
  return buffer_ != nullptr;
}

void StepLogWriter::write_output(std::uint64_t steps) {
  if (reserve(text_words(output_), steps)) commit(put_text(end(), RecordTag::output, output_), buffer_->rip_after());
  output_.clear();
}

void StepLogWriter::put_event(const Cpu::Event& event, const RepWrites& pending, const RegisterFile& registers,
                              std::uint64_t steps) {
  if (!is_on()) return output_.clear();
  std::size_t words = 3 + 2 * kRegisterSlots + pending.log_words() + text_words(event.text) + 1;
  for (const AddressRange& range : event.written) words += 2 + (range.size() + 7) / 8;
  if (words > StepBuffer::kWords || !reserve(words, steps)) return;
  std::uint64_t* const record = end();
  std::uint64_t* at = pending.log(record + 3, memory_);
  for (const AddressRange& range : event.written) at = put_write(at, range);
  const auto write_words = static_cast<std::uint64_t>(at - (record + 3));
  for (std::size_t i = 0; i < kRegisterSlots; ++i) {
    *at++ = i;
    *at++ = registers.slots[i];
  }
  record[0] = static_cast<std::uint64_t>(RecordTag::event) | (static_cast<std::uint64_t>(event.kind) << 8) |
              (std::uint64_t{kRegisterSlots} << 16) | (write_words << 32);
  record[1] = event.vector | (std::uint64_t{event.error_code} << 32);
  record[2] = event.rip_before.value;
  if (!event.text.empty()) at = put_text(at, RecordTag::text, event.text);
  if (event.space_after)
    *at++ = static_cast<std::uint64_t>(RecordTag::space) | (std::uint64_t{*event.space_after} << 32);
  commit(at, registers[Register::rip]);
  put_output(steps);
}

/// A write of the machine's own, told by what lies there now.
std::uint64_t* StepLogWriter::put_write(std::uint64_t* at, AddressRange range) const {
  if (range.size() > 8) {
    RepWrites block;
    block.add(range.low, range.size());
    return block.log(at, memory_);
  }
  at[0] = (range.low.value & kWriteAddressMask) | (range.size() << 56);
  at[1] = memory_.read(range.low, range.size()).value_or(0);
  return at + 2;
}

void StepLogWriter::take_over(StepLogWriter& from, unsigned number, std::uint64_t rip_before, std::uint64_t rip,
                              std::uint64_t steps) {
  sink_ = std::exchange(from.sink_, nullptr);
  buffer_ = std::exchange(from.buffer_, nullptr);
  output_ = std::exchange(from.output_, {});
  if (!is_on() || !reserve(2, steps)) return;
  std::uint64_t* const record = end();
  record[0] = static_cast<std::uint64_t>(RecordTag::cpu) | (std::uint64_t{number} << 8);
  record[1] = rip_before;
  commit(record + 2, rip);
}

}  // namespace fiberscope::emu
