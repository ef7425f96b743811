#include "app/timeline_layout.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace fiberscope::app {
namespace {

constexpr double kSmallestSpan = 8;

double full_span(core::StepIndex steps) {
  return std::max(1.0, static_cast<double>(steps.value));
}

/// With several processors the steps alternate: a bar is a stay on one, through the other ones' steps too, or the part
/// of it in which that one waits.
std::vector<TimeBar> make_stay_bars(const core::Timeline& timeline, const TimeScale& scale) {
  std::vector<TimeBar> bars;
  const auto add = [&](const core::Stay& stay, core::StepIndex from, core::StepIndex to, bool idle) {
    const auto start = static_cast<double>(from.value);
    const auto end = static_cast<double>(to.value);
    if (to <= from || start > scale.range.last || end < scale.range.first) return;
    const float x0 = std::max(0.f, scale.x_of(start));
    bars.push_back({stay.thread, x0, std::max(std::min(scale.width, scale.x_of(end)), x0 + 1), false, stay.cpu, idle});
  };
  for (const core::Stay& stay : timeline.stays) {
    if (stay.own_last < stay.own_first) continue;
    core::StepIndex from = stay.first - 1;
    for (const core::Idle& idle : timeline.idles) {
      if (idle.cpu != stay.cpu || idle.last < stay.first || idle.first > stay.last) continue;
      const core::StepIndex to = std::min(idle.last, stay.last);
      add(stay, from, idle.first - 1, false);
      add(stay, idle.first - 1, to, true);
      from = std::max(from, to);
    }
    add(stay, from, stay.last, false);
  }
  std::stable_sort(bars.begin(), bars.end(), [](const TimeBar& a, const TimeBar& b) { return a.thread < b.thread; });
  return bars;
}

}  // namespace

float TimeScale::x_of(double cursor) const {
  return static_cast<float>((cursor - range.first) / range.span() * static_cast<double>(width));
}

core::StepIndex TimeScale::cursor_at(float x, core::StepIndex steps) const {
  const double cursor = range.first + static_cast<double>(x / width) * range.span();
  return {static_cast<std::uint64_t>(std::llround(std::clamp(cursor, 0.0, static_cast<double>(steps.value))))};
}

std::vector<TimeBar> make_bars(const core::Timeline& timeline, const TimeScale& scale) {
  if (timeline.processors > 1) return make_stay_bars(timeline, scale);
  std::map<core::ThreadId, std::vector<TimeBar>> lanes;
  const auto first = std::partition_point(
      timeline.slices.begin(), timeline.slices.end(),
      [&](const core::Slice& slice) { return static_cast<double>(slice.last.value) < scale.range.first; });
  for (auto slice = first; slice != timeline.slices.end(); ++slice) {
    const double start = static_cast<double>(slice->first.value) - 1;
    if (start > scale.range.last) break;
    TimeBar bar{slice->thread, std::max(0.f, scale.x_of(start)),
                std::min(scale.width, scale.x_of(static_cast<double>(slice->last.value))), false};
    std::vector<TimeBar>& lane = lanes[slice->thread];
    const bool tiny = bar.x1 - bar.x0 < 1;
    if (!lane.empty() && bar.x0 - lane.back().x1 < 1 &&
        (tiny || lane.back().merged || lane.back().x1 - lane.back().x0 < 1)) {
      lane.back().x1 = std::max(lane.back().x1, bar.x1);
      lane.back().merged = true;
    } else {
      lane.push_back(bar);
    }
  }
  std::vector<TimeBar> bars;
  for (auto& [thread, lane] : lanes) {
    for (TimeBar& bar : lane) {
      // Nothing that happened is too short to be seen.
      bar.x1 = std::max(bar.x1, bar.x0 + 1);
      bars.push_back(bar);
    }
  }
  return bars;
}

std::vector<SwitchMark> make_marks(const core::Timeline& timeline, const TimeScale& scale) {
  std::vector<SwitchMark> marks;
  const auto& switches = timeline.switches;
  auto at = std::partition_point(switches.begin(), switches.end(), [&](const core::Switch& s) {
    return static_cast<double>(s.step.value) < scale.range.first;
  });
  for (; at != switches.end() && static_cast<double>(at->step.value) <= scale.range.last; ++at) {
    const float x = scale.x_of(static_cast<double>(at->step.value));
    if (!marks.empty() && x - marks.back().x < 1) {
      ++marks.back().count;
    } else {
      marks.push_back({x, static_cast<std::size_t>(at - switches.begin()), 1});
    }
  }
  return marks;
}

std::vector<core::StepIndex> make_ticks(const TimeScale& scale, float spacing, core::StepIndex steps) {
  const double least = scale.range.span() * static_cast<double>(spacing / std::max(scale.width, 1.f));
  double distance = std::pow(10.0, std::floor(std::log10(std::max(least, 1.0))));
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    if (distance * factor >= std::max(least, 1.0)) {
      distance *= factor;
      break;
    }
  }
  std::vector<core::StepIndex> ticks;
  const double end = std::min(scale.range.last, static_cast<double>(steps.value));
  for (double cursor = std::ceil(scale.range.first / distance) * distance; cursor <= end; cursor += distance) {
    ticks.push_back({static_cast<std::uint64_t>(std::llround(std::max(0.0, cursor)))});
  }
  return ticks;
}

TimeRange zoom(const TimeScale& scale, float x, double factor, core::StepIndex steps) {
  const double whole = full_span(steps);
  const double span = std::clamp(scale.range.span() * factor, std::min(kSmallestSpan, whole), whole);
  const double share = std::clamp(static_cast<double>(x / scale.width), 0.0, 1.0);
  const double fixed = scale.range.first + share * scale.range.span();
  return shift({fixed - share * span, fixed - share * span + span}, 0, steps);
}

TimeRange shift(TimeRange range, double cursors, core::StepIndex steps) {
  const double whole = full_span(steps);
  const double span = std::min(range.span(), whole);
  const double first = std::clamp(range.first + cursors, 0.0, whole - span);
  return {first, first + span};
}

}  // namespace fiberscope::app
