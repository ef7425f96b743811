#include <algorithm>
#include <optional>

#include "core/chunk.h"
#include "core/chunk_format.h"
#include "core/forecast.h"
#include "core/zstd_codec.h"

namespace fiberscope::core {
namespace {

using emu::RecordTag;
using emu::Register;

constexpr std::uint64_t kRsp = emu::slot(Register::rsp);
constexpr std::size_t kKnown = 1 << 14;

RecordTag tag_of(const std::uint64_t* record) {
  return static_cast<RecordTag>(record[0] & 0xff);
}

std::size_t output_words(const std::uint64_t* record) {
  return 1 + ((record[0] >> 32) + 7) / 8;
}

std::size_t place_of(std::uint64_t rip) {
  return (rip ^ (rip >> 14)) & (kKnown - 1);
}

std::span<const std::uint8_t> as_bytes(const std::uint64_t* words, std::size_t count) {
  return {reinterpret_cast<const std::uint8_t*>(words), count};
}

/// rip as the next step or event tells it; nothing at the end.
std::optional<std::uint64_t> rip_at(const std::uint64_t* record, const std::uint64_t* end) {
  while (record < end && tag_of(record) == RecordTag::output)
    record += std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(output_words(record)), end - record);
  const bool is_event = record < end && tag_of(record) == RecordTag::event;
  const std::ptrdiff_t place = is_event ? 2 : 1;
  return place < end - record ? std::optional(record[place]) : std::nullopt;
}

/// The writes are as many and as large as the template says.
bool are_expected(const StepTemplate& step, const std::uint64_t* writes, std::size_t words) {
  if (words != 2 * step.writes.size()) return false;
  for (const OperandAddress& operand : step.writes) {
    if (*writes >> 56 != operand.size) return false;
    writes += 2;
  }
  return true;
}

void expect_words(const std::uint64_t* record, const std::uint64_t* end, std::uint64_t count) {
  if (count > static_cast<std::uint64_t>(end - record)) throw CorruptData("the raw log ends within a record");
}

}  // namespace

ChunkEncoder::ChunkEncoder(StepState& state, std::vector<StepTemplate>& templates, Observer& observer)
    : state_(state), templates_(templates), observer_(observer), known_(kKnown), parked_(state.machine().processors()) {
  for (const StepTemplate& step : templates_) known_[place_of(step.address)] = add_plan(step);
}

void ChunkEncoder::forget_previous() {
  none_.successor = &none_;
  none_.successor_mark = 0;
  previous_ = &none_;
}

ChunkEncoder::Plan* ChunkEncoder::add_plan(const StepTemplate& step) {
  Plan& plan = plans_.emplace_back();
  plan.successor = &none_;
  plan.rip = step.address;
  plan.id = static_cast<std::uint32_t>(plans_.size() - 1);
  plan.has_source = step.source != StepTemplate::Source::none;
  plan.target_slot = step.target_slot;
  plan.slots = static_cast<std::uint8_t>(step.slots.size());
  for (const std::uint8_t slot : step.slots) {
    plan.moves_rsp |= slot == kRsp;
    plan.general_slots += slot < emu::kGeneralRegisters ? 1 : 0;
  }
  std::copy_n(step.slots.begin(), std::min(step.slots.size(), Plan::kSlots), plan.first_slots.begin());
  plan.write_words = step.writes.size() > 1 ? Plan::kManyWrites : 2 * step.writes.size();
  if (!step.writes.empty()) plan.write = step.writes.front();
  return &plan;
}

ChunkEncoder::Plan* ChunkEncoder::plan_at(std::uint64_t rip, std::uint8_t size) {
  Plan* const plan = known_[place_of(rip)];
  if (plan != nullptr && plan->rip == rip && !plan->may_change) return plan;
  return find_template(rip, size);
}

