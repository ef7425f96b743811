#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "asm/runtime/tcb.h"
#include "core/recorder.h"
#include "core/switch_reason.h"
#include "core/varint.h"

namespace fiberscope::core {
namespace {

constexpr std::size_t kRsp = emu::slot(emu::Register::rsp);

std::string describe(const emu::Image& image, const ChunkEvent& event) {
  const std::string at = emu::symbolized(image, event.rip_before);
  const std::string place = fmt::format("{:#x}{}", event.rip_before.value, at.empty() ? "" : " (" + at + ")");
  switch (event.kind) {
    case emu::EventKind::interrupt:
      return fmt::format("interrupt {} delivered at {}", event.vector, place);
    case emu::EventKind::exception:
      return fmt::format("{} delivered at {}", emu::exception_name(static_cast<std::uint8_t>(event.vector)), place);
    case emu::EventKind::fault:
      return fmt::format("{} at {}: no handler", emu::exception_name(static_cast<std::uint8_t>(event.vector)), place);
    case emu::EventKind::system_call:
    case emu::EventKind::signal:
    case emu::EventKind::task:
    case emu::EventKind::page_copy:
    case emu::EventKind::read:
    case emu::EventKind::start:
    case emu::EventKind::buffer:
    case emu::EventKind::drain:
      break;  // they tell it themselves
  }
  return place;
}

/// What an event says of itself, with what the image knows of it.
std::string describe(const emu::Image& image, const ChunkEvent& event, std::string text, emu::Address rip_after) {
  const auto place = [&image](emu::Address rip) {
    const std::string name = emu::symbolized(image, rip);
    return fmt::format("{:#x}{}", rip.value, name.empty() ? "" : " (" + name + ")");
  };
  if (event.kind == emu::EventKind::fault) {
    const std::string::size_type colon = text.find(':');
    const std::size_t name = colon == std::string::npos ? text.size() : colon;
    return fmt::format("{} at {}{}", text.substr(0, name), place(event.rip_before), text.substr(name));
  }
  if (event.kind != emu::EventKind::signal || rip_after == event.rip_before) return text;
  return fmt::format("{} delivered at {} to {}", text, place(event.rip_before), place(rip_after));
}

/// Why an event changes stacks; unknown where the leaving thread's chain says it.
SwitchReason reason_of(emu::EventKind kind) {
  switch (kind) {
    case emu::EventKind::interrupt:
      return SwitchReason::timer;
    case emu::EventKind::signal:
    case emu::EventKind::system_call:  // rt_sigreturn: no other one moves rsp
      return SwitchReason::signal;
    case emu::EventKind::task:
      return SwitchReason::kernel;
    case emu::EventKind::exception:
    case emu::EventKind::fault:
    case emu::EventKind::page_copy:
    case emu::EventKind::read:
    case emu::EventKind::buffer:
    case emu::EventKind::drain:
      break;
    case emu::EventKind::start:
      return SwitchReason::start;
  }
  return SwitchReason::unknown;
}

}  // namespace

BatchEncoder::BatchEncoder(const emu::Image& image, MachineState start, Resume resume)
    : image_(image),
      debug_(image),
      unwinder_(image, debug_),
      state_(std::move(start)),
      templates_(std::move(resume.templates)),
      templates_told_(templates_.size()),
      table_(ThreadSource::find(image, state_.memory())),
      last_reasons_(std::move(resume.last_reasons)),
      chunks_(resume.chunks),
      dirty_pages_(std::move(resume.dirty_pages)) {
  for (const ThreadRecord& record : resume.threads) known_threads_.insert(record.thread.id);
  if (table_) watched_ = table_->range();
  encoder_ = std::make_unique<ChunkEncoder>(state_, templates_, *this);
  if (table_) threads_ = table_->read(state_.memory());
  state_.lay_out(resume.space);
  cpu_ = state_.cpu();
  const Owner now = owner_of(state_.registers());
  owner_ = now.thread;
  stack_ = now.stack;
  for (const emu::RegisterFile& registers : state_.machine().parked) parked_.push_back(owner_of(registers));
}

BatchEncoder::~BatchEncoder() = default;

BatchEncoder::Owner BatchEncoder::owner_of(const emu::RegisterFile& registers) const {
  Owner owner;
  if (table_) owner.thread = table_->owner(threads_, state_.memory(), emu::Address{registers.slots[kRsp]});
  if (owner.thread) owner.stack = find_thread(threads_, *owner.thread)->stack;
  return owner;
}

void BatchEncoder::on_cpu(CpuId cpu) {
  parked_.at(cpu_.value) = {owner_, stack_};
  cpu_ = cpu;
  owner_ = parked_.at(cpu.value).thread;
  stack_ = parked_.at(cpu.value).stack;
}

TraceBatch BatchEncoder::begin() {
  batch_ = {};
  look_at_threads(StepIndex{0});
  return std::move(batch_);
}

TraceBatch BatchEncoder::encode(std::span<const std::uint64_t> words, StepIndex first, std::uint64_t rip_after) {
  batch_ = {};
  if (chunks_ % kCheckpointChunks == 0 && chunks_ > 0) checkpoint(batch_);
  Chunk chunk = encoder_->encode(words, first, rip_after);
  std::optional<std::uint64_t> last_page;
  for (const std::uint64_t word : chunk.touched.words) {
    const std::uint64_t page = word * 8 / emu::kPageSize * emu::kPageSize;
    if (page != last_page) dirty_pages_.insert(page);
    last_page = page;
  }
  batch_.chunks.push_back(std::move(chunk));
  ++chunks_;
  batch_.templates.assign(templates_.begin() + static_cast<std::ptrdiff_t>(templates_told_), templates_.end());
  templates_told_ = templates_.size();
  return std::move(batch_);
}

void BatchEncoder::checkpoint(TraceBatch& batch) {
  for (const std::uint64_t page : dirty_pages_) {
    PageRecord record;
    record.chunk = chunks_;
    record.address = emu::Address{page};
    record.contents = state_.memory().copy(emu::Address{state_.physical(page)}, emu::kPageSize);
    batch.pages.push_back(std::move(record));
  }
  dirty_pages_.clear();
}

void BatchEncoder::look_at_threads(StepIndex step) {
  if (!table_ || !threads_changed_) return;
  threads_changed_ = false;
  threads_ = table_->read(state_.memory());
  for (const Thread& thread : threads_) {
    // A block whose stack is not yet filled in is still being made.
    if (thread.stack.empty() || !known_threads_.insert(thread.id).second) continue;
    batch_.threads.push_back({thread, step});
  }
}

bool BatchEncoder::on_watched_write(std::uint64_t address, std::size_t size) {
  if (table_->is_kernels()) {
    threads_changed_ = true;
    return true;
  }
  // A saved stack pointer or a queue's link changes nothing here, a state byte only where the thread is not yet known.
  if (size > 8 || address < watched_.low.value) {
    threads_changed_ = true;  // a block: over several of them, or from below the table
    return true;
  }
  const std::uint64_t first = (address - watched_.low.value) % sizeof(tcb);
  const ThreadId id{static_cast<std::uint32_t>((address - watched_.low.value) / sizeof(tcb))};
  const auto overlaps = [&](std::size_t low, std::size_t high) { return first < high && low < first + size; };
  const bool matters = overlaps(offsetof(tcb, stack_base), offsetof(tcb, entry)) ||
                       overlaps(offsetof(tcb, id), offsetof(tcb, state)) ||
                       (overlaps(offsetof(tcb, state), offsetof(tcb, kind)) && !known_threads_.contains(id));
  threads_changed_ |= matters;
  return matters;
}

const BatchEncoder::Function& BatchEncoder::function_at(emu::Address rip) {
  const auto [entry, fresh] = functions_.try_emplace(rip.value);
  Function& function = entry->second;
  if (!fresh) return function;
  if (const auto symbol = image_.symbol_at(rip)) function.name = symbol->name;
  function.reason = reason_of_function(function.name);
  return function;
}

void BatchEncoder::on_step(StepIndex step, const StepTemplate& instruction, std::uint64_t rsp_before) {
  look_at_threads(step);
  if (stack_.contains(emu::Address{state_.registers().slots[kRsp]})) return;
  note_switch(step, emu::Address{instruction.address}, rsp_before, SwitchReason::unknown);
}

void BatchEncoder::on_event(const ChunkEvent& event, std::uint64_t rsp_before) {
  batch_.events.push_back({event, describe(image_, event)});
  look_at_threads(event.step);
  const emu::Address rsp{state_.registers().slots[kRsp]};
  // Tasks of several processes may have their stacks at the same addresses.
  const bool same = !table_ || !table_->is_kernels() || table_->owner(threads_, state_.memory(), rsp) == owner_;
  if (same && stack_.contains(rsp)) return;
  note_switch(event.step, event.rip_before, rsp_before, reason_of(event.kind));
}

void BatchEncoder::on_event_text(std::string text) {
  if (batch_.events.empty()) throw CorruptData("the raw log holds a text without an event");
  EventRecord& record = batch_.events.back();
  record.text = describe(image_, record.event, std::move(text), emu::Address{state_.registers()[emu::Register::rip]});
}

void BatchEncoder::on_space(StepIndex step) {
  threads_changed_ |= table_.has_value();
  look_at_threads(step);
}

void BatchEncoder::on_output(StepIndex step, std::span<const std::uint8_t> bytes) {
  std::string text(bytes.begin(), bytes.end());
  if (!batch_.output.empty() && batch_.output.back().step == step) {
    batch_.output.back().bytes += text;
  } else {
    batch_.output.push_back({step, std::move(text)});
  }
}

void BatchEncoder::note_switch(StepIndex step, emu::Address rip, std::uint64_t rsp_before, SwitchReason known) {
  const emu::Address rsp{state_.registers().slots[kRsp]};
  const auto owner = table_ ? table_->owner(threads_, state_.memory(), rsp, owner_) : std::nullopt;
  // On nobody's stack: look again at every step until somebody owns it.
  stack_ = owner ? find_thread(threads_, *owner)->stack : emu::AddressRange{};
  if (owner == owner_) return;
  Switch entry;
  entry.cpu = cpu_;
  entry.step = step;
  entry.from = owner_;
  entry.to = owner;
  entry.address = rip;
  entry.reason = known;
  entry.at = function_at(rip).name;
  if (known == SwitchReason::unknown && owner_) {
    const Thread* from = find_thread(threads_, *owner_);
    if (from != nullptr) {
      // The leaving thread's chain, as it was just before rsp moved.
      StackWalk leaving =
          unwinder_.walk(rip, emu::Address{rsp_before}, state_.registers(), state_.memory(), from->stack);
      while (leaving.next()) {
        const SwitchReason reason = function_at(leaving.lookup()).reason;
        if (entry.reason == SwitchReason::unknown) entry.reason = reason;
        if (reason == SwitchReason::timer) entry.reason = reason;
      }
    }
  }
  // What led away from a thread leads on to the next one; between them rsp was on nobody's stack.
  SwitchReason& last = last_reasons_.try_emplace(cpu_, SwitchReason::unknown).first->second;
  if (known == SwitchReason::unknown && !owner_) entry.reason = last;
  last = entry.reason;
  owner_ = owner;
  batch_.switches.push_back(std::move(entry));
}

}  // namespace fiberscope::core
