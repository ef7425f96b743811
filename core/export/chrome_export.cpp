#include "core/export/chrome_export.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/event_names.h"
#include "core/story.h"
#include "core/thread_names.h"

namespace fiberscope::core {
namespace {

constexpr int kProcess = 1;

/// Viewers take thread 0 for the idle thread of an operating system.
std::uint64_t track(ThreadId thread) {
  return std::uint64_t{thread.value} + 1;
}

class ChromeWriter {
 public:
  ChromeWriter(Trace& trace, ExportStream& out)
      : trace_(trace), out_(out), names_(trace), timeline_(trace.timeline()) {}

  void write() {
    out_.put("{\"traceEvents\":[\n");
    put_metadata();
    collect();
    for (const Entry& entry : entries_) put(entry);
    out_.put(
        "\n],\"displayTimeUnit\":\"ns\",\"otherData\":{\"schema\":\"fiberscope.chrome/1\",\"time\":\"1 us = 1 step\"");
    for (const auto& [name, value] : trace_.header().meta)
      out_.print(",{}:{}", json_string("trace." + name), json_string(value));
    out_.put("}}\n");
  }

 private:
  enum class What : std::uint8_t { arrow_end, slice, arrow_start, event, output, end };

  /// Something to write; `index` is its place in its own list.
  struct Entry {
    std::uint64_t time = 0;
    What what = What::slice;
    std::size_t index = 0;
  };

  void begin() {
    out_.put(first_ ? "" : ",\n");
    first_ = false;
  }

  void put_metadata() {
    begin();
    out_.print(R"({{"name":"process_name","ph":"M","pid":{},"tid":0,"args":{{"name":{}}}}})", kProcess,
               json_string(run_name(trace_)));
    for (const Thread& thread : timeline_.threads) {
      begin();
      out_.print(R"({{"name":"thread_name","ph":"M","pid":{},"tid":{},"args":{{"name":{}}}}})", kProcess,
                 track(thread.id), json_string(names_.of(thread.id)));
      begin();
      out_.print(R"({{"name":"thread_sort_index","ph":"M","pid":{},"tid":{},"args":{{"sort_index":{}}}}})", kProcess,
                 track(thread.id), thread.id.value);
    }
  }

  void collect() {
    for (const Slice& slice : timeline_.slices)
      if (timeline_.processors == 1)
        stays_.push_back({slice.thread, CpuId{}, slice.first, slice.last, slice.first.value, slice.last.value});
    for (const Stay& stay : timeline_.stays)
      if (stay.first <= stay.last) stays_.push_back(stay);
    for (std::size_t i = 0; i < stays_.size(); ++i) entries_.push_back({stays_[i].first.value - 1, What::slice, i});
    for (std::size_t i = 0; i < timeline_.switches.size(); ++i) {
      if (!has_arrow(timeline_.switches[i])) continue;
      // An arrow begins inside the last step of the slice that ends, and points at the slice that begins.
      entries_.push_back({timeline_.switches[i].step.value - 1, What::arrow_start, i});
      entries_.push_back({timeline_.switches[i].step.value, What::arrow_end, i});
    }
    for (std::size_t i = 0; i < trace_.events().size(); ++i)
      entries_.push_back({trace_.events()[i].event.step.value, What::event, i});
    for (std::size_t i = 0; i < trace_.output().size(); ++i)
      entries_.push_back({trace_.output()[i].step.value, What::output, i});
    if (trace_.stop()) entries_.push_back({trace_.steps().value, What::end, 0});
    const auto rank = [](What what) { return what == What::slice ? 0 : static_cast<int>(what) + 1; };
    std::stable_sort(entries_.begin(), entries_.end(), [&](const Entry& left, const Entry& right) {
      return left.time != right.time ? left.time < right.time : rank(left.what) < rank(right.what);
    });
  }

  /// Whether both ends have a slice: a thread that is left at once, or never runs a step, has none.
  [[nodiscard]] bool has_arrow(const Switch& entry) const {
    const auto next = std::upper_bound(stays_.begin(), stays_.end(), entry.step,
                                       [](StepIndex step, const Stay& stay) { return step < stay.first; });
    const auto goes_on = std::find_if(
        next, stays_.end(), [&](const Stay& stay) { return stay.cpu == entry.cpu || stay.first > entry.step + 1; });
    auto last = next;
    while (last != stays_.begin() && (--last)->cpu != entry.cpu) {
    }
    if (next == stays_.begin() || goes_on == stays_.end() || last->cpu != entry.cpu) return false;
    return last->last == entry.step && entry.from == last->thread && goes_on->first == entry.step + 1 &&
           goes_on->cpu == entry.cpu && entry.to == goes_on->thread;
  }

