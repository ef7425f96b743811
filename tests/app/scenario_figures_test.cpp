// The figures and the stacks over the runs that crowd them most: nothing cut, covered, dropped, or shown twice as
// running.
#include <gtest/gtest.h>

#include <cctype>
#include <map>
#include <set>

#include "app/figures/variable_rows.h"
#include "app/format.h"
#include "tests/app/headless_window.h"
#include "tests/app/recorded_document.h"

namespace fiberscope::app {
namespace {

using core::Figure;

TraceDocument& recorded(const std::string& name) {
  static std::map<std::string, std::unique_ptr<TraceDocument>> documents;
  auto& document = documents[name];
  if (!document) document = record_document("en", name);
  return *document;
}

struct Moment {
  const char* scenario;
  std::uint64_t step;
};

class Crowded : public testing::TestWithParam<Moment> {
 protected:
  void check(const ItemRegistry& items, std::string_view panel, const std::string& where) {
    const Rect place = items.panels().at(std::string(panel));
    const auto& texts = items.texts();
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (texts[i].panel != panel) continue;
      EXPECT_TRUE(texts[i].rect.inside(place, 1.5f)) << where << ": outside: " << texts[i].text;
      // A return address in a narrow column may lose letters of its function, but not its end.
      const bool narrow = panel == "stacks" && texts[i].text.find('+') != std::string::npos;
      EXPECT_FALSE(texts[i].elided && !narrow) << where << ": elided: " << texts[i].text;
      for (std::size_t j = i + 1; j < texts.size(); ++j)
        EXPECT_FALSE(texts[j].panel == panel && texts[i].rect.overlaps(texts[j].rect, 0.6f))
            << where << ": '" << texts[i].text << "' covers '" << texts[j].text << "'";
    }
  }
};

TEST_P(Crowded, FiguresAreLegible) {
  for (const auto& [width, height] : {std::pair{1280.f, 720.f}, {1920.f, 1080.f}}) {
    HeadlessWindow window(recorded(GetParam().scenario), width, height);
    for (const Figure figure : {Figure::states, Figure::process, Figure::processors, Figure::virtualizers,
                                Figure::variables, Figure::costs}) {
      window.session.freeze(core::StepIndex{GetParam().step}, 1);
      window.session.apply(command::ShowFigure{figure});
      window.frame();
      window.frame();
      check(window.workspace.items(), "figure",
            std::string(GetParam().scenario) + " " + std::string(core::to_string(figure)) + " " +
                std::to_string(static_cast<int>(width)));
    }
  }
}

TEST_P(Crowded, ThreadsAndStacksAreLegible) {
  HeadlessWindow window(recorded(GetParam().scenario), 1280, 720);
  window.session.apply(command::ShowFigure{Figure::none});
  window.session.freeze(core::StepIndex{GetParam().step}, 1);
  window.frame();
  window.frame();
  const std::string where = std::string(GetParam().scenario) + " at " + std::to_string(GetParam().step);
  check(window.workspace.items(), "stacks", where);
  std::set<std::string> names;
  for (const PaintedText& text : window.workspace.items().texts()) {
    if (text.panel != "threads" || text.text.size() < 3) continue;
    EXPECT_FALSE(text.elided) << where << ": " << text.text;
  }
}

/// Whatever does not fit is a click away, and no two lines look alike.
TEST_P(Crowded, EveryWatchedValueIsShown) {
  TraceDocument& document = recorded(GetParam().scenario);
  HeadlessWindow window(document, 1280, 720);
  window.session.freeze(core::StepIndex{GetParam().step}, 1);
  window.session.apply(command::ShowFigure{Figure::variables});
  window.frame();
  window.frame();
  const auto& values = document.figure({GetParam().step}).variables;
  const auto rows = fold_variables(values);
  std::size_t covered = 0;
  for (const VariableRow& row : rows) {
    EXPECT_EQ(row.first, covered);
    covered = row.last;
  }
  EXPECT_EQ(covered, values.size());
  std::set<std::string> seen;
  for (std::size_t page = 0; page < 40 && seen.size() < rows.size(); ++page) {
    std::set<std::string> painted;
    for (const VariableRow& row : rows)
      if (window.has("name " + row.name)) seen.insert(row.name);
    for (const PaintedText& text : window.workspace.items().texts()) {
      if (text.panel != "figure" || text.text.find_first_of(".[") == std::string::npos) continue;
      if (text.text.find(' ') != std::string::npos || text.text.front() == '"') continue;
      EXPECT_TRUE(painted.insert(text.text).second) << "two lines read " << text.text;
    }
    if (!window.has("##more_values")) break;
    window.click("##more_values");
    window.frame();
  }
  EXPECT_EQ(seen.size(), rows.size());
}

INSTANTIATE_TEST_SUITE_P(
    Moments, Crowded,
    testing::Values(Moment{"process-clone-flags", 5000}, Moment{"process-fork-cow", 258},
                    Moment{"one-kernel-task", 2591}, Moment{"one-kernel-task", 4995}, Moment{"kernel-ping-pong", 3840},
                    Moment{"kernel-ping-pong", 1823}, Moment{"fiber-shared-jobs", 2221},
                    Moment{"fiber-stack-each", 1407}, Moment{"fiber-task-graph", 4363}, Moment{"thread-errno", 1600},
                    Moment{"userthread-library", 11646}, Moment{"userthread-library", 10806},
                    Moment{"signal-preemption", 19279}, Moment{"signal-preemption", 21377},
                    Moment{"windowed-lazy-fpu", 3078}, Moment{"priority-scheduling", 2444},
                    Moment{"fiber-pop-rsp", 2088}, Moment{"boost-context", 15329}, Moment{"windowed-switch", 2191},
                    Moment{"one-processor", 4000}, Moment{"two-processors", 4000}, Moment{"two-processors", 8000},
                    Moment{"lost-update", 3000}, Moment{"two-processors --processors 8", 6000}),
    [](const auto& tested) {
      std::string name = std::string(tested.param.scenario) + "_" + std::to_string(tested.param.step);
      std::replace_if(
          name.begin(), name.end(), [](unsigned char letter) { return std::isalnum(letter) == 0; }, '_');
      return name;
    });

/// What a figure paints, line by line.
std::string painted(const std::string& scenario, std::uint64_t step, Figure figure) {
  HeadlessWindow window(recorded(scenario), 1280, 720);
  window.session.freeze(core::StepIndex{step}, 1);
  window.session.apply(command::ShowFigure{figure});
  window.frame();
  window.frame();
  std::string all;
  for (const PaintedText& text : window.workspace.items().texts())
    if (text.panel == "figure") all += text.text + "\n";
  return all;
}

std::size_t count_of(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

/// asm/programs/one_kernel_task.c makes the tasks editor and clock; number 0 is the boot thread, which the kernel keeps
/// for itself.
TEST(Tasks, OfAGuestsKernelAreThoseOfItsTable) {
  for (const std::uint64_t step : {3000U, 5000U, 7000U}) {
    const std::string processors = painted("one-kernel-task", step, Figure::processors);
    EXPECT_NE(processors.find("sees tasks: 3"), std::string::npos) << processors;
    for (const char* task : {"Task main", "Task editor", "Task clock"}) {
      EXPECT_NE(processors.find(task), std::string::npos) << task;
      EXPECT_EQ(count_of(painted("one-kernel-task", step, Figure::process), task), 1U) << task << " at " << step;
    }
  }
}

/// 1000 makes 1001, 1002, 1003 and 1004, one behind the end of the other.
TEST(Tasks, OfLinuxAddUpToTheirLanes) {
  const core::Timeline& timeline = recorded("process-clone-flags").timeline();
  const auto figure = [](std::uint64_t step) { return painted("process-clone-flags", step, Figure::processors); };
  const std::string later = figure(4000);
  EXPECT_NE(later.find("The kernel sees tasks: 1 · ended: 3 · not made yet: 1\n"), std::string::npos) << later;
  EXPECT_EQ(count_of(later, " · ended\n"), 3U) << later;
  EXPECT_NE(later.find("task 1004 · not made yet\n"), std::string::npos) << later;
  const std::string begin = figure(0);
  EXPECT_NE(begin.find("The kernel sees tasks: 1 · not made yet: 4\n"), std::string::npos) << begin;
  const std::string end = figure(timeline.steps.value);
  EXPECT_EQ(count_of(end, "not made yet"), 0U) << end;
}

TEST(Costs, OfSeveralProcessorsAreToldInRoundsAndByProcessor) {
  const std::string costs = painted("two-processors", 4000, Figure::costs);
  EXPECT_NE(costs.find("rounds of the clock"), std::string::npos) << costs;
  for (const char* cpu : {"CPU 0", "CPU 1"})
    EXPECT_NE(costs.find(std::string("model: TLBs of ") + cpu + ", one address space"), std::string::npos) << costs;
  const std::string processors = painted("two-processors", 4000, Figure::processors);
  EXPECT_NE(processors.find("\nrounds of the clock\n"), std::string::npos) << "the unit of the bars: " << processors;
}

TEST(Tags, StandForEveryProcessorsRbp) {
  HeadlessWindow window(recorded("two-processors"), 1280, 720);
  window.session.apply(command::ShowFigure{Figure::none});
  window.session.freeze(core::StepIndex{4000}, 1);
  window.frame();
  window.frame();
  // worker c on processor 0, worker d on number 1, both within primes_of_block.
  EXPECT_TRUE(window.has("tag rbp"));
  EXPECT_TRUE(window.has("tag rbp 1"));
  EXPECT_TRUE(window.has("reg gs_base")) << "the scenario watches it";
}

/// start_thread has loaded rbp, then rsp with the top of the new stack, behind its highest cell.
TEST(Tags, OfRspStandsOnItsLineAtAStacksEnd) {
  HeadlessWindow window(recorded("userthread-library"), 1280, 720);
  window.session.apply(command::ShowFigure{Figure::none});
  window.session.freeze(core::StepIndex{10806}, 1);
  window.frame();
  window.frame();
  const Rect end = window.item("end of stack 1");
  const Rect rsp = window.item("tag rsp");
  const Rect rbp = window.item("tag rbp");
  EXPECT_NEAR(rsp.center().y, end.center().y, 1.5f);
  EXPECT_FALSE(rsp.overlaps(rbp, 0.6f));
  EXPECT_LT(rbp.center().y, rsp.center().y);
}

TEST(Ending, SaysInWholeWhyARunEnded) {
  for (const char* name : {"windowed-misaligned", "windowed-fxsave-fault", "windowed-lost-return"}) {
    HeadlessWindow window(recorded(name), 1280, 720);
    window.session.freeze(recorded(name).timeline().steps, 1);
    window.frame();
    window.frame();
    const Rect ending = window.item("ending");
    std::string whole;
    for (const PaintedText& text : window.workspace.items().texts()) {
      if (text.panel != "caption") continue;
      EXPECT_FALSE(text.elided) << name << ": " << text.text;
      if (ending.contains(text.rect.center())) whole += (whole.empty() ? "" : " ") + text.text;
    }
    EXPECT_EQ(whole, recorded(name).ending()) << name;
  }
}

core::WatchedValue value(std::string name, std::uint64_t held, bool changed = false) {
  core::WatchedValue made;
  made.cell.name = std::move(name);
  made.cell.size = 8;
  made.value = held;
  made.changed = changed;
  return made;
}

std::vector<std::string> names_of(const std::vector<VariableRow>& rows) {
  std::vector<std::string> names;
  for (const VariableRow& row : rows) names.push_back(row.name);
  return names;
}

TEST(VariableRows, EqualElementsFoldAndWhatChangedStandsAlone) {
  std::vector<core::WatchedValue> values;
  for (int i = 0; i < 12; ++i) values.push_back(value("head[" + std::to_string(i) + "]", i < 4 ? 7 : 0, i == 9));
  values.push_back(value("count", 0));
  EXPECT_EQ(names_of(fold_variables(values)),
            (std::vector<std::string>{"head[0…3]", "head[4…8]", "head[9]", "head[10]", "head[11]", "count"}));
}

TEST(VariableRows, ElementsOfNothingButZerosFold) {
  std::vector<core::WatchedValue> values;
  for (int i = 0; i < 5; ++i)
    for (const char* member : {"id", "state", "next"})
      values.push_back(value("table[" + std::to_string(i) + "]." + member, i == 1 ? 3 : 0));
  const auto rows = fold_variables(values);
  EXPECT_EQ(names_of(rows),
            (std::vector<std::string>{"table[0]", "table[1].id", "table[1].state", "table[1].next", "table[2…4]"}));
  EXPECT_EQ(rows.back().first, 6U);
  EXPECT_EQ(rows.back().last, 15U);
}

TEST(VariableRows, NamesAreShortenedInTheMiddle) {
  const auto fits = [](std::size_t most) { return [most](const std::string& text) { return text.size() <= most; }; };
  EXPECT_EQ(shorten_middle("shelf.count", fits(20)), "shelf.count");
  const std::string first = shorten_middle("user_threads[0].jmp_buf[0].__jmpbuf[6]", fits(32));
  const std::string second = shorten_middle("user_threads[0].jmp_buf[0].__jmpbuf[7]", fits(32));
  EXPECT_NE(first, second);
  EXPECT_TRUE(first.starts_with("user_threads[0]…")) << first;
  EXPECT_TRUE(first.ends_with("jmpbuf[6]")) << first;
}

}  // namespace
}  // namespace fiberscope::app
