// Address spaces of a Linux program side by side, with the frames of physical memory between them (note 002: copy on
// write, writable=0). All of it is a model that the kernel's books hold.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "app/figures/figures.h"
#include "app/format.h"

namespace fiberscope::app {
namespace {

using core::SpaceData;
using Page = SpaceData::Page;

/// Pages that follow each other and are alike in both spaces.
struct Row {
  std::string region;
  std::string last_region;
  std::uint64_t low = 0;
  std::uint64_t pages = 0;
  const Page* left = nullptr;  ///< the first page of each side; null where that has none
  const Page* right = nullptr;
  bool moves = false;  ///< the last copy was here
};

/// What may be done with it, and whose frame it is.
unsigned look_of(const Page* page) {
  if (page == nullptr) return 0;
  const unsigned rights = page->is_writable() ? 1 : page->awaits_copy() ? 2 : 3;
  const bool moved = page->frame != page->page;
  return rights | (page->users > 1 ? 4U : 0U) | (moved ? 8U : 0U) | 16U;
}

bool shares(const Page* left, const Page* right) {
  return left != nullptr && right != nullptr && left->frame == right->frame;
}

bool is_plain(const Page* page) {
  return page == nullptr || (!page->is_writable() && !page->awaits_copy());
}

std::vector<Row> rows_of(const SpaceData::Space& left, const SpaceData::Space* right,
                         const std::optional<SpaceData::Copy>& last) {
  std::map<std::uint64_t, std::pair<const Page*, const Page*>> pages;
  for (const Page& page : left.pages) pages[page.page].first = &page;
  if (right != nullptr)
    for (const Page& page : right->pages) pages[page.page].second = &page;
  std::vector<Row> rows;
  for (const auto& [address, sides] : pages) {
    const auto [one, other] = sides;
    const std::string& region = (one != nullptr ? one : other)->region;
    const bool moves = last && last->page == address &&
                       (last->space == left.number || (right != nullptr && last->space == right->number));
    if (!rows.empty() && !moves && !rows.back().moves) {
      Row& row = rows.back();
      const bool alike = look_of(row.left) == look_of(one) && look_of(row.right) == look_of(other) &&
                         shares(row.left, row.right) == shares(one, other);
      // What nobody may write is one row, whatever section it is of.
      const bool plain = is_plain(one) && is_plain(other) && is_plain(row.left) && is_plain(row.right);
      if (alike && (row.last_region == region || plain)) {
        row.last_region = region;
        ++row.pages;
        continue;
      }
    }
    rows.push_back({region, region, address, 1, one, other, moves});
  }
  return rows;
}

/// The rows that fit: those that tell least go first.
std::vector<Row> fitting(std::vector<Row> rows, std::size_t most) {
  const auto weight = [](const Row& row) {
    if (row.moves) return 3;
    if (!shares(row.left, row.right) && row.left != nullptr && row.right != nullptr) return 2;
    return is_plain(row.left) && is_plain(row.right) ? 0 : 1;
  };
  while (rows.size() > most) {
    auto least = rows.begin();
    for (auto row = rows.begin(); row != rows.end(); ++row)
      if (weight(*row) < weight(*least)) least = row;
    rows.erase(least);
  }
  return rows;
}

std::string tasks_of(const SpaceData& data, const SpaceData::Space& space) {
  std::string names;
  for (const emu::LinuxBookTask& task : data.tasks) {
    if (task.space != space.number || task.state == emu::LinuxBookTask::finished) continue;
    names += (names.empty() ? "" : ", ") + std::to_string(task.id);
  }
  return names;
}

class Drawing {
 public:
  Drawing(Canvas& canvas, const View& view, const SpaceData& data) : canvas_(canvas), view_(view), data_(data) {}

