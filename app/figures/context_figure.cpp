// The objects that a switch saves into, member by member: control blocks, contexts, jmp_bufs, frames on parked stacks.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/figures/figures.h"
#include "app/format.h"

namespace fiberscope::app {
namespace {

using core::ContextField;
using core::ContextObject;

constexpr float kChip = 30;
constexpr float kHead = 54;
constexpr float kTallestRow = 28;
constexpr float kLeastRow = 19;
constexpr std::size_t kBoxes = 2;
constexpr std::size_t kChipLines = 3;

std::string word_of(const ContextObject& object) {
  if (object.kind == ContextObject::Kind::stack_frame) return object.name;
  return object.thread ? object.type : object.name;
}

std::string stored_text(const ContextField& field) {
  return field.size > 8 ? field.text : hex(field.value);
}

/// Those that the reader chose, else the one that rsp is in and the two that were written last, in the order of the
/// list. Control blocks come up by themselves only where there is nothing else. One that needs the whole width stands
/// alone.
template <typename NeedsAll>
std::vector<std::size_t> chosen(const View& view, const std::vector<ContextObject>& objects, NeedsAll needs_all) {
  std::vector<std::size_t> order(objects.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (view.state->context && *view.state->context < objects.size()) {
    order.erase(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(*view.state->context));
  } else {
    const auto is_block = [&](std::size_t i) { return objects[i].type == "tcb"; };
    if (!std::all_of(order.begin(), order.end(), is_block)) std::erase_if(order, is_block);
    std::vector<std::uint64_t> last(objects.size());
    const emu::Address rsp{view.now->registers[emu::Register::rsp]};
    for (std::size_t i = 0; i < objects.size(); ++i) {
      // One that is popped as if it were a stack comes before all.
      const bool popped =
          !view.now->rsp_thread && objects[i].address <= rsp && rsp < objects[i].address + objects[i].size;
      if (popped) last[i] = std::numeric_limits<std::uint64_t>::max();
      for (const ContextField& field : objects[i].fields)
        if (field.written_at) last[i] = std::max(last[i], field.written_at->value);
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return last[a] > last[b]; });
  }
  std::vector<std::size_t> shown{order.front()};
  for (std::size_t i = 1; i < order.size() && shown.size() < kBoxes && !needs_all(shown.front()); ++i)
    if (!needs_all(order[i])) shown.push_back(order[i]);
  std::sort(shown.begin(), shown.end());
  return shown;
}

/// A sign for each object; returns what is left below them.
float draw_chips(Canvas& canvas, const View& view, const std::vector<ContextObject>& objects,
                 const std::vector<std::size_t>& shown, const Rect& area, Commands& commands) {
  const Theme& theme = canvas.theme();
  const float gap = canvas.px(6);
  // In letters so small that three lines are enough.
  const auto width_of = [&](const ContextObject& object, FontRole font) {
    return std::ceil(canvas.width(font, word_of(object))) + canvas.px(object.thread ? 44 : 18);
  };
  const auto lines_in = [&](FontRole font) {
    std::size_t lines = 1;
    float x = 0;
    for (const ContextObject& object : objects) {
      const float wide = width_of(object, font);
      if (x > 0 && x + wide > area.width()) ++lines, x = 0;
      x += wide + gap;
    }
    return lines;
  };
  const FontRole font = lines_in(FontRole::tiny) <= kChipLines ? FontRole::tiny : FontRole::micro;
  float x = area.x0;
  float y = area.y0;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const ContextObject& object = objects[i];
    const std::string word = word_of(object);
    const float width = std::min(area.width(), width_of(object, font));
    if (x > area.x0 && x + width > area.x1) {
      x = area.x0;
      y += canvas.px(kChip + 4);
    }
    const Rect chip{x, y, x + width, y + canvas.px(kChip)};
    const bool is_shown = std::find(shown.begin(), shown.end(), i) != shown.end();
    const bool changed =
        std::any_of(object.fields.begin(), object.fields.end(), [](const ContextField& f) { return f.changed; });
    const auto hit = canvas.hit(label("context", i), chip);
    canvas.fill(chip, changed ? theme.changed_back : theme.grid, canvas.px(6));
    if (is_shown || hit.hovered)
      canvas.outline(chip, is_shown ? theme.text : theme.border, canvas.px(6), canvas.px(is_shown ? 2 : 1));
    float left = chip.x0 + canvas.px(8);
    if (object.thread) {
      canvas.badge({chip.x0 + canvas.px(18), chip.center().y}, canvas.px(11), view.styles->of(*object.thread));
      left = chip.x0 + canvas.px(34);
    }
    canvas.text_in({left, chip.y0, chip.x1 - canvas.px(4), chip.y1}, {font, FontRole::micro}, theme.text, word);
    if (hit.hovered) canvas.tooltip(object.name + "\n" + view.words()(Word::tip_context));
    if (hit.clicked) commands.push_back(command::ShowContext{i});
    x = chip.x1 + gap;
  }
  return y + canvas.px(kChip + 8);
}

class Box {
 public:
  Box(Canvas& canvas, const View& view, const ContextObject& object, const Rect& area)
      : canvas_(canvas), view_(view), object_(object), area_(area) {}

