#include "app/explore/question_panel.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <array>

#include "app/explore/explore_layout.h"
#include "app/explore/outcome_style.h"
#include "app/format.h"
#include "app/imgui_compat.h"

namespace fiberscope::app {
namespace {

constexpr std::size_t kMostStatusLines = 4;
constexpr std::size_t kMostLessonLines = 3;

/// What became of the question: live counters, or the answer's numbers with what they are complete for.
std::string status_text(const ExploreState& state, const Words& words) {
  const auto size = [&](std::uint64_t states, std::uint64_t transitions) {
    return fmt::format("{} {} · {} {}", grouped(states), words(states == 1 ? Word::one_state : Word::explore_states),
                       grouped(transitions),
                       words(transitions == 1 ? Word::one_transition : Word::explore_transitions));
  };
  if (state.running)
    return fmt::format("{} {} · {:.1f} s", words(Word::explore_exploring), size(state.states, state.transitions),
                       state.running_seconds);
  if (state.replaying) return words(Word::explore_replaying);
  if (!state.answer) return words(Word::explore_ask);
  const auto& answer = *state.answer;
  std::string text;
  if (!answer.schedules.empty())
    text += counted(answer.schedules, words, Word::one_schedule, Word::explore_schedules) + " · ";
  if (!answer.executions.empty())
    text += counted(answer.executions, words, Word::one_execution, Word::explore_executions) + " · ";
  text += size(answer.states, answer.transitions) + " · ";
  if (answer.complete) {
    text += words(Word::explore_complete);
  } else {
    std::string why = answer.stop_reason;
    for (const std::string& more : {answer.complete_for, answer.bound})
      if (!more.empty()) why += " · " + more;
    text += words(Word::explore_incomplete_n, why);
  }
  text += fmt::format(" · {} {} {} {} · {:.2f} s", answer.lowering, answer.scheduler, answer.cpus, answer.memory,
                      state.answer_seconds);
  if (state.answered != state.question) text += std::string(" · ") + words(Word::explore_stale);
  return text;
}

class QuestionBox {
 public:
  QuestionBox(Canvas& canvas, const View& view, const Rect& area, Commands& commands)
      : canvas_(canvas),
        theme_(canvas.theme()),
        view_(view),
        state_(*view.explore),
        words_(view.words()),
        area_(area),
        commands_(commands),
        left_(area.x0 + canvas.px(14)),
        right_(area.x1 - canvas.px(14)) {}

  void draw() {
    draw_head();
    float y = area_.y0 + canvas_.px(kQuestionHead);
    const float row = canvas_.px(kQuestionRow);
    for (const std::string& text : lesson_lines(canvas_, view_, right_ - left_)) {
      canvas_.text_in({left_, y, right_, y + canvas_.px(kStatusRow)},
                      {FontRole::small, FontRole::tiny, FontRole::micro}, theme_.dim, text);
      y += canvas_.px(kStatusRow);
    }
    if (!state_.question.target.empty()) {
      canvas_.text_in({left_, y, right_, y + row}, {FontRole::mono, FontRole::mono_small, FontRole::mono_tiny},
                      theme_.text, state_.question.target);
      y += row;
    } else {
      const float half = (right_ - left_ - canvas_.px(16)) / 2;
      for (std::size_t i = 0; i < state_.question.threads.size(); ++i) {
        const float x = left_ + (i % 2 == 0 ? 0 : half + canvas_.px(16));
        draw_thread(i, {x, y, x + half, y + row - canvas_.px(4)});
        if (i % 2 == 1) y += row;
      }
      if (state_.question.threads.size() % 2 == 1) y += row;
    }
    draw_values({left_, y, right_, y + row - canvas_.px(4)});
    y += row;
    draw_choosers({left_, y, right_, y + row - canvas_.px(6)});
    y += row;
    draw_status(y);
    // Enter: what was typed is handed over above, and asked behind it.
    if (state_.submit && !compat::input_waits()) push(exploring::Run{});
  }

