// The scenario's questions; an answer is shown when it is asked for.
#include "app/figures/figures.h"
#include "app/format.h"

namespace fiberscope::app {
namespace {

constexpr std::size_t kMostLines = 8;

struct Block {
  std::vector<std::string> ask;
  std::vector<std::string> answer;
};

float height_of(const Canvas& canvas, const std::vector<Block>& blocks, FontRole font) {
  float lines = 0;
  for (const Block& block : blocks) lines += static_cast<float>(block.ask.size() + block.answer.size());
  return lines * canvas.line_height(font) * 1.12f + static_cast<float>(blocks.size()) * canvas.px(46);
}

std::vector<Block> wrapped(Canvas& canvas, const View& view, const std::vector<core::Question>& questions,
                           FontRole font, float width) {
  std::vector<Block> blocks;
  const std::string_view language = to_string(view.state->language);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    Block block;
    block.ask = canvas.wrap(font, std::to_string(i + 1) + ". " + questions[i].ask.in(language), width, kMostLines);
    if (view.state->answer == i) block.answer = canvas.wrap(font, questions[i].answer.in(language), width, kMostLines);
    blocks.push_back(std::move(block));
  }
  return blocks;
}

}  // namespace

void draw_question_figure(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  if (view.scenario == nullptr || view.scenario->questions.empty()) {
    canvas.text_in(area, {FontRole::text, FontRole::small}, theme.dim, words(Word::no_questions), Align::center);
    return;
  }
  const auto& summary = view.scenario->summary;
  draw_questions(canvas, view, view.scenario->questions, summary ? &*summary : nullptr, area, commands);
}

void draw_questions(Canvas& canvas, const View& view, const std::vector<core::Question>& questions,
                    const core::Text* summary, const Rect& area, Commands& commands) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  FontRole font = FontRole::text;
  std::vector<Block> blocks;
  std::vector<std::string> about;
  for (const FontRole smaller : {FontRole::text, FontRole::small, FontRole::tiny, FontRole::micro}) {
    font = smaller;
    const float width = area.width() - canvas.px(24);
    blocks = wrapped(canvas, view, questions, font, width);
    if (summary != nullptr) about = canvas.wrap(font, summary->in(to_string(view.state->language)), width, kMostLines);
    const float line = canvas.line_height(font) * 1.12f;
    if (height_of(canvas, blocks, font) + (static_cast<float>(about.size()) + 0.5f) * line <= area.height()) break;
  }
  const float line = canvas.line_height(font) * 1.12f;
  float y = area.y0;
  for (const std::string& text : about) {
    canvas.text_in({area.x0 + canvas.px(8), y, area.x1 - canvas.px(8), y + line}, {font, FontRole::micro}, theme.dim,
                   text);
    y += line;
  }
  if (!about.empty()) y += line / 2;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto lines = [&](const std::vector<std::string>& texts, Colour colour) {
      for (const std::string& text : texts) {
        canvas.text_in({area.x0 + canvas.px(8), y, area.x1 - canvas.px(8), y + line}, {font, FontRole::micro}, colour,
                       text);
        y += line;
      }
    };
    lines(blocks[i].ask, theme.text);
    lines(blocks[i].answer, theme.changed);
    const bool open = view.state->answer == i;
    const float bottom = y + canvas.px(30);
    const Rect button{area.x0 + canvas.px(8), y + canvas.px(3), area.x0 + canvas.px(200), bottom};
    const auto hit = canvas.hit(label("answer", i), button);
    canvas.fill(button, hit.hovered ? theme.border : theme.grid, canvas.px(6));
    canvas.text_in(button.inset(canvas.px(6), 0), {FontRole::small, FontRole::tiny, FontRole::micro}, theme.text,
                   words(open ? Word::hide_answer : Word::show_answer), Align::center);
    if (hit.clicked) commands.push_back(command::ShowAnswer{i});
    if (const auto& place = questions[i].place) {
      const std::string at = place->instruction.empty() ? place->function : place->function + ": " + place->instruction;
      const Rect link{button.x1 + canvas.px(12), button.y0, area.x1 - canvas.px(8), bottom};
      const auto go = canvas.hit(label("question", i), link);
      canvas.text_in(link, {FontRole::mono_small, FontRole::mono_tiny}, go.hovered ? theme.text : theme.mnemonic, at);
      if (go.clicked) commands.push_back(command::SubmitFind{place->function});
    }
    y = bottom + canvas.px(16);
  }
}

}  // namespace fiberscope::app