  void draw(Commands& commands) {
    const Theme& theme = canvas_.theme();
    const Colour outline = object_.thread ? theme.thread(view_.styles->of(*object_.thread)) : theme.text;
    canvas_.fill(area_, theme.head, canvas_.px(8));
    canvas_.outline(area_, outline, canvas_.px(8), canvas_.px(2));
    draw_head(outline);
    const float top = area_.y0 + canvas_.px(kHead);
    const Rect inside{area_.x0 + canvas_.px(8), top, area_.x1 - canvas_.px(8), area_.y1 - canvas_.px(6)};
    const bool jump = object_.kind == ContextObject::Kind::jump_buffer;
    const auto head_rows = static_cast<std::size_t>(jump ? 1 : 0);
    const auto fit = static_cast<std::size_t>(std::max(1.f, inside.height() / canvas_.px(kLeastRow)));
    const std::size_t columns = object_.fields.size() + head_rows > fit ? 2 : 1;
    const std::size_t rows = (object_.fields.size() + columns - 1) / columns + head_rows;
    const float row = std::min(canvas_.px(kTallestRow), inside.height() / static_cast<float>(rows));
    const float wide = inside.width() / static_cast<float>(columns);
    measure(wide - canvas_.px(columns > 1 ? 8 : 0), row);
    if (jump) draw_titles({inside.x0, top, inside.x0 + wide, top + row});
    for (std::size_t i = 0; i < object_.fields.size(); ++i) {
      const std::size_t line = i % (rows - head_rows) + head_rows;
      const std::size_t column = i / (rows - head_rows);
      const float x = inside.x0 + wide * static_cast<float>(column);
      const float y = top + row * static_cast<float>(line);
      draw_field(object_.fields[i], {x, y, x + wide - canvas_.px(columns > 1 ? 8 : 0), y + row - 1}, commands);
    }
  }

 private:
  void draw_head(Colour colour) {
    const Theme& theme = canvas_.theme();
    const Words words = view_.words();
    float x = area_.x0 + canvas_.px(10);
    std::string title = object_.name;
    const bool frame = object_.kind == ContextObject::Kind::stack_frame;
    if (object_.thread) {
      canvas_.badge({x + canvas_.px(13), area_.y0 + canvas_.px(17)}, canvas_.px(13), view_.styles->of(*object_.thread));
      x += canvas_.px(34);
      const std::string thread = name_of(*view_.timeline, *object_.thread);
      title = frame ? thread + " · " + words(Word::context_frame_n, object_.name) : thread + " · " + title;
    }
    canvas_.text_in({x, area_.y0 + canvas_.px(4), area_.x1 - canvas_.px(10), area_.y0 + canvas_.px(30)},
                    {FontRole::text_bold, FontRole::small, FontRole::tiny, FontRole::micro}, colour, title);
    std::string about = hex_address(object_.address) + " · " + words(Word::context_size_n, grouped(object_.size));
    if (frame) {
      if (object_.never_ran) about = std::string(words(Word::context_by_hand)) + " · " + about;
    } else {
      about = object_.type + " · " + about + " · " + words(Word::context_aligned_n, std::to_string(object_.alignment));
    }
    canvas_.text_in({x, area_.y0 + canvas_.px(30), area_.x1 - canvas_.px(10), area_.y0 + canvas_.px(52)},
                    {FontRole::tiny, FontRole::micro}, theme.dim, about);
  }

  /// Where the columns stand: as narrow as their widest text, the rest is for what a value means.
  void measure(float width, float row) {
    value_font_ = row >= canvas_.line_height(FontRole::mono_small) ? FontRole::mono_small : FontRole::mono_tiny;
    float names = 0;
    float values = 0;
    float plains = 0;
    float steps = 0;
    for (const ContextField& field : object_.fields) {
      names = std::max(names, canvas_.width(value_font_, field.name));
      values = std::max(values, canvas_.width(value_font_, stored_text(field)));
      if (field.plain) plains = std::max(plains, canvas_.width(value_font_, hex(*field.plain)));
      if (field.written_at) steps = std::max(steps, canvas_.width(FontRole::micro, grouped(field.written_at->value)));
    }
    const float gap = canvas_.px(9);
    offset_ = canvas_.width(FontRole::micro, object_.size > 999 ? "+0000" : "+000") + gap;
    name_ = std::min(names, width * 0.34f) + gap;
    value_ = std::min(std::max(values, canvas_.px(60)), width * 0.36f) + gap;
    plain_ =
        plains > 0 ? std::max(plains, canvas_.width(FontRole::micro, view_.words()(Word::context_plain))) + gap : 0;
    step_ = steps > 0 ? steps + canvas_.width(FontRole::micro, "@") + 2 : 0;
  }