 private:
  void push(ExploreCommand command) { commands_.push_back(command::Explore{std::move(command)}); }

  void draw_head() {
    const core::Scenario* lesson = state_.asked_lesson();
    const std::string title = lesson != nullptr ? lesson->title.in(to_string(view_.state->language))
                                                : std::string(words_(Word::explore_title));
    canvas_.panel_head("question", area_, title);
    const float y0 = area_.y0 + canvas_.px(4);
    const float y1 = area_.y0 + canvas_.px(36);
    const auto width_of = [&](Word word) { return canvas_.width(FontRole::text_bold, words_(word)) + canvas_.px(36); };
    float x = right_;
    const Word word = !state_.running   ? Word::explore_run
                      : state_.stopping ? Word::explore_stopping
                                        : Word::explore_stop;
    const Rect main{x - width_of(word), y0, x, y1};
    if (draw_button(canvas_, state_.running ? "stop exploring" : "explore", main, words_(word), !state_.running)) {
      if (state_.running) {
        push(exploring::Stop{});
      } else {
        push(exploring::Run{});
      }
    }
    x = main.x0 - canvas_.px(10);
    if (!state_.can_leave) return;
    const Rect back{x - width_of(Word::explore_back), y0, x, y1};
    if (draw_button(canvas_, "back to the run", back, words_(Word::explore_back)))
      commands_.push_back(command::ToggleExplore{});
  }

  /// A line that can be typed into; true if its text changed.
  bool field(const std::string& label, const Rect& box, std::string& text) {
    canvas_.fill(box, theme_.head, canvas_.px(6));
    canvas_.items().mark(label, box);
    ImGui::SetCursorScreenPos({box.x0 + canvas_.px(2), box.y0});
    ImGui::PushFont(canvas_.fonts().get(FontRole::mono_small));
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        {canvas_.px(8), std::max(0.f, (box.height() - ImGui::GetFontSize()) / 2)});
    ImGui::PushStyleColor(ImGuiCol_FrameBg, 0u);
    ImGui::PushStyleColor(ImGuiCol_Text, theme_.text);
    ImGui::PushStyleColor(ImGuiCol_TextSelectedBg, with_alpha(theme_.accent, 110));
    ImGui::SetNextItemWidth(box.width() - canvas_.px(4));
    const std::string before = text;
    ImGui::InputText(("##" + label).c_str(), &text);
    const bool active = ImGui::IsItemActive();
    ImGui::PopStyleColor(3);
    ImGui::PopStyleVar();
    ImGui::PopFont();
    canvas_.outline(box, active ? theme_.accent : theme_.border, canvas_.px(6), canvas_.px(active ? 2 : 1));
    // Escape leaves the box; ImGui would take back what was typed.
    return text != before && !compat::escape_pressed();
  }

  void draw_thread(std::size_t thread, const Rect& box) {
    canvas_.badge({box.x0 + canvas_.px(16), box.center().y}, canvas_.px(14), explored_thread(thread));
    std::string text = state_.question.threads[thread];
    if (field(fmt::format("thread text {}", thread + 1), {box.x0 + canvas_.px(38), box.y0, box.x1, box.y1}, text))
      push(exploring::SetThread{thread, std::move(text)});
  }

  float label(float x, const Rect& row, const char* word) {
    const float wide = canvas_.width(FontRole::small, word);
    canvas_.text_in({x, row.y0, x + wide + 1, row.y1}, {FontRole::small}, theme_.dim, word);
    return x + wide + canvas_.px(10);
  }

