#include "emu/linux_tasks.h"

#include <algorithm>
#include <utility>

namespace fiberscope::emu {

LinuxTasks::LinuxTasks(int first_id) : next_id_(first_id + 1) {
  tasks_.push_back(std::make_unique<LinuxTask>());
  tasks_.back()->id = first_id;
  tasks_.back()->process = first_id;
}

LinuxTask& LinuxTasks::create(const LinuxTask& like) {
  auto task = std::make_unique<LinuxTask>();
  task->id = next_id_++;
  task->process = like.process;
  task->group = like.group;
  task->space = like.space;
  task->stack = like.stack;
  task->blocked = like.blocked;
  tasks_.push_back(std::move(task));
  return *tasks_.back();
}

LinuxTask* LinuxTasks::find(int id) {
  for (const auto& task : tasks_)
    if (task->id == id && task->state != LinuxTask::State::finished) return task.get();
  return nullptr;
}

std::size_t LinuxTasks::living() const {
  return static_cast<std::size_t>(std::count_if(
      tasks_.begin(), tasks_.end(), [](const auto& task) { return task->state != LinuxTask::State::finished; }));
}

std::size_t LinuxTasks::runnable() const {
  return static_cast<std::size_t>(std::count_if(
      tasks_.begin(), tasks_.end(), [](const auto& task) { return task->state == LinuxTask::State::runnable; }));
}

LinuxTask* LinuxTasks::next_after(const LinuxTask& task) const {
  const auto here = std::find_if(tasks_.begin(), tasks_.end(), [&](const auto& other) { return other.get() == &task; });
  const auto at = static_cast<std::size_t>(here - tasks_.begin());
  for (std::size_t i = 1; i <= tasks_.size(); ++i) {
    LinuxTask* candidate = tasks_[(at + i) % tasks_.size()].get();
    if (candidate->state == LinuxTask::State::runnable) return candidate;
  }
  return nullptr;
}

int LinuxTasks::wake(LinuxMemory::Key futex, int count, std::uint32_t bits) {
  std::vector<LinuxTask*> woken;
  for (LinuxTask* task : waiting_) {
    if (static_cast<int>(woken.size()) >= count) break;
    const LinuxWait& wait = task->wait;
    if (wait.kind == LinuxWait::Kind::futex && wait.futex == futex && (wait.bits & bits) != 0) woken.push_back(task);
  }
  for (LinuxTask* task : woken) end_wait(*task, 0);
  return static_cast<int>(woken.size());
}

int LinuxTasks::requeue(LinuxMemory::Key from, LinuxMemory::Key to, int count) {
  int moved = 0;
  for (LinuxTask* task : waiting_) {
    if (moved >= count) break;
    if (task->wait.kind != LinuxWait::Kind::futex || !(task->wait.futex == from)) continue;
    task->wait.futex = to;
    ++moved;
  }
  return moved;
}

void LinuxTasks::begin_wait(LinuxTask& task, LinuxWait wait) {
  task.state = LinuxTask::State::waiting;
  task.wait = std::move(wait);
  waiting_.push_back(&task);
}

void LinuxTasks::end_wait(LinuxTask& task, std::int64_t answer) {
  task.state = LinuxTask::State::runnable;
  task.answer = answer;
  task.wait.ready = nullptr;  // what it holds, such as an open file
  waiting_.erase(std::remove(waiting_.begin(), waiting_.end(), &task), waiting_.end());
}

void LinuxTasks::wake_ready() {
  std::vector<LinuxTask*> woken;
  for (LinuxTask* task : waiting_)
    if (task->wait.kind == LinuxWait::Kind::event && task->wait.ready()) woken.push_back(task);
  for (LinuxTask* task : woken) end_wait(*task, 0);
}

void LinuxTasks::finish(LinuxTask& task) {
  task.state = LinuxTask::State::finished;
  task.answer.reset();
  task.interrupted.reset();
  task.wait = {};
  waiting_.erase(std::remove(waiting_.begin(), waiting_.end(), &task), waiting_.end());
}

std::optional<std::uint64_t> LinuxTasks::next_deadline() const {
  std::optional<std::uint64_t> nearest;
  for (const LinuxTask* task : waiting_)
    if (task->wait.deadline && (!nearest || *task->wait.deadline < *nearest)) nearest = task->wait.deadline;
  return nearest;
}

}  // namespace fiberscope::emu