  void draw_titles(const Rect& row) {
    const Words words = view_.words();
    const Colour dim = canvas_.theme().dim;
    const float x = row.x0 + offset_ + name_;
    canvas_.text_in({row.x0, row.y0, x + value_ - canvas_.px(9), row.y1}, {FontRole::tiny, FontRole::micro}, dim,
                    words(Word::context_as_stored), Align::right);
    if (plain_ > 0)
      canvas_.text_in({x + value_, row.y0, x + value_ + plain_ - canvas_.px(9), row.y1},
                      {FontRole::tiny, FontRole::micro}, dim, words(Word::context_plain), Align::right);
  }

  void draw_field(const ContextField& field, const Rect& row, Commands& commands) {
    const Theme& theme = canvas_.theme();
    const Words words = view_.words();
    const auto hit = canvas_.hit(label("field", field.address), row);
    if (field.changed || hit.hovered) canvas_.fill(row, field.changed ? theme.changed_back : theme.grid, canvas_.px(4));
    const float gap = canvas_.px(9);
    float x = row.x0 + canvas_.px(2);
    canvas_.text_in({x, row.y0, x + offset_ - gap, row.y1}, {FontRole::micro}, theme.dim,
                    fmt::format("+{}", field.offset));
    x += offset_;
    canvas_.text_in({x, row.y0, x + name_ - gap, row.y1}, {value_font_, FontRole::mono_tiny, FontRole::micro},
                    theme.mnemonic, field.name);
    x += name_;
    const Colour ink = field.changed ? theme.changed : field.value == 0 && field.size <= 8 ? theme.dim : theme.text;
    canvas_.text_in({x, row.y0, x + value_ - gap, row.y1}, {value_font_, FontRole::mono_tiny, FontRole::micro}, ink,
                    stored_text(field), Align::right);
    x += value_;
    if (field.plain)
      canvas_.text_in({x, row.y0, x + plain_ - gap, row.y1}, {value_font_, FontRole::mono_tiny, FontRole::micro},
                      theme.text, hex(*field.plain), Align::right);
    x += plain_;
    const float right = row.x1 - canvas_.px(4);
    canvas_.text_in({x, row.y0, right - step_ - (step_ > 0 ? canvas_.px(6) : 0), row.y1},
                    {FontRole::small, FontRole::tiny, FontRole::micro}, meaning_ink(field), field.meaning);
    if (field.written_at)
      canvas_.text_in({right - step_, row.y0, right, row.y1}, {FontRole::micro}, theme.dim,
                      "@" + grouped(field.written_at->value), Align::right);
    if (hit.hovered)
      canvas_.tooltip(fmt::format("{}: {}{}\n{}", hex_address(field.address), stored_text(field),
                                  field.meaning.empty() ? "" : "\n" + field.meaning,
                                  words(field.written_at ? Word::tip_last_write : Word::tip_never_written)));
    if (hit.clicked) commands.push_back(command::ToCellOrigin{field.address, static_cast<std::uint32_t>(field.size)});
  }

  /// A stack has its thread's colour.
  [[nodiscard]] Colour meaning_ink(const ContextField& field) const {
    const std::uint64_t value = field.plain.value_or(field.value);
    for (const core::ThreadView& view : view_.now->threads)
      if (value != 0 && field.size == 8 && view.thread.stack.contains(emu::Address{value}))
        return canvas_.theme().thread(view_.styles->of(view.thread.id));
    return canvas_.theme().dim;
  }

  Canvas& canvas_;
  const View& view_;
  const ContextObject& object_;
  Rect area_;
  FontRole value_font_ = FontRole::mono_small;
  float offset_ = 0;
  float name_ = 0;
  float value_ = 0;
  float plain_ = 0;
  float step_ = 0;
};

}  // namespace

void draw_context_figure(Canvas& canvas, const View& view, const Rect& area, Commands& commands) {
  if (view.contexts == nullptr || view.contexts->empty()) {
    canvas.text_in(area, {FontRole::text, FontRole::small}, canvas.theme().dim, view.words()(Word::no_contexts),
                   Align::center);
    return;
  }
  const std::vector<ContextObject>& objects = *view.contexts;
  const float room = area.height() - canvas.px(2 * kChip + 12 + kHead);
  const auto fit = static_cast<std::size_t>(std::max(1.f, room / canvas.px(kLeastRow)));
  const std::vector<std::size_t> shown = chosen(view, objects, [&](std::size_t i) {
    return objects[i].kind == ContextObject::Kind::jump_buffer || objects[i].fields.size() > fit;
  });
  const float top = draw_chips(canvas, view, objects, shown, area, commands);
  const float gap = canvas.px(12);
  const float wide = (area.width() - gap * static_cast<float>(shown.size() - 1)) / static_cast<float>(shown.size());
  float x = area.x0;
  for (const std::size_t index : shown) {
    const ContextObject& object = objects[index];
    const auto rows = static_cast<float>(object.fields.size() + 1);
    const float tall = std::min(area.y1 - top, canvas.px(kHead + 8) + canvas.px(kTallestRow) * rows);
    Box(canvas, view, object, {x, top, x + wide, top + tall}).draw(commands);
    x += wide + gap;
  }
}

}  // namespace fiberscope::app