ChunkEncoder::Plan* ChunkEncoder::find_template(std::uint64_t rip, std::uint8_t size) {
  if (size > emu::kMaxInstructionSize) throw CorruptData("the raw log holds an instruction longer than 15 bytes");
  std::vector<std::uint8_t> bytes = state_.memory().copy(emu::Address{rip}, size);
  bytes.resize(size);
  const auto same = [&](const StepTemplate& step) {
    return step.address == rip && step.size == size && std::equal(bytes.begin(), bytes.end(), step.bytes.begin());
  };
  Plan*& known = known_[place_of(rip)];
  if (known == nullptr || !same(templates_[known->id])) {
    const auto found = std::find_if(templates_.begin(), templates_.end(), same);
    if (found != templates_.end()) {
      known = &plans_[static_cast<std::size_t>(found - templates_.begin())];
    } else {
      templates_.push_back(make_template(disassembler_, emu::Address{rip}, bytes));
      known = add_plan(templates_.back());
    }
  }
  const emu::Region* region = state_.memory().region_at(emu::Address{rip});
  known->may_change = region == nullptr || region->writable;
  return known;
}

inline void ChunkEncoder::encode_values(const Plan& plan, const std::uint64_t* values, std::uint64_t source) {
  std::uint64_t* const registers = state_.registers().slots.data();
  const std::size_t count = plan.slots;
  const std::size_t general = plan.general_slots;
  const std::uint8_t target = plan.target_slot;
  const std::uint8_t* const slots = count <= Plan::kSlots ? plan.first_slots.data() : templates_[plan.id].slots.data();
  std::uint8_t* at = values_.room(count);
  for (std::size_t i = 0; i < general; ++i) {
    std::uint64_t& now = registers[slots[i]];
    const std::uint64_t forecast = slots[i] == target ? source : now;
    now = values[i];
    at = put_signed_varint(at, static_cast<std::int64_t>(values[i] - forecast));
  }
  for (std::size_t i = general; i < count; ++i) {
    std::uint64_t& now = registers[slots[i]];
    const std::uint64_t difference = values[i] ^ now;
    now = values[i];
    at = put_varint(at, difference);
  }
  values_.put_until(at);
}

const std::uint64_t* ChunkEncoder::encode_steps(const std::uint64_t* record, const std::uint64_t* end) {
  while (record < end && tag_of(record) == RecordTag::step) {
    expect_words(record, end, 2);
    // What followed the last time most often follows again.
    Plan& previous = *previous_;
    Plan* found = previous.successor;
    if (found->rip != record[1] || found->may_change)
      found = plan_at(record[1], static_cast<std::uint8_t>(record[0] >> 8));
    Plan& plan = *found;
    const std::size_t write_words = record[0] >> 32;
    expect_words(record, end, 2 + write_words + plan.slots);
    const std::uint64_t* const writes = record + 2;
    const std::uint64_t* const values = writes + write_words;
    const std::uint64_t rsp_before = state_.registers().slots[kRsp];

    const bool expected = write_words == plan.write_words ? write_words == 0 || writes[0] >> 56 == plan.write.size
                                                          : plan.write_words == Plan::kManyWrites &&
                                                                are_expected(templates_[plan.id], writes, write_words);
    const bool predicted = previous.successor == &plan && previous.successor_mark == chunk_mark_;
    if (expected) {
      flow_.put(predicted ? format::kPredictedStep : plan.id + format::kFirstStep);
    } else {
      flow_.put(format::kExplicitStep);
      flow_.put(plan.id);
    }
    previous.successor = &plan;
    previous.successor_mark = chunk_mark_;
    previous_ = &plan;

    // Everything foretold is computed from the state before the step.
    const std::uint64_t source = plan.has_source ? foretold_source(templates_[plan.id], state_) : 0;
    bool look = false;
    if (!expected) {
      look = encode_explicit_writes(writes, write_words);
    } else if (write_words > 0) {
      look = encode_expected_writes(plan, writes, write_words, source);
    }
    if (plan.written_mark != chunk_mark_) add_written(plan, values);
    encode_values(plan, values, source);
    step_ = step_ + 1;
    record = values + plan.slots;
    if (plan.moves_rsp) off_stack_ = !stack_.contains(emu::Address{state_.registers().slots[kRsp]});
    if (look || off_stack_) tell_step(plan, rsp_before, record, end);
  }
  return record;
}