  void draw_values(const Rect& row) {
    const bool typed = state_.question.target.empty();
    const float buttons = typed ? canvas_.px(120) : 0;
    const float end = row.x1 - buttons;
    float x = row.x0;
    const float half = row.x0 + (end - row.x0) / 2;
    if (typed) {
      x = label(x, row, words_(Word::explore_start_values));
      std::string text = state_.question.initial;
      if (field("start values", {x, row.y0, half - canvas_.px(12), row.y1}, text))
        push(exploring::Set{ExploreField::initial, std::move(text)});
      x = half;
    }
    x = label(x, row, words_(Word::explore_assert));
    std::string text = fmt::format("{}", fmt::join(state_.question.assertions, "; "));
    if (field("assertions", {x, row.y0, end - canvas_.px(12), row.y1}, text))
      push(exploring::Set{ExploreField::assertions, std::move(text)});
    if (!typed) return;
    const Rect fewer{row.x1 - canvas_.px(108), row.y0, row.x1 - canvas_.px(58), row.y1};
    const Rect more{row.x1 - canvas_.px(50), row.y0, row.x1, row.y1};
    if (draw_button(canvas_, "fewer threads", fewer, "−", false, words_(Word::explore_remove)))
      push(exploring::RemoveThread{});
    if (draw_button(canvas_, "more threads", more, "+", false, words_(Word::explore_add))) push(exploring::AddThread{});
  }

  struct Chooser {
    Word name;
    ExploreField field;
    const char* item;
    std::string chosen;
    std::vector<std::string> words;
  };

  /// The quantum of "rr=Q", 2 where it is none.
  [[nodiscard]] static unsigned quantum_of(const std::string& scheduler) {
    unsigned quantum = 2;
    if (scheduler.rfind("rr=", 0) == 0 && std::sscanf(scheduler.c_str() + 3, "%5u", &quantum) != 1) quantum = 2;
    return std::max(1u, quantum);
  }

  void draw_choosers(const Rect& row) {
    const ExploreQuestion& asked = state_.question;
    const auto* answer = state_.answer && state_.answered == asked ? &*state_.answer : nullptr;
    const auto chosen = [&](const std::string& said, std::string core::explore::ExploreAnswer::*found) {
      return said.empty() && answer != nullptr ? answer->*found : said;
    };
    using Answer = core::explore::ExploreAnswer;
    const bool typed = asked.target.empty();
    const bool c_file = asked.target.size() > 2 && asked.target.compare(asked.target.size() - 2, 2, ".c") == 0;
    const unsigned quantum = quantum_of(asked.scheduler);
    std::vector<std::string> lowerings;
    if (typed) lowerings = {"statement", "textbook"};
    if (typed || c_file) lowerings.insert(lowerings.end(), {"O0", "O2"});
    const std::array<Chooser, 4> choosers = {{
        {Word::explore_code, ExploreField::lowering, "lowering", chosen(asked.lowering, &Answer::lowering), lowerings},
        {Word::explore_scheduler,
         ExploreField::scheduler,
         "scheduler",
         chosen(asked.scheduler, &Answer::scheduler),
         {"any", "rr", fmt::format("rr={}", quantum)}},
        {Word::explore_cpus, ExploreField::cpus, "cpus", chosen(asked.cpus, &Answer::cpus), {"one", "many"}},
        {Word::explore_memory, ExploreField::memory, "memory", chosen(asked.memory, &Answer::memory), {"sc", "tso"}},
    }};
    // All of it has to stand on one line: smaller where it must be.
    FontRole font = FontRole::micro;
    float pad = canvas_.px(14);
    for (const FontRole one : {FontRole::small, FontRole::tiny}) {
      if (width_of(choosers, one, canvas_.px(22)) > row.width()) continue;
      font = one;
      pad = canvas_.px(22);
      break;
    }
    float x = row.x0;
    for (const Chooser& chooser : choosers) {
      if (chooser.words.empty()) continue;
      const float wide = canvas_.width(font, words_(chooser.name));
      canvas_.text_in({x, row.y0, x + wide + 1, row.y1}, {font}, theme_.dim, words_(chooser.name));
      x += wide + canvas_.px(8);
      for (const std::string& word : chooser.words) {
        const Rect pill{x, row.y0 + canvas_.px(2), x + canvas_.width(font, word) + pad, row.y1 - canvas_.px(2)};
        const bool on = word == chooser.chosen;
        if (canvas_.hit(std::string(chooser.item) + " " + word, pill).clicked)
          push(exploring::Choose{chooser.field, word});
        canvas_.pill(pill, on, on ? theme_.accent : theme_.dim, theme_.on_accent, word, font);
        x = pill.x1 + canvas_.px(4);
      }
      if (chooser.field == ExploreField::scheduler) x = draw_quantum(x, row, quantum, chooser.chosen);
      x += canvas_.px(18);
    }
  }