  void draw(const Rect& area) {
    const SpaceData::Space* left = nullptr;
    const SpaceData::Space* right = nullptr;
    choose(left, right);
    if (left == nullptr) return;
    const float head = canvas_.px(58);
    const float foot = canvas_.px(100);
    const float wide = area.width() * 0.36f;
    draw_head(*left, {area.x0, area.y0, area.x0 + wide, area.y0 + head});
    if (right != nullptr) draw_head(*right, {area.x1 - wide, area.y0, area.x1, area.y0 + head});
    draw_middle({area.x0 + wide + canvas_.px(10), area.y0, area.x1 - wide - canvas_.px(10), area.y0 + head});
    const Rect body{area.x0, area.y0 + head + canvas_.px(6), area.x1, area.y1 - foot};
    const auto most = static_cast<std::size_t>(body.height() / canvas_.px(24));
    const std::vector<Row> rows = fitting(rows_of(*left, right, data_.last_copy), std::max<std::size_t>(most, 1));
    const float height =
        std::min(canvas_.px(34), body.height() / static_cast<float>(std::max<std::size_t>(rows.size(), 1)));
    float y = body.y0;
    for (const Row& row : rows) {
      draw_row(row, {body.x0, y, body.x1, y + height}, wide);
      y += height;
    }
    draw_foot({area.x0, area.y1 - foot + canvas_.px(4), area.x1, area.y1});
  }

 private:
  /// The space on the processor, and beside it the one that it began as a copy of, or its copy, or any other. The
  /// older one is on the left.
  void choose(const SpaceData::Space*& left, const SpaceData::Space*& right) const {
    const std::uint32_t now = data_.current < data_.tasks.size() ? data_.tasks[data_.current].space : 0;
    for (const SpaceData::Space& space : data_.spaces)
      if (space.number == now) left = &space;
    if (left == nullptr && !data_.spaces.empty()) left = &data_.spaces.front();
    for (const SpaceData::Space& space : data_.spaces) {
      if (&space == left) continue;
      const bool related = space.parent == left->number || left->parent == space.number;
      if (right == nullptr || related) right = &space;
    }
    if (right != nullptr && right->number < left->number) std::swap(left, right);
  }

  void line(const Rect& box, Colour ink, const std::string& text, Align align = Align::left, bool bold = false) {
    canvas_.text_in(box,
                    {bold ? FontRole::text_bold : FontRole::small, FontRole::small, FontRole::tiny, FontRole::micro},
                    ink, text, align);
  }

  void draw_head(const SpaceData::Space& space, const Rect& box) {
    const Theme& theme = canvas_.theme();
    const Words words = view_.words();
    canvas_.fill(box, theme.head, canvas_.px(6));
    const Rect inside = box.inset(canvas_.px(8), canvas_.px(3));
    const float middle = inside.center().y;
    line({inside.x0, inside.y0, inside.x1, middle}, theme.text,
         words(Word::space_n, std::to_string(space.number)) + ": " +
             words(Word::space_of_tasks_n, tasks_of(data_, space)),
         Align::left, true);
    const auto& tables = space.tables;
    line({inside.x0, middle, inside.x1, inside.y1}, theme.dim,
         fmt::format("{} {}+{}+{}+{} · {} {} · {} {}", words(Word::space_tables), tables[0], tables[1], tables[2],
                     tables[3], space.pages.size(), words(Word::space_pages), space.copied, words(Word::space_copied)));
  }

  void draw_middle(const Rect& box) {
    const Theme& theme = canvas_.theme();
    const Words words = view_.words();
    const float middle = box.center().y;
    line({box.x0, box.y0, box.x1, middle}, theme.text, fmt::format("{} {}", data_.frames, words(Word::space_frames)),
         Align::center, true);
    line({box.x0, middle, box.x1, box.y1}, theme.dim,
         fmt::format("{} {}", data_.shared_frames, words(Word::space_frames_shared)), Align::center);
  }

  void draw_page(const Row& row, const Page* page, const Rect& box) {
    if (page == nullptr) return;
    const Theme& theme = canvas_.theme();
    const Words words = view_.words();
    const Colour colour = page->is_writable() ? theme.changed : page->awaits_copy() ? theme.accent : theme.border;
    canvas_.fill(box, theme.grid, canvas_.px(4));
    canvas_.outline(box, colour, canvas_.px(4), canvas_.px(row.moves ? 3 : 1.5f));
    const float split = box.x0 + box.width() * 0.64f;
    const std::string name = row.region == row.last_region ? row.region : row.region + " …";
    const std::string where =
        row.pages == 1 ? fmt::format("{:x}  {}", row.low, name) : fmt::format("{:x}  {} ×{}", row.low, name, row.pages);
    canvas_.text_in({box.x0 + canvas_.px(6), box.y0, split, box.y1},
                    {FontRole::mono_small, FontRole::mono_tiny, FontRole::micro}, theme.text, where);
    const Word word = page->is_writable()   ? Word::space_writable
                      : page->awaits_copy() ? Word::space_awaits_copy
                                            : Word::space_read_only;
    line({split + canvas_.px(4), box.y0, box.x1 - canvas_.px(6), box.y1},
         page->is_writable() || page->awaits_copy() ? theme.text : theme.dim, words(word), Align::right);
  }

