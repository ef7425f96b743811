#include "emu/linux_kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "emu/linux_calls.h"

namespace fiberscope::emu {
namespace {

constexpr int kFirstProcess = 1000;
constexpr int kInit = 1;
/// What one event may write: part of a log buffer.
constexpr std::uint64_t kBytesPerEvent = 1 << 20;

/// Cuts ranges into pieces that fit events.
std::vector<std::vector<AddressRange>> in_parts(const std::vector<AddressRange>& ranges) {
  std::vector<std::vector<AddressRange>> parts(1);
  std::uint64_t used = 0;
  for (AddressRange range : ranges) {
    while (!range.empty()) {
      if (used == kBytesPerEvent) {
        parts.emplace_back();
        used = 0;
      }
      const std::uint64_t size = std::min(range.size(), kBytesPerEvent - used);
      parts.back().push_back({range.low, range.low + size});
      range.low = range.low + size;
      used += size;
    }
  }
  return parts;
}

}  // namespace

LinuxKernel::LinuxKernel(Memory& memory, const Memory& pristine, Cpu& cpu, std::string& console,
                         const std::function<std::uint32_t()>& picker, const LinuxProgram& program,
                         const MachineOptions& options)
    : cpu_(cpu),
      pristine_(pristine),
      frames_(memory, cpu, program.frames, program.kernel),
      tables_room_(frames_),
      console_(console),
      picker_(picker),
      program_(program),
      options_(options),
      tasks_(kFirstProcess),
      current_(tasks_.all().front().get()),
      slice_end_(options.quantum) {
  options_.nanoseconds_per_step = std::max<std::uint64_t>(options_.nanoseconds_per_step, 1);
  add_process(kFirstProcess, kInit, SIGCHLD);
  current_->group = processes_.front();
  current_->memory = std::make_shared<LinuxMemory>(physical(), program_, *next_space());
  current_->memory->on_copy([this](const LinuxMemory::Copy& copy) { note_copy(copy); });
  current_->files = std::make_shared<LinuxFiles>(0);
  current_->filesystem = std::make_shared<LinuxFilesystem>();
  current_->handlers = std::make_shared<LinuxHandlers>();
  current_->stack = program_.stack;
  loaded_ = current_->memory.get();
  loaded_->load();
  update_books();
  frames_.take_written();  // a trace begins with it
}

LinuxClock LinuxKernel::clock() const {
  return clock_of(*current_->group);
}

LinuxClock LinuxKernel::clock_of(const LinuxProcess& process) const {
  const std::uint64_t running = &process == current_->group.get() ? cpu_.steps() - accounted_ : 0;
  return {options_.nanoseconds_per_step, cpu_.steps(), process.steps + running, skipped_};
}

void LinuxKernel::account() {
  current_->group->steps += cpu_.steps() - accounted_;
  accounted_ = cpu_.steps();
}

void LinuxKernel::log(EventKind kind, std::uint32_t vector, Address rip_before, const std::string& text) {
  update_books();
  const LinuxFrames::Moved moved = current_->memory != nullptr ? current_->memory->moved() : LinuxFrames::Moved();
  // The layout changes with the event and never apart from it: a trace may be read from the next record on.
  const bool lays_out = current_->space != space_ || moved != frames_.laid_out();
  std::vector<AddressRange> written = frames_.take_written();
  const auto books = std::find_if(written.begin(), written.end(),
                                  [this](const AddressRange& range) { return frames_.kernel().contains(range.low); });
  std::vector<std::vector<AddressRange>> parts = in_parts({written.begin(), books});
  // Page tables change in the event that lays them out.
  parts.back().insert(parts.back().end(), books, written.end());
  for (std::vector<AddressRange>& part : parts) {
    const bool is_last = &part == &parts.back();
    Cpu::Event event{kind, vector, 0, rip_before, std::move(part), text, std::nullopt};
    if (lays_out && is_last) event.space_after = current_->space;
    cpu_.log_event(event);
  }
  if (lays_out) frames_.lay_out(moved);
  space_ = current_->space;
  if (current_->memory != nullptr && loaded_ != current_->memory.get()) {
    if (loaded_ != nullptr) loaded_->unload();
    loaded_ = current_->memory.get();
    loaded_->load();
  }
}

void LinuxKernel::note_copy(const LinuxMemory::Copy& copy) {
  const std::string page =
      fmt::format("first write to page {:#x} (writable=0) in space {}", copy.page.value, copy.space);
  log(EventKind::page_copy, copy.from == copy.to ? 0 : 1, Address{cpu_.read(Register::rip)},
      copy.from == copy.to
          ? fmt::format("{}: nobody else has frame {:#x} any more, so it becomes writable without a copy", page,
                        copy.from.value / kPageSize)
          : fmt::format("{}: frame {:#x}, shared by {}, is copied to frame {:#x}, writable=1", page,
                        copy.from.value / kPageSize, copy.users, copy.to.value / kPageSize));
}

Stop LinuxKernel::stop_here(Stop::Reason reason, std::string message) const {
  Stop stop;
  stop.reason = reason;
  stop.rip = Address{cpu_.read(Register::rip)};
  stop.message = std::move(message);
  return stop;
}

void LinuxKernel::end(Stop::Reason reason, std::string message) {
  ending_ = stop_here(reason, std::move(message));
}

// ---- whose turn it is ----

void LinuxKernel::prepare() {
  renew_slice();
  while (!ending_) {
    expire();
    const bool over = yielding_ || (options_.quantum != 0 && cpu_.steps() >= slice_end_);
    if (current_->state != LinuxTask::State::runnable || (over && tasks_.runnable() > 1)) {
      if (!schedule()) {
        idle();
        continue;
      }
    }
    yielding_ = false;
    if (current_->answer) {
      give_answer();
      if (current_->state != LinuxTask::State::runnable) continue;
    }
    if (!deliver_signal()) return;
  }
}

/// A slice that ended while nobody else could run was followed by another one, whether or not anybody looked there.
void LinuxKernel::renew_slice() {
  if (options_.quantum == 0 || slice_end_ >= cpu_.steps()) return;
  slice_end_ += (cpu_.steps() - slice_end_ + options_.quantum - 1) / options_.quantum * options_.quantum;
}

std::uint64_t LinuxKernel::next_look(std::uint64_t limit) const {
  const LinuxClock time = clock();
  const auto at_most = [&](std::uint64_t steps) { limit = std::min(limit, time.steps + steps); };
  for (const auto& process : processes_) {
    if (process->state != LinuxProcess::State::living) continue;
    if (process == current_->group) {
      if (const auto timer = process->timers.steps_until_next(time)) at_most(*timer);
    } else if (const auto deadline = process->timers.real_deadline()) {
      at_most(time.steps_until(*deadline));
    }
  }
  if (const auto deadline = tasks_.next_deadline()) at_most(time.steps_until(*deadline));
  if (options_.quantum != 0 && tasks_.runnable() > 1) limit = std::min(limit, slice_end_);
  return limit;
}

void LinuxKernel::expire() {
  for (const auto& process : processes_) {
    if (process->state != LinuxProcess::State::living) continue;
    for (const int number : process->timers.expire(clock_of(*process))) {
      siginfo_t info{};
      info.si_signo = number;
      info.si_code = SI_KERNEL;
      send(info, *process);
    }
  }
  tasks_.wake_ready();
  const std::uint64_t now = clock().now();
  for (const auto& task : tasks_.all()) {
    if (task->state != LinuxTask::State::waiting || !task->wait.deadline || *task->wait.deadline > now) continue;
    tasks_.end_wait(*task, task->wait.kind == LinuxWait::Kind::sleep ? 0 : -ETIMEDOUT);
  }
}

bool LinuxKernel::schedule() {
  LinuxTask* next = nullptr;
  if (picker_) next = tasks_.find(static_cast<int>(picker_()));
  if (next == nullptr || next->state != LinuxTask::State::runnable) next = tasks_.next_after(*current_);
  if (next == nullptr) return false;
  put_on_cpu(*next);
  return true;
}

void LinuxKernel::put_on_cpu(LinuxTask& task) {
  slice_end_ = cpu_.steps() + options_.quantum;
  yielding_ = false;
  if (&task == current_) return;
  const Address rip{cpu_.read(Register::rip)};
  const char* why = "its time is over";
  if (current_->state == LinuxTask::State::waiting) why = "it waits";
  if (current_->state == LinuxTask::State::finished) why = "it has ended";
  const std::string text = fmt::format("task {} goes on instead of task {}: {}", task.id, current_->id, why);
  account();
  current_->registers = cpu_.read_all();
  cpu_.write_all(task.registers);
  current_ = &task;
  log(EventKind::task, static_cast<std::uint32_t>(task.id), rip, text);
}

void LinuxKernel::give_answer() {
  std::int64_t answer = *std::exchange(current_->answer, std::nullopt);
  if (current_->wait.kind == LinuxWait::Kind::event) {
    LinuxCall call;
    call.number = current_->wait.number;
    call.arguments = current_->wait.arguments;
    call.text = current_->wait.call;
    answer = find_call(call.number)->answer(*this, call);
    if (call.effect == LinuxCall::Effect::waits) return;
  }
  cpu_.write(Register::rax, static_cast<std::uint64_t>(answer));
  log(EventKind::system_call, static_cast<std::uint32_t>(current_->wait.number), Address{cpu_.read(Register::rip)},
      current_->wait.call + " = " + answer_text(answer, false));
}

void LinuxKernel::idle() {
  auto deadline = tasks_.next_deadline();
  for (const auto& process : processes_) {
    if (process->state != LinuxProcess::State::living) continue;
    if (const auto timer = process->timers.real_deadline(); timer && (!deadline || *timer < *deadline))
      deadline = timer;
  }
  if (deadline) {
    skipped_ += *deadline - clock().now();
    return;
  }
  std::string who;
  for (const auto& task : tasks_.all())
    if (task->state == LinuxTask::State::waiting)
      who += fmt::format("{}task {} in {}", who.empty() ? "" : ", ", task->id, task->wait.call);
  if (first_end_) {
    // Nobody asks for what its children do any more.
    ending_ = first_end_;
    ending_->message += "; waiting for ever: " + who;
    return;
  }
  end(Stop::Reason::deadlock, "deadlock: every task waits, and nothing can wake one: " + who);
}

void LinuxKernel::wait(LinuxCall& call, LinuxWait wait) {
  wait.call = call.text;
  wait.number = call.number;
  wait.arguments = call.arguments;
  call.effect = LinuxCall::Effect::waits;
  tasks_.begin_wait(*current_, std::move(wait));
  // A signal that has come already does not come again.
  if (current_->wait.kind == LinuxWait::Kind::vfork) return;
  if (((current_->pending.set() | pending().set()) & ~current_->blocked) != 0) interrupt(*current_);
}

// ---- input and output ----

void LinuxKernel::print(const std::string& bytes) {
  console_ += bytes;
  cpu_.log_output(bytes);
}

std::string LinuxKernel::take_input(std::size_t size) {
  std::string taken = options_.input.substr(std::min(input_taken_, options_.input.size()), size);
  input_taken_ += taken.size();
  return taken;
}

std::uint64_t LinuxKernel::random() {
  // SplitMix64.
  std::uint64_t value = random_ += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

// ---- system calls ----

void LinuxKernel::system_call() {
  renew_slice();
  const RegisterFile registers = cpu_.read_all();
  const Address rip{registers[Register::rip]};
  LinuxCall call;
  call.number = registers[Register::rax];
  constexpr Register kArguments[] = {Register::rdi, Register::rsi, Register::rdx,
                                     Register::r10, Register::r8,  Register::r9};
  for (std::size_t i = 0; i < call.arguments.size(); ++i) call.arguments[i] = registers[kArguments[i]];
  const LinuxCallEntry* entry = find_call(call.number);
  call.text = call_text(entry, call, memory());
  std::int64_t answer = -ENOSYS;
  if (entry != nullptr) {
    answer = entry->answer(*this, call);
  } else {
    call.note = "not emulated";
  }
  std::string text = call.text;
  switch (call.effect) {
    case LinuxCall::Effect::answered:
      cpu_.write(Register::rax, static_cast<std::uint64_t>(answer));
      text += " = " + answer_text(answer, entry != nullptr && entry->is_address);
      break;
    case LinuxCall::Effect::waits:
      text += " waits";
      break;
    case LinuxCall::Effect::gone:
      break;
  }
  if (!call.note.empty()) text += " (" + call.note + ")";
  log(EventKind::system_call, static_cast<std::uint32_t>(call.number), rip, text);
}

}  // namespace fiberscope::emu