Chunk ChunkEncoder::encode(std::span<const std::uint64_t> words, StepIndex first, std::uint64_t rip_after) {
  Chunk chunk;
  chunk.first = first;
  chunk.cpu = state_.cpu();
  chunk.space = state_.space();
  chunk.registers = all_registers(state_.machine());
  chunk.rip_after = rip_after;
  stack_ = observer_.stack();
  off_stack_ = !stack_.contains(emu::Address{state_.registers().slots[kRsp]});
  watched_ = observer_.watched();
  step_ = first;
  rip_after_ = rip_after;
  state_.mark();
  written_.reset();
  forget_previous();
  std::fill(parked_.begin(), parked_.end(), nullptr);
  after_step_ = false;
  ++chunk_mark_;
  for (VarintWriter* stream : {&flow_, &values_, &writes_, &events_, &body_}) stream->clear();

  const std::uint64_t* record = words.data();
  const std::uint64_t* const end = record + words.size();
  // The log may come from a process that went wrong: nothing in it is believed unseen.
  while (record < end) {
    switch (tag_of(record)) {
      case RecordTag::step:
        record = encode_steps(record, end);
        after_step_ = true;
        break;
      case RecordTag::event: {
        const std::size_t size = 3 + (record[0] >> 32) + 2 * ((record[0] >> 16) & 0xffff);
        expect_words(record, end, size);
        encode_event(record);
        record += size;
        break;
      }
      case RecordTag::space:
        flow_.put(format::kSpace);
        flow_.put(record[0] >> 32);
        if (previous_ != &none_) throw CorruptData("the raw log changes the address space behind a step");
        state_.lay_out(static_cast<std::uint32_t>(record[0] >> 32));
        observer_.on_space(step_);
        stack_ = observer_.stack();
        off_stack_ = !stack_.contains(emu::Address{state_.registers().slots[kRsp]});
        ++record;
        break;
      case RecordTag::cpu:
        expect_words(record, end, 2);
        encode_cpu(record);
        record += 2;
        break;
      case RecordTag::text: {
        expect_words(record, end, output_words(record));
        const auto text = as_bytes(record + 1, record[0] >> 32);
        observer_.on_event_text({text.begin(), text.end()});
        record += output_words(record);
        break;
      }
      case RecordTag::output:
        expect_words(record, end, output_words(record));
        observer_.on_output(step_, as_bytes(record + 1, record[0] >> 32));
        record += output_words(record);
        break;
      default:
        throw CorruptData("the raw log holds an unknown record");
    }
  }
  if (previous_ != &none_) state_.registers()[Register::rip] = rip_after;
  chunk.steps = step_.value - first.value;
  if (chunk.steps > kChunkSteps) throw CorruptData("the raw log holds more steps than a chunk");
  chunk.touched = state_.touched();
  chunk.written = written_;

  for (const VarintWriter* stream : {&flow_, &values_, &writes_, &events_}) {
    body_.put(stream->bytes().size());
    body_.put_bytes(stream->bytes());
  }
  chunk.body_size = static_cast<std::uint32_t>(body_.bytes().size());
  chunk.body = compress(body_.bytes());
  return chunk;
}

bool ChunkEncoder::encode_expected_writes(const Plan& plan, const std::uint64_t* words, std::size_t count,
                                          std::uint64_t source) {
  const StepTemplate& step = templates_[plan.id];
  const bool foretold = plan.has_source && plan.target_slot == OperandAddress::kNone;
  bool look = encode_write(plan.write, step.next_address(), words, foretold ? &source : nullptr);
  for (std::size_t i = 2; i < count; i += 2)
    look |= encode_write(step.writes[i / 2], step.next_address(), words + i, nullptr);
  return look;
}

