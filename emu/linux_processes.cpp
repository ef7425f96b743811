// The part of the kernel that knows of processes: how they begin and end, and the books.
#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "emu/linux_kernel.h"

namespace fiberscope::emu {
namespace {

constexpr int kInit = 1;

std::uint32_t book_state(const LinuxTask& task, bool is_current) {
  switch (task.state) {
    case LinuxTask::State::runnable:
      return is_current ? LinuxBookTask::running : LinuxBookTask::ready;
    case LinuxTask::State::waiting:
      return LinuxBookTask::waiting;
    case LinuxTask::State::finished:
      break;
  }
  return LinuxBookTask::finished;
}

}  // namespace

LinuxProcess& LinuxKernel::add_process(int id, int parent, int exit_signal) {
  processes_.push_back(std::make_shared<LinuxProcess>());
  LinuxProcess& process = *processes_.back();
  process.id = id;
  process.parent = parent;
  process.exit_signal = exit_signal;
  return process;
}

LinuxProcess* LinuxKernel::find_process(int id) const {
  for (const auto& process : processes_)
    if (process->id == id && process->state != LinuxProcess::State::reaped) return process.get();
  return nullptr;
}

std::optional<std::uint32_t> LinuxKernel::next_space() {
  if (spaces_.size() >= linux_books::kMostSpaces) return std::nullopt;
  spaces_.emplace_back();
  return static_cast<std::uint32_t>(spaces_.size() - 1);
}

// ---- how they end ----

void LinuxKernel::release_vfork(LinuxTask& task) {
  const int waiting = std::exchange(task.vfork_parent, 0);
  LinuxTask* parent = waiting == 0 ? nullptr : tasks_.find(waiting);
  if (parent != nullptr && parent->wait.kind == LinuxWait::Kind::vfork) tasks_.end_wait(*parent, task.id);
}

void LinuxKernel::finish_task(LinuxTask& task) {
  if (task.state == LinuxTask::State::finished) return;
  // Nobody else could see it (mm_release of the kernel).
  if (task.clear_at_exit != Address{} && task.memory.use_count() > 1 &&
      task.memory->write_value(task.clear_at_exit, std::uint32_t{0}))
    tasks_.wake(task.memory->key_of(task.clear_at_exit), 1, ~std::uint32_t{0});
  release_vfork(task);
  tasks_.finish(task);
  if (loaded_ == task.memory.get() && task.memory.use_count() == 1) loaded_ = nullptr;
  task.last_files = task.files->number();
  task.last_filesystem = task.filesystem->number;
  task.last_handlers = task.handlers->number;
  task.memory.reset();
  task.files.reset();
  task.filesystem.reset();
  task.handlers.reset();
}

void LinuxKernel::end_task(int code) {
  finish_task(*current_);
  const bool last = std::none_of(tasks_.all().begin(), tasks_.all().end(), [this](const auto& task) {
    return task->group == current_->group && task->state != LinuxTask::State::finished;
  });
  if (last) end_process(code);
}

void LinuxKernel::end_process(int code) {
  Stop stop = stop_here(Stop::Reason::exited, fmt::format("exit code {}", code & 0xff));
  stop.code = code & 0xff;
  end_group(W_EXITCODE(code & 0xff, 0), std::move(stop));
}

void LinuxKernel::end_other_tasks() {
  for (const auto& task : tasks_.all())
    if (task->group == current_->group && task.get() != current_) finish_task(*task);
}

void LinuxKernel::reap(LinuxProcess& process) {
  process.state = LinuxProcess::State::reaped;
}

void LinuxKernel::end_group(int status, Stop stop) {
  end_other_tasks();
  finish_task(*current_);
  LinuxProcess& process = *current_->group;
  process.state = LinuxProcess::State::zombie;
  process.status = status;
  for (const auto& child : processes_) {
    if (child->parent != process.id) continue;
    child->parent = kInit;
    if (child->state == LinuxProcess::State::zombie) reap(*child);
  }
  if (process.id == processes_.front()->id) first_end_ = std::move(stop);
  LinuxProcess* parent = find_process(process.parent);
  if (parent == nullptr || parent->state != LinuxProcess::State::living) {
    reap(process);
  } else {
    const auto heir = std::find_if(tasks_.all().begin(), tasks_.all().end(), [&](const auto& task) {
      return task->group.get() == parent && task->state != LinuxTask::State::finished;
    });
    const SignalAction& wanted = action_of(**heir, SIGCHLD);
    const bool unasked = process.exit_signal == SIGCHLD && (wanted.handler == 1 || (wanted.flags & SA_NOCLDWAIT) != 0);
    if (process.exit_signal != 0) {
      siginfo_t info;
      std::memset(&info, 0, sizeof info);
      info.si_signo = process.exit_signal;
      info.si_code = WIFEXITED(status) ? CLD_EXITED : CLD_KILLED;
      info.si_pid = process.id;
      info.si_uid = 1000;
      info.si_status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
      send(info, *parent);
    }
    if (unasked) reap(process);
  }
  if (std::none_of(processes_.begin(), processes_.end(),
                   [](const auto& other) { return other->state == LinuxProcess::State::living; }))
    ending_ = first_end_;
}

void LinuxKernel::replace_memory(std::shared_ptr<LinuxMemory> memory, const LinuxProgram& program) {
  if (loaded_ == current_->memory.get() && current_->memory.use_count() == 1) loaded_ = nullptr;
  memory->on_copy([this](const LinuxMemory::Copy& copy) { note_copy(copy); });
  current_->space = memory->number();
  current_->memory = std::move(memory);
  current_->stack = program.stack;
  release_vfork(*current_);
}

// ---- the books ----

void LinuxKernel::write_book(std::uint64_t offset, const void* entry, std::size_t size) {
  const Address at = frames_.kernel().low + offset;
  const std::uint8_t* const bytes = static_cast<const std::uint8_t*>(entry);
  for (std::size_t i = 0; i < size; i += 8) {
    const Address word = at + i;
    const std::uint8_t* const now =
        frames_.bytes(Address{word.value & ~(kPageSize - 1)}).data() + word.value % kPageSize;
    if (std::memcmp(now, bytes + i, 8) != 0) frames_.write(word, {bytes + i, 8});
  }
}

void LinuxKernel::update_books() {
  tasks_.wake_ready();
  LinuxBookHead head;
  std::vector<std::uint32_t> users(spaces_.size(), 0);
  for (std::size_t i = 0; i < tasks_.all().size(); ++i) {
    const LinuxTask& task = *tasks_.all()[i];
    const bool is_current = &task == current_;
    const bool finished = task.state == LinuxTask::State::finished;
    if (is_current) head.current = static_cast<std::uint32_t>(i);
    LinuxBookTask entry;
    entry.state = book_state(task, is_current);
    entry.id = static_cast<std::uint32_t>(task.id);
    entry.process = static_cast<std::uint32_t>(task.process);
    entry.parent = static_cast<std::uint32_t>(task.group->parent);
    entry.space = task.space;
    entry.files = finished ? task.last_files : task.files->number();
    entry.filesystem = finished ? task.last_filesystem : task.filesystem->number;
    entry.handlers = finished ? task.last_handlers : task.handlers->number;
    entry.stack_low = task.stack.low.value;
    entry.stack_high = task.stack.high.value;
    if (task.state == LinuxTask::State::waiting) entry.waits_in = static_cast<std::uint32_t>(task.wait.number) + 1;
    if (finished) entry.status = static_cast<std::uint32_t>(task.group->status);
    entry.is_reaped = finished && task.group->state == LinuxProcess::State::reaped ? 1 : 0;
    if (!is_current && !finished) {
      entry.rsp = task.registers[Register::rsp];
      entry.rip = task.registers[Register::rip];
    }
    entry.clone_flags = static_cast<std::uint32_t>(task.clone_flags);
    write_book(linux_books::kTasksAt + i * sizeof entry, &entry, sizeof entry);
    if (finished) continue;
    ++users[task.space];
    LinuxBookSpace& space = spaces_[task.space];
    space = {task.memory->tables().root().value, 0, task.memory->tables().pages(), task.memory->copied(),
             task.memory->parent()};
  }
  for (std::size_t i = 0; i < spaces_.size(); ++i) {
    spaces_[i].users = users[i];
    if (users[i] == 0) spaces_[i].root = 0;
    write_book(linux_books::kSpacesAt + i * sizeof(LinuxBookSpace), &spaces_[i], sizeof(LinuxBookSpace));
  }
  head.tasks = static_cast<std::uint32_t>(tasks_.all().size());
  head.spaces = static_cast<std::uint32_t>(spaces_.size());
  write_book(0, &head, sizeof head);
}

}  // namespace fiberscope::emu
