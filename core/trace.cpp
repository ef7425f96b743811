#include "core/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/thread_table.h"
#include "core/varint.h"
#include "emu/linux_books.h"

namespace fiberscope::core {
namespace {

/// Write indexes kept at a time; each serves all questions about one chunk.
constexpr std::size_t kKeptIndexes = 64;

bool overlaps(std::uint64_t left, std::uint64_t left_size, std::uint64_t right, std::uint64_t right_size) {
  return left < right + right_size && right < left + left_size;
}

/// Which bytes of the 8-byte word lie in [address, address + size).
std::uint8_t byte_mask(std::uint64_t word, std::uint64_t address, std::uint64_t size) {
  std::uint8_t mask = 0;
  for (unsigned i = 0; i < 8; ++i)
    if (overlaps(word * 8 + i, 1, address, size)) mask = static_cast<std::uint8_t>(mask | (1U << i));
  return mask;
}

}  // namespace

/// Who wrote what within one chunk.
struct Trace::WriteIndex {
  struct Write {
    std::uint64_t word = 0;
    std::uint64_t step = 0;
    std::uint8_t mask = 0;
    bool operator<(const Write& other) const { return std::tie(word, step) < std::tie(other.word, other.step); }
  };
  std::vector<Write> writes;  ///< ascending
  /// Of each processor.
  std::vector<std::array<std::vector<std::uint64_t>, emu::kRegisterSlots>> registers;

  explicit WriteIndex(std::size_t processors) : registers(processors) {}

  void add(const StepEffects& effects, const StepTemplate* step, std::uint64_t index) {
    for (const MemoryChange& change : effects.memory) {
      const std::uint64_t last = (change.physical.value + change.size - 1) / 8;
      for (std::uint64_t word = change.physical.value / 8; word <= last; ++word)
        writes.push_back({word, index, byte_mask(word, change.physical.value, change.size)});
    }
    const auto note = [&](CpuId cpu, std::size_t slot) {
      std::vector<std::uint64_t>& steps = registers[cpu.value][slot];
      if (steps.empty() || steps.back() != index) steps.push_back(index);
    };
    CpuId cpu = effects.cpu;
    std::size_t event = 0;
    for (std::size_t i = 0; i < effects.registers.size(); ++i) {
      for (; event < effects.events.size() && effects.event_starts[event].registers <= i; ++event)
        cpu = effects.events[event].cpu;
      note(cpu, emu::slot(effects.registers[i].reg));
    }
    if (step != nullptr) {
      for (const std::uint8_t slot : step->certain) note(effects.cpu, slot);
      note(effects.cpu, emu::slot(emu::Register::rip));
    }
  }
};

struct Trace::PageVersions {
  static constexpr std::size_t kInitial = static_cast<std::size_t>(-1);
  static constexpr std::size_t kDirty = static_cast<std::size_t>(-2);
  std::vector<std::uint8_t> initial;
  std::vector<std::pair<std::uint64_t, std::vector<std::uint8_t>>> versions;  ///< by chunk, ascending
  std::size_t current = kInitial;  ///< the version that lies in the state's memory