bool ChunkEncoder::encode_write(const OperandAddress& operand, std::uint64_t next_rip, const std::uint64_t* words,
                                const std::uint64_t* forecast) {
  const std::uint64_t address = words[0] & emu::kWriteAddressMask;
  const std::uint64_t value = truncated(words[1], operand.size);
  const std::uint64_t old = state_.write(address, value, operand.size);
  std::uint8_t* at = writes_.room(2);
  at = put_signed_varint(at,
                         static_cast<std::int64_t>(address - operand_address(operand, state_.registers(), next_rip)));
  at = put_signed_varint(at, format::signed_difference(value, forecast != nullptr ? *forecast : old, operand.size));
  writes_.put_until(at);
  return watched_.contains(emu::Address{address}) && observer_.on_watched_write(address, operand.size);
}

void ChunkEncoder::add_written(Plan& plan, const std::uint64_t* values) {
  const StepTemplate& step = templates_[plan.id];
  for (const std::uint8_t slot : step.certain) written_.set(slot);
  bool all = true;
  for (std::size_t i = 0; i < step.slots.size(); ++i) {
    const std::uint8_t slot = step.slots[i];
    if (values[i] != state_.registers().slots[slot]) written_.set(slot);
    all &= written_.test(slot);
  }
  if (all) plan.written_mark = chunk_mark_;
}

void ChunkEncoder::tell_step(const Plan& plan, std::uint64_t rsp_before, const std::uint64_t* next,
                             const std::uint64_t* end) {
  state_.registers()[Register::rip] = rip_at(next, end).value_or(rip_after_);
  observer_.on_step(step_, templates_[plan.id], rsp_before);
  stack_ = observer_.stack();
  off_stack_ = !stack_.contains(emu::Address{state_.registers().slots[kRsp]});
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
      writes_.put_signed(format::signed_difference(value, state_.write(address, value, size), size));
      if (watched_.contains(emu::Address{address})) look |= observer_.on_watched_write(address, size);
      i += 2;
    }
  }
  return look;
}

void ChunkEncoder::encode_cpu(const std::uint64_t* record) {
  const std::uint64_t number = record[0] >> 8;
  if (number >= state_.machine().processors()) throw CorruptData("the raw log names a processor that is not there");
  std::uint64_t& rip = state_.registers()[Register::rip];
  const std::uint64_t behind = after_step_ ? templates_[previous_->id].next_address() : rip;
  rip = record[1];
  flow_.put(format::kCpu);
  flow_.put(number);
  flow_.put_signed(static_cast<std::int64_t>(rip - behind));

  parked_[state_.cpu().value] = previous_ == &none_ ? nullptr : previous_;
  state_.select(CpuId{static_cast<std::uint16_t>(number)});
  after_step_ = false;
  forget_previous();
  if (parked_[number] != nullptr) previous_ = parked_[number];
  observer_.on_cpu(state_.cpu());
  stack_ = observer_.stack();
  off_stack_ = !stack_.contains(emu::Address{state_.registers().slots[kRsp]});
}

void ChunkEncoder::encode_event(const std::uint64_t* record) {
  ChunkEvent event;
  event.step = step_;
  event.kind = static_cast<emu::EventKind>((record[0] >> 8) & 0xff);
  event.vector = static_cast<std::uint32_t>(record[1]);
  event.error_code = static_cast<std::uint32_t>(record[1] >> 32);
  event.rip_before = emu::Address{record[2]};
  const std::size_t write_words = record[0] >> 32;
  const std::size_t register_count = (record[0] >> 16) & 0xffff;
  event.cpu = state_.cpu();
  if (event.kind < emu::EventKind::interrupt || event.kind > emu::EventKind::drain)
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
  forget_previous();
  after_step_ = false;
  observer_.on_event(event, rsp_before);
  stack_ = observer_.stack();
  off_stack_ = !stack_.contains(emu::Address{registers.slots[kRsp]});
}

}  // namespace fiberscope::core