  void draw_frame(const Row& row, const Page& page, const Rect& box, bool is_shared) {
    const Theme& theme = canvas_.theme();
    const bool is_copy = page.frame != page.page;
    canvas_.fill(box, is_shared ? theme.head : theme.changed_back, canvas_.px(4));
    canvas_.outline(box, is_shared ? theme.accent : theme.border, canvas_.px(4),
                    canvas_.px(row.moves && is_copy ? 3 : 1.5f));
    const std::string text = row.pages == 1 ? fmt::format("{:x}", page.frame / emu::kPageSize)
                                            : fmt::format("{:x} …", page.frame / emu::kPageSize);
    canvas_.text_in(box.inset(canvas_.px(4), 0), {FontRole::mono_small, FontRole::mono_tiny, FontRole::micro},
                    theme.text, text, Align::center);
  }

  void arrow(Point from, Point to) {
    const Theme& theme = canvas_.theme();
    canvas_.line(from, to, theme.dim, canvas_.px(1.5f));
    const float back = to.x > from.x ? -canvas_.px(6) : canvas_.px(6);
    canvas_.triangle(to, {to.x + back, to.y - canvas_.px(4)}, {to.x + back, to.y + canvas_.px(4)}, theme.dim);
  }

  void draw_row(const Row& row, const Rect& area, float wide) {
    const float gap = canvas_.px(2);
    const Rect left{area.x0, area.y0 + gap, area.x0 + wide, area.y1 - gap};
    const Rect right{area.x1 - wide, left.y0, area.x1, left.y1};
    draw_page(row, row.left, left);
    draw_page(row, row.right, right);
    const float reach = canvas_.px(34);
    const Rect middle{left.x1 + reach, left.y0, right.x0 - reach, left.y1};
    const float y = middle.center().y;
    if (shares(row.left, row.right)) {
      const Rect box{middle.center().x - canvas_.px(62), middle.y0, middle.center().x + canvas_.px(62), middle.y1};
      draw_frame(row, *row.left, box, true);
      arrow({left.x1, y}, {box.x0, y});
      arrow({right.x0, y}, {box.x1, y});
      return;
    }
    const float half = middle.width() / 2 - canvas_.px(4);
    if (row.left != nullptr) {
      const Rect box{middle.x0, middle.y0, middle.x0 + half, middle.y1};
      draw_frame(row, *row.left, box, row.left->users > 1);
      arrow({left.x1, y}, {box.x0, y});
    }
    if (row.right != nullptr) {
      const Rect box{middle.x1 - half, middle.y0, middle.x1, middle.y1};
      draw_frame(row, *row.right, box, row.right->users > 1);
      arrow({right.x0, y}, {box.x1, y});
    }
  }

  void draw_foot(const Rect& box) {
    const Theme& theme = canvas_.theme();
    const Words words = view_.words();
    const float row = box.height() / 4;
    float y = box.y0;
    const auto add = [&](const std::string& text, Colour ink) {
      for (const std::string& part : canvas_.wrap(FontRole::small, text, box.width() - canvas_.px(8), 2)) {
        line({box.x0, y, box.x1, y + row}, ink, part);
        y += row;
      }
    };
    if (data_.last_copy)
      add(fmt::format("{} {}: {}", words(Word::space_last_copy), data_.last_copy->step.value, data_.last_copy->text),
          theme.text);
    y = box.y0 + 2 * row;
    add(words(Word::space_is_model), theme.dim);
  }

  Canvas& canvas_;
  const View& view_;
  const SpaceData& data_;
};

}  // namespace

void draw_space_figure(Canvas& canvas, const View& view, const Rect& area) {
  if (view.figure == nullptr) return;
  if (!view.figure->spaces) {
    canvas.text_in(area, {FontRole::text, FontRole::small, FontRole::tiny}, canvas.theme().dim,
                   view.words()(Word::no_spaces), Align::center);
    return;
  }
  Drawing(canvas, view, *view.figure->spaces).draw(area);
}

}  // namespace fiberscope::app