  [[nodiscard]] std::size_t version_at(std::uint64_t chunk) const {
    std::size_t best = kInitial;
    for (std::size_t i = 0; i < versions.size() && versions[i].first <= chunk; ++i) best = i;
    return best;
  }
};

emu::Result<std::unique_ptr<Trace>> Trace::create(TraceHeader header) {
  auto image = emu::Image::parse(header.image, header.image_name);
  if (!image) return image.error();
  MachineState start;
  start.registers = header.registers;
  if (!header.others.empty()) {
    start.parked = header.others;
    start.parked.insert(start.parked.begin(), emu::RegisterFile{});
  }
  for (const emu::LoadedRegion& region : header.regions)
    if (const auto added = start.memory.add(region); !added) return added.error();
  return std::unique_ptr<Trace>(new Trace(std::move(header), std::move(image).value(), std::move(start)));
}

Trace::Trace(TraceHeader header, emu::Image image, MachineState start)
    : header_(std::move(header)), image_(std::move(image)), debug_(image_), state_(std::move(start)) {
  first_owners_.resize(processors());
  timeline_.processors = processors();
  stays_ = StayBuilder(processors(), seed_of_turns(header_.meta, image_));
  cpu_switches_.resize(processors());
}

Trace::~Trace() = default;

std::string Trace::meta(const std::string& name) const {
  const auto found = header_.meta.find(name);
  return found == header_.meta.end() ? std::string() : found->second;
}

StepIndex Trace::steps() const {
  return chunks_.empty() ? StepIndex{0} : chunks_.back().last();
}

std::vector<std::uint8_t> Trace::initial_page(std::uint64_t address) const {
  std::vector<std::uint8_t> page(emu::kPageSize, 0);
  for (const emu::LoadedRegion& loaded : header_.regions) {
    if (!loaded.region.range.contains(emu::Address{address})) continue;
    const std::uint64_t offset = address - loaded.region.range.low.value;
    if (offset >= loaded.contents.size()) break;
    const std::size_t count = std::min<std::size_t>(page.size(), loaded.contents.size() - offset);
    std::copy_n(loaded.contents.begin() + static_cast<std::ptrdiff_t>(offset), count, page.begin());
  }
  return page;
}

void Trace::note_processors(TraceBatch& batch) {
  if (processors() == 1) return;
  for (const StepTemplate& step : batch.templates) {
    const auto code = disassembler_.decode(emu::Address{step.address}, std::span(step.bytes).first(step.size));
    if (code && code->flow == emu::Flow::halt)
      halts_.push_back(static_cast<std::uint32_t>(templates_.size() + (&step - batch.templates.data())));
  }
  auto event = batch.events.begin();
  for (const Chunk& chunk : batch.chunks) {
    ChunkProcessors found = processors_of(chunk, templates_.size() + batch.templates.size());
    for (const std::uint16_t cpu : found.events)
      if (event != batch.events.end()) (event++)->event.cpu = CpuId{cpu};
    for (std::size_t i = 0; i < found.steps.size(); ++i)
      stays_.add_step(CpuId{found.steps[i]}, std::binary_search(halts_.begin(), halts_.end(), found.instructions[i]));
    chunk_cpus_.push_back(std::move(found.steps));
    last_cpu_ = CpuId{found.last};
  }
}

void Trace::append(TraceBatch batch) {
  effects_step_.reset();
  note_processors(batch);
  const auto move_all = [](auto& from, auto& to) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  for (Chunk& chunk : batch.chunks) {
    if (chunk.first != (chunks_.empty() ? StepIndex{0} : chunks_.back().last()))
      throw CorruptData("chunks do not follow each other");
    if (chunk.registers.size() != processors() || chunk.cpu.value >= processors())
      throw CorruptData("a chunk has another number of processors than the start");
    has_spaces_ |= chunk.space != 0;
    if (const auto& layout = state_.layout(); layout && !has_spaces_) {
      // The head's count of spaces is written when a second one is made.
      const std::uint64_t count = (layout->kernel().low + offsetof(emu::LinuxBookHead, spaces)).value / 8;
      has_spaces_ = std::binary_search(chunk.touched.words.begin(), chunk.touched.words.end(), count);
    }
    std::optional<std::uint64_t> last_page;
    for (const std::uint64_t word : chunk.touched.words) {
      const std::uint64_t address = word * 8 / emu::kPageSize * emu::kPageSize;
      if (address == last_page) continue;
      last_page = address;
      if (state_.memory().region_at(emu::Address{address}) == nullptr)
        throw CorruptData("a chunk writes to memory that is not there");
      if (!pages_.contains(address)) pages_[address].initial = initial_page(address);
    }
    chunks_.push_back(std::move(chunk));
    words_.emplace_back();
  }
  for (PageRecord& page : batch.pages) {
    const auto found = pages_.find(page.address.value);
    if (found == pages_.end() || page.contents.size() != emu::kPageSize)
      throw CorruptData("a checkpoint of a page that was never written");
    found->second.versions.emplace_back(page.chunk, std::move(page.contents));
  }
  move_all(batch.templates, templates_);
  move_all(batch.threads, threads_);
  move_all(batch.events, events_);
  move_all(batch.output, output_);
  move_all(batch.findings, findings_);
  if (!first_owners_.front()) {
    std::vector<Thread> threads;
    for (const ThreadRecord& record : threads_)
      if (record.first_seen == StepIndex{0}) threads.push_back(record.thread);
    for (std::size_t i = 0; i < processors(); ++i) {
      const emu::RegisterFile& registers = i == 0 ? header_.registers : header_.others[i - 1];
      first_owners_[i] = stack_owner(threads, emu::Address{registers[emu::Register::rsp]});
    }
  }
  extend_timeline(std::move(batch.switches));
}

void Trace::finish(emu::Stop stop) {
  stop_ = std::move(stop);
  timeline_.recording = false;
}

void Trace::extend_timeline(std::vector<Switch> switches) {
  timeline_.steps = steps();
  timeline_.recording = !stop_.has_value();
  if (timeline_.threads.size() != threads_.size()) {
    timeline_.threads.clear();
    for (const ThreadRecord& record : threads_) timeline_.threads.push_back(record.thread);
    std::sort(timeline_.threads.begin(), timeline_.threads.end(),
              [](const Thread& a, const Thread& b) { return a.id < b.id; });
  }
  if (processors() > 1) {
    for (Switch& entry : switches) {
      if (entry.cpu.value >= processors()) throw CorruptData("a switch names a processor that is not there");
      if (entry.to) arrivals_[*entry.to].push_back(entry.step.value);
      cpu_switches_[entry.cpu.value].push_back(timeline_.switches.size());
      timeline_.switches.push_back(std::move(entry));
    }
    return stays_.extend(timeline_, first_owners_, events_);
  }
  std::vector<Slice>& slices = timeline_.slices;
  // The last slice was drawn up to the end of the trace so far: it goes on until the next switch.
  const auto run_until = [&](StepIndex last) {
    const std::optional<ThreadId> owner =
        timeline_.switches.empty() ? first_owners_.front() : timeline_.switches.back().to;
    const StepIndex first = timeline_.switches.empty() ? StepIndex{1} : timeline_.switches.back().step + 1;
    if (!owner || first > last) return;
    if (!slices.empty() && slices.back().first == first) {
      slices.back().last = last;
    } else {
      slices.push_back({*owner, first, last});
    }
  };
  for (Switch& entry : switches) {
    run_until(entry.step);
    if (entry.to) arrivals_[*entry.to].push_back(entry.step.value);
    timeline_.switches.push_back(std::move(entry));
  }
  run_until(timeline_.steps);
}

std::uint64_t Trace::memory_use() const {
  std::uint64_t bytes = 0;
  for (const Chunk& chunk : chunks_) bytes += sizeof chunk + chunk.body.capacity() + chunk.touched.words.capacity() * 9;
  for (const auto& words : words_) bytes += words.capacity() * 8;
  for (const auto& [address, page] : pages_) bytes += (page.versions.size() + 1) * emu::kPageSize;
  return bytes;
}

// ---- seeking ----

std::size_t Trace::chunk_at(StepIndex cursor) const {
  const auto behind = std::upper_bound(chunks_.begin(), chunks_.end(), cursor,
                                       [](StepIndex at, const Chunk& chunk) { return at < chunk.first; });
  return static_cast<std::size_t>(behind - chunks_.begin()) - 1;
}

void Trace::mark_dirty(const Chunk& chunk) {
  std::uint64_t last = ~std::uint64_t{0};
  for (const std::uint64_t word : chunk.touched.words) {
    const std::uint64_t address = word * 8 / emu::kPageSize * emu::kPageSize;
    if (address == last) continue;
    last = address;
    pages_.at(address).current = PageVersions::kDirty;
  }
}

/// The state's memory is that of the chunk's start; makes it that of its end.
void Trace::pass_chunk(std::size_t index) {
  const Chunk& chunk = chunks_[index];
  std::vector<std::uint64_t>& words = words_[index];
  mark_dirty(chunk);
  emu::Memory& memory = state_.raw_memory();
  if (words.empty() && !chunk.touched.words.empty()) {
    ChunkDecoder decoder(chunk, templates_, state_);
    while (decoder.next(nullptr)) {
    }
    state_.lay_flat();
    words.reserve(chunk.touched.words.size());
    for (const std::uint64_t word : chunk.touched.words)
      words.push_back(memory.read(emu::Address{word * 8}, 8).value_or(0));
    return;
  }
  for (std::size_t i = 0; i < words.size(); ++i) memory.write(emu::Address{chunk.touched.words[i] * 8}, words[i], 8);
}

void Trace::restore_memory(std::size_t chunk) {
  const std::size_t group = chunk / kCheckpointChunks * kCheckpointChunks;
  for (auto& [address, page] : pages_) {
    const std::size_t version = page.version_at(group);
    if (page.current == version) continue;
    const std::vector<std::uint8_t>& contents =
        version == PageVersions::kInitial ? page.initial : page.versions[version].second;
    state_.raw_memory().write_bytes(emu::Address{address}, contents);
    page.current = version;
  }
  for (std::size_t i = group; i < chunk; ++i) pass_chunk(i);
}

void Trace::open_chunk(std::size_t index, StepEffects* head) {
  const Chunk& chunk = chunks_[index];
  const bool follows = decoder_ != nullptr && open_chunk_ + 1 == index && cursor_ == chunk.first &&
                       decoder_->done() == chunks_[open_chunk_].steps;
  if (!follows) {
    decoder_.reset();
    state_.lay_flat();
    restore_memory(index);
  }
  mark_dirty(chunk);
  state_.mark();
  decoder_ = std::make_unique<ChunkDecoder>(chunk, templates_, state_, head);
  open_chunk_ = index;
  cursor_ = chunk.first;
}

void Trace::advance_to(StepIndex cursor) {
  while (cursor_ < cursor) {
    // The next chunk may have come since the last one was played to its end.
    if (decoder_->done() == chunks_[open_chunk_].steps && open_chunk_ + 1 < chunks_.size()) {
      open_chunk(open_chunk_ + 1, nullptr);
      continue;
    }
    if (!decoder_->next(nullptr)) throw CorruptData("a chunk holds fewer steps than its entry says");
    cursor_ = cursor_ + 1;
  }
}

CpuId Trace::cpu_of_step(StepIndex step) const {
  if (processors() == 1 || step.value == 0) return {};
  const std::size_t index = chunk_at(step - 1);
  return CpuId{chunk_cpus_[index].at((step - 1).value - chunks_[index].first.value)};
}

const MachineState& Trace::state_at(StepIndex cursor) {
  return state_at(cursor, cpu_of_step(std::min(cursor, steps())));
}

const MachineState& Trace::state_at(StepIndex cursor, CpuId cpu) {
  if (chunks_.empty()) {
    state_.select(cpu);
    return state_.machine();
  }
  cursor = std::min(cursor, steps());
  const std::size_t index = chunk_at(cursor);
  effects_step_.reset();
  const bool ahead = decoder_ != nullptr && cursor_ <= cursor && (open_chunk_ == index || open_chunk_ + 1 == index);
  if (!ahead) open_chunk(index, nullptr);
  advance_to(cursor);
  // Chunks without steps may follow the last one and carry its events.
  while (open_chunk_ < index) open_chunk(open_chunk_ + 1, nullptr);
  state_.select(cpu);
  return state_.machine();
}

const StepEffects& Trace::effects_of(StepIndex step) {
  if (effects_step_ == step) return effects_;
  if (step.value == 0 || step > steps()) throw std::out_of_range("no such step");
  state_at(step - 1);
  if (!decoder_->next(&effects_)) throw CorruptData("a chunk holds fewer steps than its entry says");
  cursor_ = step;
  while (decoder_->done() == chunks_[open_chunk_].steps && open_chunk_ + 1 < chunks_.size()) {
    open_chunk(open_chunk_ + 1, &effects_);
    if (chunks_[open_chunk_].steps > 0) break;
  }
  effects_step_ = step;
  state_.select(effects_.cpu);
  return effects_;
}

std::uint32_t Trace::space_at(StepIndex cursor) {
  if (!has_spaces_) return 0;
  state_at(cursor);
  return state_.space();
}

bool Trace::is_hidden(emu::Address address) const {
  const auto& layout = state_.layout();
  return layout && (layout->kernel().contains(address) || layout->frames().contains(address));
}

Trace::Look::Look(Trace& trace, std::optional<std::uint32_t> space) : trace_(trace), before_(trace.state_.space()) {
  if (trace.has_spaces_ && space && *space != before_) trace_.state_.lay_out(*space);
}

Trace::Look::~Look() {
  if (trace_.state_.space() != before_) trace_.state_.lay_out(before_);
}

std::pair<MachineState, std::uint32_t> Trace::last_flat_state() {
  const std::uint32_t space = space_at(steps());
  state_at(steps(), last_cpu_);
  state_.lay_flat();
  decoder_.reset();  // the next question begins anew
  return {state_.machine(), space};
}

std::vector<Trace::Part> Trace::parts_of(emu::AddressRange range, StepIndex cursor,
                                         std::optional<std::uint32_t> space) {
  if (!has_spaces_) return {{range.low, range}};
  state_at(cursor);
  const Look look(*this, space);
  if (state_.is_flat()) return {{range.low, range}};
  std::vector<Part> parts;
  while (!range.empty()) {
    const std::uint64_t size = std::min(range.size(), emu::kPageSize - range.low.value % emu::kPageSize);
    const emu::Address physical{state_.physical(range.low.value)};
    parts.push_back({range.low, {physical, physical + size}});
    range.low = range.low + size;
  }
  return parts;
}

// ---- switches ----

std::optional<ThreadId> Trace::thread_at(StepIndex cursor, CpuId cpu) const {
  const Switch* last = last_switch(cursor, cpu);
  return last == nullptr ? first_owners_.at(cpu.value) : last->to;
}

std::optional<ThreadId> Trace::thread_of_step(StepIndex step) const {
  return step.value == 0 ? first_owners_.front() : thread_at(step - 1, cpu_of_step(step));
}

const Switch* Trace::last_switch(StepIndex cursor, CpuId cpu) const {
  if (processors() == 1) return last_switch(cursor);
  const std::vector<std::size_t>& own = cpu_switches_.at(cpu.value);
  const auto behind = std::upper_bound(own.begin(), own.end(), cursor,
                                       [this](StepIndex at, std::size_t place) { return at < switches()[place].step; });
  return behind == own.begin() ? nullptr : &switches()[*(behind - 1)];
}

const Switch* Trace::last_switch(StepIndex cursor) const {
  const auto behind = std::upper_bound(switches().begin(), switches().end(), cursor,
                                       [](StepIndex at, const Switch& entry) { return at < entry.step; });
  return behind == switches().begin() ? nullptr : &*(behind - 1);
}

const Switch* Trace::next_switch(StepIndex cursor, CpuId cpu) const {
  if (processors() == 1) return next_switch(cursor);
  const std::vector<std::size_t>& own = cpu_switches_.at(cpu.value);
  const auto behind = std::upper_bound(own.begin(), own.end(), cursor,
                                       [this](StepIndex at, std::size_t place) { return at < switches()[place].step; });
  return behind == own.end() ? nullptr : &switches()[*behind];
}

const Switch* Trace::next_switch(StepIndex cursor) const {
  const auto behind = std::upper_bound(switches().begin(), switches().end(), cursor,
                                       [](StepIndex at, const Switch& entry) { return at < entry.step; });
  return behind == switches().end() ? nullptr : &*behind;
}

const Switch* Trace::last_leave(ThreadId thread, StepIndex cursor) const {
  const Switch* last = last_switch(cursor);
  if (last == nullptr) return nullptr;
  for (const Switch* entry = last + 1; entry-- != switches().data();)
    if (entry->from == thread) return entry;
  return nullptr;
}

std::optional<StepIndex> Trace::last_arrival(ThreadId thread, StepIndex cursor) const {
  const std::uint64_t count = switches_in(thread, cursor);
  return count == 0 ? std::nullopt : std::optional(StepIndex{arrivals_.at(thread)[count - 1]});
}

std::uint64_t Trace::switches_in(ThreadId thread, StepIndex cursor) const {
  const auto found = arrivals_.find(thread);
  if (found == arrivals_.end()) return 0;
  return static_cast<std::uint64_t>(std::upper_bound(found->second.begin(), found->second.end(), cursor.value) -
                                    found->second.begin());
}

std::span<const EventRecord> Trace::events_behind(StepIndex step) const {
  const auto by_step = [](const EventRecord& record, StepIndex at) { return record.event.step < at; };
  const auto first = std::lower_bound(events_.begin(), events_.end(), step, by_step);
  const auto last = std::lower_bound(first, events_.end(), step + 1, by_step);
  return {first, last};
}

std::string Trace::output_until(StepIndex cursor) const {
  std::string text;
  for (const OutputRecord& record : output_) {
    if (record.step > cursor) break;
    text += record.bytes;
  }
  return text;
}

// ---- who wrote it ----

const Trace::WriteIndex& Trace::write_index(std::size_t chunk) {
  const auto found =
      std::find_if(indexes_.begin(), indexes_.end(), [&](const auto& entry) { return entry.first == chunk; });
  if (found != indexes_.end()) {
    indexes_.splice(indexes_.begin(), indexes_, found);
    return *indexes_.front().second;
  }
  auto index = std::make_unique<WriteIndex>(processors());
  StepEffects effects;
  effects_step_.reset();
  open_chunk(chunk, &effects);
  index->add(effects, nullptr, chunks_[chunk].first.value);
  while (decoder_->next(&effects)) {
    cursor_ = cursor_ + 1;
    index->add(effects, &templates_[effects.instruction], cursor_.value);
  }
  std::sort(index->writes.begin(), index->writes.end());
  indexes_.emplace_front(chunk, std::move(index));
  if (indexes_.size() > kKeptIndexes) indexes_.pop_back();
  return *indexes_.front().second;
}

std::optional<StepIndex> Trace::last_write_in(std::size_t chunk, std::uint64_t word, std::uint8_t mask,
                                              StepIndex cursor) {
  const WriteIndex& index = write_index(chunk);
  auto entry = std::lower_bound(index.writes.begin(), index.writes.end(), WriteIndex::Write{word, cursor.value + 1, 0});
  while (entry != index.writes.begin() && (--entry)->word == word)
    if ((entry->mask & mask) != 0) return StepIndex{entry->step};
  return std::nullopt;
}

std::optional<StepIndex> Trace::last_write(emu::Address address, std::uint64_t size, StepIndex cursor,
                                           std::optional<std::uint32_t> space) {
  if (chunks_.empty() || size == 0) return std::nullopt;
  cursor = std::min(cursor, steps());
  std::optional<StepIndex> best;
  for (const Part& part : parts_of({address, address + size}, cursor, space)) {
    const auto found = last_physical_write(part.physical.low, part.physical.size(), cursor);
    if (found) best = best ? std::max(*best, *found) : *found;
  }
  return best;
}

std::optional<StepIndex> Trace::last_physical_write(emu::Address address, std::uint64_t size, StepIndex cursor) {
  const auto now = static_cast<std::uint32_t>(chunk_at(cursor));
  for (; known_writers_ < chunks_.size(); ++known_writers_)
    for (const std::uint64_t word : chunks_[known_writers_].touched.words)
      writers_[word].push_back(static_cast<std::uint32_t>(known_writers_));
  std::optional<StepIndex> best;
  for (std::uint64_t word = address.value / 8; word <= (address.value + size - 1) / 8; ++word) {
    const auto known = writers_.find(word);
    if (known == writers_.end()) continue;
    const std::uint8_t mask = byte_mask(word, address.value, size);
    const std::vector<std::uint32_t>& chunks = known->second;
    for (auto at = std::upper_bound(chunks.begin(), chunks.end(), now); at != chunks.begin();) {
      // Only the chunk of the cursor itself may turn out to have written the bytes later.
      if ((chunks_[*--at].touched.mask_of(word) & mask) == 0) continue;
      const auto found = last_write_in(*at, word, mask, cursor);
      if (!found) continue;
      best = best ? std::max(*best, *found) : *found;
      break;
    }
  }
  return best;
}

std::optional<StepIndex> Trace::last_write(emu::Register reg, StepIndex cursor, CpuId cpu) {
  if (chunks_.empty()) return std::nullopt;
  cursor = std::min(cursor, steps());
  const bool rip = reg == emu::Register::rip;
  for (std::size_t i = chunk_at(cursor) + 1; i-- > 0;) {
    if (!rip && !chunks_[i].written.test(emu::slot(reg))) continue;
    const std::vector<std::uint64_t>& steps_of = write_index(i).registers[cpu.value][emu::slot(reg)];
    const auto behind = std::upper_bound(steps_of.begin(), steps_of.end(), cursor.value);
    if (behind != steps_of.begin()) return StepIndex{*(behind - 1)};
  }
  return std::nullopt;
}

std::optional<emu::Address> Trace::lowest_write(emu::AddressRange range, StepIndex cursor,
                                                std::optional<std::uint32_t> space) {
  if (chunks_.empty() || range.empty()) return std::nullopt;
  for (const Part& part : parts_of(range, std::min(cursor, steps()), space)) {
    const auto found = lowest_physical_write(part.physical, cursor);
    if (found) return part.address + (*found - part.physical.low);
  }
  return std::nullopt;
}

std::optional<emu::Address> Trace::lowest_physical_write(emu::AddressRange range, StepIndex cursor) {
  const std::size_t last = chunk_at(std::min(cursor, steps()));
  std::optional<std::uint64_t> lowest;
  const auto consider = [&](std::uint64_t word) {
    if (word * 8 < range.high.value && (!lowest || word < *lowest)) lowest = word;
  };
  for (std::size_t i = 0; i < last; ++i) {
    const std::vector<std::uint64_t>& words = chunks_[i].touched.words;
    const auto at = std::lower_bound(words.begin(), words.end(), range.low.value / 8);
    if (at != words.end()) consider(*at);
  }
  const WriteIndex& index = write_index(last);
  auto at = std::lower_bound(index.writes.begin(), index.writes.end(), WriteIndex::Write{range.low.value / 8, 0, 0});
  while (at != index.writes.end() && at->step > cursor.value) ++at;
  if (at != index.writes.end()) consider(at->word);
  if (!lowest) return std::nullopt;
  return emu::Address{std::max(*lowest * 8, range.low.value)};
}

// ---- who touched it ----

const DecodedStep& Trace::decoded(std::uint32_t instruction) {
  const auto [entry, fresh] = decoded_.try_emplace(instruction);
  if (fresh) {
    const StepTemplate& step = templates_[instruction];
    entry->second = decode_step(disassembler_, emu::Address{step.address}, {step.bytes.data(), step.size});
  }
  return entry->second;
}

bool Trace::step_accesses(StepIndex step, const std::vector<Part>& parts) {
  const emu::RegisterFile before = state_before(step).registers;
  const StepEffects& effects = effects_of(step);
  const auto meets = [&parts](std::uint64_t low, std::uint64_t size) {
    return std::any_of(parts.begin(), parts.end(), [&](const Part& part) {
      return overlaps(low, size, part.physical.low.value, part.physical.size());
    });
  };
  for (const MemoryChange& change : effects.memory)
    if (meets(change.physical.value, change.size)) return true;
  const DecodedStep& code = decoded(effects.instruction);
  if (!code.instruction) return false;
  std::uint64_t rcx = before[emu::Register::rcx];
  for (const RegisterChange& change : effects.own_registers())
    if (change.reg == emu::Register::rcx) rcx = change.new_value;
  const auto reads = code.read_ranges(before, code.elements(before[emu::Register::rcx], rcx));
  // An event behind the step may have laid out another space.
  const bool moved_on = has_spaces_ && !effects.events.empty();
  return std::any_of(reads.begin(), reads.end(), [&](const emu::AddressRange& range) {
    if (!has_spaces_) return meets(range.low.value, range.size());
    const auto of_frames = parts_of(range, moved_on ? step - 1 : step, std::nullopt);
    return std::any_of(of_frames.begin(), of_frames.end(),
                       [&](const Part& part) { return meets(part.physical.low.value, part.physical.size()); });
  });
}

std::optional<StepIndex> Trace::next_access(emu::Address address, std::uint64_t size, StepIndex cursor) {
  const std::vector<Part> parts = parts_of({address, address + size}, std::min(cursor, steps()), std::nullopt);
  for (StepIndex step = cursor + 1; step <= steps(); step = step + 1)
    if (step_accesses(step, parts)) return step;
  return std::nullopt;
}

std::optional<StepIndex> Trace::previous_access(emu::Address address, std::uint64_t size, StepIndex cursor) {
  cursor = std::min(cursor, steps());
  const std::vector<Part> parts = parts_of({address, address + size}, cursor, std::nullopt);
  // Forwards through one chunk after the other, the last one first: a step back costs a seek.
  for (std::uint64_t high = cursor.value; high > 1;) {
    const std::uint64_t low = std::max<std::uint64_t>(chunks_[chunk_at(StepIndex{high - 2})].first.value, 0);
    std::optional<StepIndex> found;
    for (std::uint64_t step = low + 1; step < high; ++step)
      if (step_accesses(StepIndex{step}, parts)) found = StepIndex{step};
    if (found) return found;
    high = low + 1;
  }
  return std::nullopt;
}

}  // namespace fiberscope::core
