#include <algorithm>

#include "core/chunk.h"
#include "core/chunk_format.h"
#include "core/forecast.h"
#include "core/zstd_codec.h"

namespace fiberscope::core {
namespace {

using emu::RecordTag;
using emu::Register;

constexpr std::uint64_t kRsp = emu::slot(Register::rsp);

std::size_t record_words(const std::uint64_t* record, const std::vector<StepTemplate>& templates, std::uint32_t id) {
  return 2 + (record[0] >> 32) + templates[id].slots.size();
}

std::size_t output_words(const std::uint64_t* record) {
  return 1 + ((record[0] >> 32) + 7) / 8;
}

std::span<const std::uint8_t> as_bytes(const std::uint64_t* words, std::size_t count) {
  return {reinterpret_cast<const std::uint8_t*>(words), count};
}

}  // namespace

ChunkEncoder::ChunkEncoder(StepState& state, std::vector<StepTemplate>& templates, Observer& observer)
    : state_(state), templates_(templates), observer_(observer), known_(kKnown) {
  for (std::uint32_t id = 0; id < templates_.size(); ++id) {
    const std::uint64_t rip = templates_[id].address;
    known_[(rip ^ (rip >> 14)) & (kKnown - 1)] = {rip, id, true, true};
  }
}

std::uint32_t ChunkEncoder::template_at(std::uint64_t rip, std::uint8_t size) {
  const Known& known = known_[(rip ^ (rip >> 14)) & (kKnown - 1)];
  if (known.used && known.rip == rip && !known.may_change) return known.id;
  return make_new_template(rip, size);
}

std::uint32_t ChunkEncoder::make_new_template(std::uint64_t rip, std::uint8_t size) {
  if (size > emu::kMaxInstructionSize) throw CorruptData("the raw log holds an instruction longer than 15 bytes");
  std::vector<std::uint8_t> bytes = state_.memory().copy(emu::Address{rip}, size);
  bytes.resize(size);
  const emu::Region* region = state_.memory().region_at(emu::Address{rip});
  const bool may_change = region == nullptr || region->writable;
  Known& known = known_[(rip ^ (rip >> 14)) & (kKnown - 1)];
  const auto same = [&](const StepTemplate& step) {
    return step.address == rip && step.size == size && std::equal(bytes.begin(), bytes.end(), step.bytes.begin());
  };
  if (known.used && known.rip == rip && same(templates_[known.id])) {
    known.may_change = may_change;
    return known.id;
  }
  const auto found = std::find_if(templates_.begin(), templates_.end(), same);
  const auto id = static_cast<std::uint32_t>(found - templates_.begin());
  if (found == templates_.end()) templates_.push_back(make_template(disassembler_, emu::Address{rip}, bytes));
  known = {rip, id, true, may_change};
  return id;
}

Chunk ChunkEncoder::encode(std::span<const std::uint64_t> words, StepIndex first, std::uint64_t rip_after) {
  Chunk chunk;
  chunk.first = first;
  chunk.registers = state_.registers();
  chunk.rip_after = rip_after;
  stack_ = observer_.stack();
  watched_ = observer_.watched();
  step_ = first;
  state_.mark();
  written_.reset();
  has_previous_ = false;
  ++chunk_mark_;
  for (VarintWriter* stream : {&flow_, &values_, &writes_, &events_}) stream->clear();

  const std::uint64_t* record = words.data();
  const std::uint64_t* const end = record + words.size();
  // The log may come from a process that went wrong: nothing in it is believed unseen.
  const auto expect = [&](std::uint64_t count) {
    if (count > static_cast<std::uint64_t>(end - record)) throw CorruptData("the raw log ends within a record");
  };
  while (record < end) {
    switch (static_cast<RecordTag>(record[0] & 0xff)) {
      case RecordTag::step: {
        expect(2);
        const std::uint32_t id = template_at(record[1], static_cast<std::uint8_t>(record[0] >> 8));
        const std::size_t size = record_words(record, templates_, id);
        expect(size);
        const std::uint64_t* const next = record + size;
        std::uint64_t next_rip = rip_after;
        const std::uint64_t* ahead = next;
        while (ahead < end && static_cast<RecordTag>(ahead[0] & 0xff) == RecordTag::output)
          ahead += std::min<std::ptrdiff_t>(output_words(ahead), end - ahead);
        const std::ptrdiff_t rip_at = ahead < end && static_cast<RecordTag>(ahead[0] & 0xff) == RecordTag::step ? 1 : 2;
        if (rip_at < end - ahead) next_rip = ahead[rip_at];
        encode_step(record, id, next_rip);
        record = next;
        break;
      }
      case RecordTag::event: {
        const std::size_t size = 3 + (record[0] >> 32) + 2 * ((record[0] >> 16) & 0xffff);
        expect(size);
        encode_event(record);
        record += size;
        break;
      }
      case RecordTag::output:
        expect(output_words(record));
        observer_.on_output(step_, as_bytes(record + 1, record[0] >> 32));
        record += output_words(record);
        break;
      default:
        throw CorruptData("the raw log holds an unknown record");
    }
  }
  chunk.steps = step_.value - first.value;
  if (chunk.steps > kChunkSteps) throw CorruptData("the raw log holds more steps than a chunk");
  chunk.touched = state_.touched();
  chunk.written = written_;

  VarintWriter body;
  for (const VarintWriter* stream : {&flow_, &values_, &writes_, &events_}) {
    body.put(stream->bytes().size());
    body.put_bytes(stream->bytes());
  }
  chunk.body_size = static_cast<std::uint32_t>(body.bytes().size());
  chunk.body = compress(body.bytes());
  return chunk;
}

void ChunkEncoder::encode_step(const std::uint64_t* record, std::uint32_t id, std::uint64_t next_rip) {
  const StepTemplate& step = templates_[id];
  const std::size_t write_words = record[0] >> 32;
  const std::uint64_t* const writes = record + 2;
  const std::uint64_t* const values = writes + write_words;
  emu::RegisterFile& registers = state_.registers();
  const std::uint64_t rsp_before = registers.slots[kRsp];
  registers[Register::rip] = record[1];

  bool expected = write_words == 2 * step.writes.size();
  for (std::size_t i = 0; expected && i < step.writes.size(); ++i)
    expected = (writes[2 * i] >> 56) == step.writes[i].size;

  if (successor_.size() < templates_.size()) {
    successor_.resize(templates_.size(), 0);
    successor_mark_.resize(templates_.size(), 0);
  }
  if (!expected) {
    flow_.put(format::kExplicitStep);
    flow_.put(id);
  } else if (has_previous_ && successor_mark_[previous_] == chunk_mark_ && successor_[previous_] == id + 1) {
    flow_.put(format::kPredictedStep);
  } else {
    flow_.put(id + format::kFirstStep);
  }
  if (has_previous_) {
    successor_[previous_] = id + 1;
    successor_mark_[previous_] = chunk_mark_;
  }
  previous_ = id;
  has_previous_ = true;

  // Everything foretold is computed from the state before the step.
  const std::uint64_t source = foretold_source(step, state_);
  bool look = false;
  if (expected) {
    for (std::size_t i = 0; i < step.writes.size(); ++i) {
      const std::uint64_t address = writes[2 * i] & emu::kWriteAddressMask;
      const OperandAddress& operand = step.writes[i];
      const bool foretold =
          i == 0 && step.source != StepTemplate::Source::none && step.target_slot == OperandAddress::kNone;
      const std::uint64_t value = truncated(writes[2 * i + 1], operand.size);
      const std::uint64_t forecast = foretold ? source : state_.read(address, operand.size);
      writes_.put_signed(static_cast<std::int64_t>(address - operand_address(operand, registers, step.next_address())));
      writes_.put_signed(format::signed_difference(value, forecast, operand.size));
      state_.write(address, value, operand.size);
      if (watched_.contains(emu::Address{address})) look |= observer_.on_watched_write(address, operand.size);
    }
  } else {
    look = encode_explicit_writes(writes, write_words);
  }

  for (std::size_t i = 0; i < step.slots.size(); ++i) {
    const std::uint8_t slot = step.slots[i];
    const std::uint64_t old = registers.slots[slot];
    const std::uint64_t value = values[i];
    if (slot < emu::kGeneralRegisters) {
      const std::uint64_t forecast = slot == step.target_slot ? source : old;
      values_.put_signed(static_cast<std::int64_t>(value - forecast));
    } else {
      values_.put(value ^ old);
    }
    if (value != old) {
      written_.set(slot);
      registers.slots[slot] = value;
    }
  }
  for (const std::uint8_t slot : step.certain) written_.set(slot);
  registers[Register::rip] = next_rip;
  step_ = step_ + 1;
  if (look || !stack_.contains(emu::Address{registers.slots[kRsp]})) {
    observer_.on_step(step_, step, rsp_before);
    stack_ = observer_.stack();
  }
}

bool ChunkEncoder::encode_explicit_writes(const std::uint64_t* words, std::size_t count) {
  const std::uint64_t base = state_.registers().slots[kRsp];
  bool look = false;
  std::size_t writes = 0;
  for (std::size_t i = 0; i < count; ++writes) {
    const std::uint64_t size = words[i] >> 56;
    const bool block = size == emu::kBlockWrite;
    if (count - i < 2 || (block ? words[i + 1] > 8 * (count - i - 2) : size == 0 || size > 8))
      throw CorruptData("the raw log holds an impossible write");
    i += 2 + (block ? (words[i + 1] + 7) / 8 : 0);
  }
  writes_.put(writes);
  for (std::size_t i = 0; i < count;) {
    const std::uint64_t size = words[i] >> 56;
    const std::uint64_t address = words[i] & emu::kWriteAddressMask;
    writes_.put(size);
    writes_.put_signed(static_cast<std::int64_t>(address - base));
    if (size == emu::kBlockWrite) {
      const auto bytes = as_bytes(words + i + 2, words[i + 1]);
      writes_.put(bytes.size());
      writes_.put_bytes(bytes);
      state_.write_bytes(address, bytes);
      if (address < watched_.high.value && watched_.low.value < address + bytes.size())
        look |= observer_.on_watched_write(address, bytes.size());
      i += 2 + (bytes.size() + 7) / 8;
    } else {
      const std::uint64_t value = truncated(words[i + 1], size);
      writes_.put_signed(format::signed_difference(value, state_.read(address, size), size));
      state_.write(address, value, size);
      if (watched_.contains(emu::Address{address})) look |= observer_.on_watched_write(address, size);
      i += 2;
    }
  }
  return look;
}

void ChunkEncoder::encode_event(const std::uint64_t* record) {
  ChunkEvent event;
  event.step = step_;
  event.kind = static_cast<emu::EventKind>((record[0] >> 8) & 0xff);
  event.vector = static_cast<std::uint8_t>(record[1]);
  event.error_code = static_cast<std::uint32_t>(record[1] >> 32);
  event.rip_before = emu::Address{record[2]};
  const std::size_t write_words = record[0] >> 32;
  const std::size_t register_count = (record[0] >> 16) & 0xffff;
  if (event.kind < emu::EventKind::interrupt || event.kind > emu::EventKind::fault)
    throw CorruptData("the raw log holds an unknown event");
  for (std::size_t i = 0; i < register_count; ++i)
    if (record[3 + write_words + 2 * i] >= emu::kRegisterSlots)
      throw CorruptData("the raw log names an unknown register");
  emu::RegisterFile& registers = state_.registers();
  const std::uint64_t rsp_before = registers.slots[kRsp];
  registers[Register::rip] = event.rip_before.value;

  flow_.put(format::kEvent);
  events_.put(event.rip_before.value);
  events_.put(static_cast<std::uint8_t>(event.kind));
  events_.put(event.vector);
  events_.put(event.error_code);
  encode_explicit_writes(record + 3, write_words);
  const std::uint64_t* const pairs = record + 3 + write_words;
  std::size_t changed = 0;
  for (std::size_t i = 0; i < register_count; ++i) changed += pairs[2 * i + 1] != registers.slots[pairs[2 * i]] ? 1 : 0;
  events_.put(changed);
  for (std::size_t i = 0; i < register_count; ++i) {
    const std::uint64_t slot = pairs[2 * i];
    const std::uint64_t value = pairs[2 * i + 1];
    if (value == registers.slots[slot]) continue;
    events_.put(slot);
    events_.put(value ^ registers.slots[slot]);
    registers.slots[slot] = value;
    written_.set(slot);
  }
  has_previous_ = false;
  observer_.on_event(event, rsp_before);
  stack_ = observer_.stack();
}

}  // namespace fiberscope::core