  void put(const Entry& entry) {
    begin();
    switch (entry.what) {
      case What::slice:
        return put_slice(stays_[entry.index]);
      case What::arrow_start:
      case What::arrow_end:
        return put_arrow(entry);
      case What::event:
        return put_event(trace_.events()[entry.index]);
      case What::output:
        return put_output(trace_.output()[entry.index]);
      case What::end:
        out_.print(R"({{"name":{},"cat":"end","ph":"i","s":"g","ts":{},"pid":{},"tid":0,"args":{{"reason":"{}"}}}})",
                   json_string(trace_.stop()->message), entry.time, kProcess, emu::to_string(trace_.stop()->reason));
    }
  }

  void put_slice(const Stay& slice) {
    const Switch* came = trace_.last_switch(slice.first - 1, slice.cpu);
    const Switch* left = trace_.next_switch(slice.last - 1, slice.cpu);
    const std::uint64_t steps = slice.own_last + 1 - slice.own_first;
    const std::string cpu = timeline_.processors == 1 ? "" : fmt::format(R"(,"cpu":{})", slice.cpu.value);
    out_.print(R"({{"name":{},"cat":"cpu","ph":"X","ts":{},"dur":{},"pid":{},"tid":{},"args":{{)"
               R"("first_step":{},"last_step":{},"steps":{},"came_by":{},"left_by":{}{}}}}})",
               json_string(names_.of(slice.thread)), slice.first.value - 1, slice.last.value - slice.first.value + 1,
               kProcess, track(slice.thread), slice.first.value, slice.last.value, steps, reason_of(came),
               reason_of(left), cpu);
  }

  void put_arrow(const Entry& entry) {
    const Switch& what = timeline_.switches[entry.index];
    const bool start = entry.what == What::arrow_start;
    out_.print(
        R"({{"name":"{}","cat":"switch","ph":"{}",{}"id":{},"ts":{},"pid":{},"tid":{},"args":{{"step":{},"at":{}}}}})",
        to_string(what.reason), start ? "s" : "f", start ? "" : R"("bp":"e",)", entry.index + 1, entry.time, kProcess,
        track(start ? *what.from : *what.to), what.step.value, json_string(what.at));
  }

  void put_event(const EventRecord& record) {
    const ChunkEvent& event = record.event;
    out_.print(R"({{"name":"{} {}","cat":"event","ph":"i",)", event_name(event.kind), event.vector);
    put_place(event.step,
              trace_.processors() == 1 ? trace_.thread_of_step(event.step) : trace_.thread_at(event.step, event.cpu));
    out_.print(R"("args":{{"step":{},"rip":"0x{:016x}","error_code":{},"text":{}}}}})", event.step.value,
               event.rip_before.value, event.error_code, json_string(record.text));
  }

  void put_output(const OutputRecord& record) {
    out_.put(R"({"name":"output","cat":"output","ph":"i",)");
    put_place(record.step, trace_.thread_of_step(record.step));
    out_.print(R"("args":{{"step":{},"text":{}}}}})", record.step.value, json_string(record.bytes));
  }

  /// Scope, time and track of an instant.
  void put_place(StepIndex step, std::optional<ThreadId> thread) {
    out_.print(R"("s":"{}","ts":{},"pid":{},"tid":{},)", thread ? "t" : "p", step.value, kProcess,
               thread ? track(*thread) : 0);
  }

  [[nodiscard]] static std::string reason_of(const Switch* entry) {
    return entry == nullptr ? "null" : fmt::format("\"{}\"", to_string(entry->reason));
  }

  Trace& trace_;
  ExportStream& out_;
  ThreadNames names_;
  Timeline timeline_;
  std::vector<Entry> entries_;
  std::vector<Stay> stays_;  ///< what the slices show, ascending
  bool first_ = true;
};

}  // namespace

void export_chrome(Trace& trace, ExportStream& out) {
  ChromeWriter(trace, out).write();
}

}  // namespace fiberscope::core
