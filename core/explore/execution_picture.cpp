#include "core/explore/execution_picture.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

namespace fiberscope::core::explore {
namespace {

constexpr std::uint32_t kBufferedBytes = 8;  // at most, of an entry of a store buffer

bool overlap(const Touch& one, const Touch& other) {
  return one.address < other.address + other.size && other.address < one.address + one.size;
}

/// The variable of the first pair of accesses in conflict.
std::string conflict_variable(const ExecutedStep& one, const ExecutedStep& other) {
  for (const Touch& left : one.touches)
    for (const Touch& right : other.touches)
      if (in_conflict(left, right)) return right.variable;
  return {};
}

/// Arrows by vector clocks: clock[t] of a step is how many steps of thread t come before it or are it.
void add_arrows(ExecutionPicture& picture) {
  const auto& steps = picture.steps;
  const std::size_t threads = picture.threads;
  std::vector<std::vector<std::size_t>> clocks(steps.size(), std::vector<std::size_t>(threads, 0));
  std::vector<std::size_t> number(steps.size(), 0);  // of each step in its thread, from 1
  std::vector<std::optional<std::size_t>> last(threads);
  for (std::size_t to = 0; to < steps.size(); ++to) {
    const std::size_t own = steps[to].thread;
    // The newest step of every other thread in conflict stands for all older ones.
    std::vector<std::size_t> before;
    std::vector<bool> seen(threads, false);
    seen[own] = true;
    for (std::size_t from = to; from-- > 0;) {
      if (seen[steps[from].thread] || !in_conflict(steps[from], steps[to])) continue;
      seen[steps[from].thread] = true;
      before.push_back(from);
    }
    const auto follows = [&](std::size_t early, std::size_t late) {
      return clocks[late][steps[early].thread] >= number[early];
    };
    for (const std::size_t from : before) {
      const bool known = (last[own] && follows(from, *last[own])) ||
                         std::any_of(before.begin(), before.end(),
                                     [&](std::size_t other) { return other != from && follows(from, other); });
      if (!known) picture.arrows.push_back({from, to, conflict_variable(steps[from], steps[to])});
    }
    if (last[own]) clocks[to] = clocks[*last[own]];
    for (const std::size_t from : before)
      for (std::size_t i = 0; i < threads; ++i) clocks[to][i] = std::max(clocks[to][i], clocks[from][i]);
    number[to] = clocks[to][own] = (last[own] ? number[*last[own]] : 0) + 1;
    last[own] = to;
  }
  std::sort(picture.arrows.begin(), picture.arrows.end(), [](const auto& one, const auto& other) {
    return std::pair(one.to, one.from) < std::pair(other.to, other.from);
  });
}

/// The last write of a common byte before `at`: in memory, or for a forwarded load in its thread's own buffer.
std::optional<std::size_t> last_write(const ExecutionPicture& picture, const Touch& read, std::size_t at) {
  const bool forwarded = read.kind == Touch::Kind::forwarded_read;
  const Touch::Kind wanted = forwarded ? Touch::Kind::buffered_write : Touch::Kind::write;
  for (std::size_t i = at; i-- > 0;) {
    if (forwarded && picture.steps[i].thread != picture.steps[at].thread) continue;
    for (const Touch& touch : picture.steps[i].touches)
      if (touch.kind == wanted && overlap(touch, read)) return i;
  }
  return std::nullopt;
}

void add_reads_from(ExecutionPicture& picture) {
  for (std::size_t i = 0; i < picture.steps.size(); ++i)
    for (const Touch& touch : picture.steps[i].touches)
      if (!touch.writes()) picture.reads_from.push_back({i, last_write(picture, touch, i), touch.variable});
}

/// The last load from memory of what `store` writes, by the same thread, with no own store in between.
std::optional<std::size_t> load_before(const std::vector<ExecutedStep>& steps, const Touch& store, std::size_t at) {
  for (std::size_t i = at + 1; i-- > 0;) {
    if (steps[i].thread != steps[at].thread) continue;
    bool writes = false;
    for (const Touch& touch : steps[i].touches) {
      if (!overlap(touch, store)) continue;
      if (touch.kind == Touch::Kind::read) return i;
      writes = writes || (touch.kind == Touch::Kind::write && i != at);
    }
    if (writes) return std::nullopt;
  }
  return std::nullopt;
}

/// Of each step: whether what reaches memory by it is a number of the program's text. A drain brings the oldest store
/// that its thread's buffer holds.
std::vector<bool> constant_stores(const std::vector<ExecutedStep>& steps) {
  std::map<std::size_t, std::deque<bool>> waiting;  // by thread
  std::vector<bool> constants(steps.size(), false);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::deque<bool>& buffer = waiting[steps[i].thread];
    for (const Touch& touch : steps[i].touches) {
      if (touch.kind == Touch::Kind::buffered_write)
        buffer.insert(buffer.end(), (touch.size + kBufferedBytes - 1) / kBufferedBytes, touch.is_constant);
      if (touch.kind != Touch::Kind::write) continue;
      constants[i] = touch.is_constant;
      if (!steps[i].drain || buffer.empty()) continue;
      constants[i] = buffer.front();
      buffer.pop_front();
    }
  }
  return constants;
}

}  // namespace

bool in_conflict(const Touch& one, const Touch& other) {
  return one.in_memory() && other.in_memory() && (one.writes() || other.writes()) && overlap(one, other);
}

bool in_conflict(const ExecutedStep& one, const ExecutedStep& other) {
  for (const Touch& left : one.touches)
    for (const Touch& right : other.touches)
      if (in_conflict(left, right)) return true;
  return false;
}

std::vector<ExecutionPicture::LostUpdate> find_lost_updates(const std::vector<ExecutedStep>& steps) {
  std::vector<ExecutionPicture::LostUpdate> found;
  const std::vector<bool> constants = constant_stores(steps);
  for (std::size_t store = 0; store < steps.size(); ++store) {
    if (constants[store]) continue;
    for (const Touch& touch : steps[store].touches) {
      if (touch.kind != Touch::Kind::write) continue;
      const auto load = load_before(steps, touch, store);
      if (!load) continue;
      for (std::size_t i = store; i-- > *load + 1;) {
        const ExecutedStep& other = steps[i];
        if (other.thread == steps[store].thread) continue;
        const bool lost = std::any_of(other.touches.begin(), other.touches.end(), [&](const Touch& one) {
          return one.kind == Touch::Kind::write && overlap(one, touch);
        });
        if (!lost) continue;
        found.push_back({*load, i, store, touch.variable});
        break;
      }
    }
  }
  return found;
}

ExecutionPicture picture_execution(std::vector<ExecutedStep> steps, std::size_t threads) {
  ExecutionPicture picture;
  picture.threads = threads;
  picture.steps = std::move(steps);
  add_arrows(picture);
  add_reads_from(picture);
  picture.lost_updates = find_lost_updates(picture.steps);
  return picture;
}

}  // namespace fiberscope::core::explore