  [[nodiscard]] float width_of(const std::array<Chooser, 4>& choosers, FontRole font, float pad) const {
    float wide = 0;
    for (const Chooser& chooser : choosers) {
      if (chooser.words.empty()) continue;
      wide += canvas_.width(font, words_(chooser.name)) + canvas_.px(26);
      for (const std::string& word : chooser.words) wide += canvas_.width(font, word) + pad + canvas_.px(4);
      if (chooser.field == ExploreField::scheduler) wide += canvas_.px(64);
    }
    return wide - canvas_.px(18);
  }

  /// Smaller and larger turns.
  float draw_quantum(float x, const Rect& row, unsigned quantum, const std::string& chosen) {
    const bool on = chosen.rfind("rr=", 0) == 0;
    for (const int change : {-1, 1}) {
      const Rect box{x, row.y0 + canvas_.px(4), x + canvas_.px(28), row.y1 - canvas_.px(4)};
      if (draw_button(canvas_, change < 0 ? "smaller turns" : "larger turns", box, change < 0 ? "−" : "+")) {
        const unsigned next = !on ? quantum : change < 0 ? std::max(1u, quantum - 1) : std::min(99u, quantum + 1);
        push(exploring::Choose{ExploreField::scheduler, fmt::format("rr={}", next)});
      }
      x = box.x1 + canvas_.px(4);
    }
    return x;
  }

  void draw_status(float y) {
    const float line = canvas_.px(kStatusRow);
    const bool bad = (!state_.error.empty() && !state_.running) ||
                     (state_.answer && !state_.answer->complete && !state_.running && !state_.replaying);
    const bool stale = state_.answer && state_.answered != state_.question && !state_.running;
    const Colour colour = bad ? theme_.alert : stale ? theme_.changed : theme_.text;
    for (const std::string& text : status_lines(canvas_, view_, right_ - left_)) {
      canvas_.text_in({left_, y, right_, y + line}, {FontRole::small, FontRole::tiny, FontRole::micro}, colour, text);
      y += line;
    }
  }

  Canvas& canvas_;
  const Theme& theme_;
  const View& view_;
  const ExploreState& state_;
  Words words_;
  Rect area_;
  Commands& commands_;
  float left_;
  float right_;
};

}  // namespace

std::vector<std::string> status_lines(const Canvas& canvas, const View& view, float width) {
  const ExploreState& state = *view.explore;
  const std::string text = state.error.empty() || state.running ? status_text(state, view.words()) : state.error;
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < text.size() && lines.size() < kMostStatusLines) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string one = text.substr(begin, end - begin);
    for (std::string& line : canvas.wrap(FontRole::small, one, width, kMostStatusLines - lines.size()))
      lines.push_back(std::move(line));
    begin = end + 1;
  }
  return lines;
}

std::vector<std::string> lesson_lines(const Canvas& canvas, const View& view, float width) {
  const core::Scenario* lesson = view.explore->asked_lesson();
  if (lesson == nullptr || !lesson->summary) return {};
  return canvas.wrap(FontRole::small, lesson->summary->in(to_string(view.state->language)), width, kMostLessonLines);
}

std::size_t thread_rows(const ExploreState& state) {
  return state.question.target.empty() ? (state.question.threads.size() + 1) / 2 : 1;
}

void draw_question(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  QuestionBox(canvas, view, area, commands).draw();
}

}  // namespace fiberscope::app
