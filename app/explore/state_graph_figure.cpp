#include "app/explore/state_graph_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/explore/outcome_style.h"
#include "app/format.h"

namespace fiberscope::app {
namespace {

using core::explore::StateMap;

constexpr float kFoot = 30;

class StatePlot {
 public:
  StatePlot(Canvas& canvas, const View& view, const StateMap& map, const Rect& area)
      : canvas_(canvas), view_(view), map_(map), area_(area), layout_(lay_out_states(map)) {
    wide_ = std::min(canvas.px(150), area.width() / static_cast<float>(layout_.widest) - canvas.px(6));
    high_ = std::min(canvas.px(40), area.height() / static_cast<float>(layout_.layers) * 0.66f);
    // All nodes are written into, or none: what the key says holds of each.
    written_ = high_ >= canvas.line_height(FontRole::micro) * 1.1f &&
               std::all_of(map_.nodes.begin(), map_.nodes.end(), [&](const StateMap::Node& node) {
                 return canvas_.width(FontRole::micro, values(node)) <= wide_ - canvas_.px(6);
               });
    const bool two_lines = high_ >= canvas.line_height(FontRole::micro) * 1.6f;
    const auto all_fit = [this](std::size_t digits) {
      return std::all_of(map_.nodes.begin(), map_.nodes.end(), [&](const StateMap::Node& node) {
        return canvas_.width(FontRole::micro, rips(node, digits)) <= wide_ - canvas_.px(6);
      });
    };
    digits_ = !written_ || !two_lines ? 0 : all_fit(3) ? 3 : all_fit(2) ? 2 : 0;
    follow();
  }

  /// What stands in the nodes.
  [[nodiscard]] Word key() const {
    return !written_ ? Word::state_key_small_n : digits_ == 0 ? Word::state_key_values_n : Word::state_key_n;
  }

  void draw() {
    for (std::uint32_t node = 0; node < map_.nodes.size(); ++node)
      for (const StateMap::Move& move : map_.nodes[node].moves) draw_edge(node, move);
    for (std::uint32_t node = 0; node < map_.nodes.size(); ++node) draw_node(node);
  }

 private:
  [[nodiscard]] Point middle(std::uint32_t node) const {
    const Point at = layout_.nodes[node];
    return {area_.x0 + at.x * area_.width(), area_.y0 + at.y * area_.height()};
  }
  [[nodiscard]] Rect box(std::uint32_t node) const {
    const Point at = middle(node);
    return {at.x - wide_ / 2, at.y - high_ / 2, at.x + wide_ / 2, at.y + high_ / 2};
  }

  void follow() {
    on_way_.assign(map_.nodes.size(), 0);
    std::uint32_t at = 0;
    for (const std::uint8_t action : view_.explore->shown.actions) {
      const auto& moves = map_.nodes[at].moves;
      const auto move =
          std::find_if(moves.begin(), moves.end(), [action](const auto& one) { return one.action == action; });
      if (move == moves.end()) break;
      on_way_[at] = action + 1U;
      at = move->to;
    }
    end_ = at;
  }

  void draw_edge(std::uint32_t node, const StateMap::Move& move) {
    const Theme& theme = canvas_.theme();
    const std::size_t thread = move.action % map_.threads;
    const bool bold = on_way_[node] == move.action + 1U;
    const Rect from = box(node);
    const Rect to = box(move.to);
    const Point a{from.center().x, from.y1};
    const Point b{to.center().x, to.y0};
    const Colour colour = bold ? theme.text : theme.thread(explored_thread(thread));
    const float thick = canvas_.px(bold ? 4 : 1.5f);
    if (move.action == 0) {
      canvas_.line(a, b, colour, thick);
      return;
    }
    const float length = std::hypot(b.x - a.x, b.y - a.y);
    const float dash = std::max(2.f, canvas_.px(6));
    for (float at = 0; at < length; at += 2 * dash)
      canvas_.line(mix(a, b, at / length), mix(a, b, std::min(1.f, (at + dash) / length)), colour, thick);
  }

  void draw_node(std::uint32_t index) {
    const Theme& theme = canvas_.theme();
    const StateMap::Node& node = map_.nodes[index];
    const Rect rect = box(index);
    const bool bold = on_way_[index] != 0 || end_ == index;
    const bool end = node.outcome != 0;
    canvas_.items().mark(fmt::format("state {}", index), rect);
    canvas_.fill(rect, end ? outcome_colour(theme, node.outcome) : theme.head, canvas_.px(5));
    canvas_.outline(rect,
                    node.deadlock ? theme.alert
                    : bold        ? theme.text
                                  : theme.border,
                    canvas_.px(5), canvas_.px(bold || node.deadlock ? 3 : 1));
    const Colour colour = end ? on_outcome(theme, node.outcome) : theme.text;
    const Rect inner = rect.inset(canvas_.px(3), 0);
    if (end) {
      const std::string letter = outcome_letter(node.outcome);
      const std::string whole = letter + "  " + values(node);
      const bool fits = canvas_.width(FontRole::micro, whole) <= inner.width();
      if (canvas_.line_height(FontRole::micro) <= rect.height() * 1.3f)
        canvas_.text_in(inner, {FontRole::tiny, FontRole::micro}, colour, fits ? whole : letter, Align::center);
    } else if (written_) {
      const float middle = digits_ == 0 ? rect.y1 : rect.center().y;
      write({inner.x0, rect.y0, inner.x1, middle}, colour, values(node));
      if (digits_ != 0) write({inner.x0, middle, inner.x1, rect.y1}, theme.dim, rips(node, digits_));
    }
    const auto hit = canvas_.hit(fmt::format("state {}", index), rect);
    if (hit.hovered) canvas_.tooltip(tip(node));
  }

  void write(const Rect& rect, Colour colour, const std::string& text) {
    if (canvas_.width(FontRole::micro, text) <= rect.width())
      canvas_.text_in(rect, {FontRole::micro}, colour, text, Align::center);
  }

  [[nodiscard]] std::string values(const StateMap::Node& node) const {
    std::string text;
    for (const std::int64_t value : node.values) text += (text.empty() ? "" : " ") + std::to_string(value);
    return text;
  }
  [[nodiscard]] static std::string rips(const StateMap::Node& node, std::size_t digits) {
    std::string text;
    for (const auto& rip : node.rips) {
      const std::string all = rip ? hex(*rip, static_cast<int>(digits)) : "–";
      text += (text.empty() ? "" : " ") + (rip && all.size() > digits ? all.substr(all.size() - digits) : all);
    }
    return text;
  }

  [[nodiscard]] std::string tip(const StateMap::Node& node) const {
    std::string text;
    for (std::size_t i = 0; i < node.values.size(); ++i)
      text += fmt::format("{}{}={}", i == 0 ? "" : " ", map_.variables[i], node.values[i]);
    for (std::size_t i = 0; i < node.rips.size(); ++i) {
      text += fmt::format("\nT{}: {}", i + 1, node.rips[i] ? fmt::format("rip 0x{:x}", *node.rips[i]) : "–");
      for (const StateMap::Move& move : node.moves)
        if (move.action == i && !map_.steps[move.step].text.empty()) text += "  " + map_.steps[move.step].text;
      if (i < node.buffers.size() && !node.buffers[i].empty()) text += "  [" + node.buffers[i] + "]";
    }
    if (node.outcome != 0) text += "\n" + outcome_letter(node.outcome);
    return text;
  }

  Canvas& canvas_;
  const View& view_;
  const StateMap& map_;
  Rect area_;
  StateGraphLayout layout_;
  float wide_ = 0;
  float high_ = 0;
  bool written_ = false;
  std::size_t digits_ = 0;             ///< of a rip; 0: there is no room
  std::vector<std::uint32_t> on_way_;  // of each node: the action by which the way leaves it, + 1
  std::uint32_t end_ = 0;
};

}  // namespace

StateGraphLayout lay_out_states(const StateMap& map) {
  StateGraphLayout layout;
  layout.nodes.resize(map.nodes.size());
  std::vector<std::vector<std::uint32_t>> layers;
  for (std::uint32_t node = 0; node < map.nodes.size(); ++node) {
    const std::uint32_t depth = map.nodes[node].depth;
    if (depth >= layers.size()) layers.resize(depth + 1);
    layers[depth].push_back(node);
  }
  layout.layers = std::max<std::size_t>(1, layers.size());
  // Steps of the first thread lead to the left, of the last one to the right.
  std::vector<double> sum(map.nodes.size(), 0);
  std::vector<double> count(map.nodes.size(), 0);
  std::vector<double> wish(map.nodes.size(), 0);
  const double half = (static_cast<double>(map.threads) - 1) / 2;
  for (auto& layer : layers) {
    for (const std::uint32_t node : layer) wish[node] = count[node] > 0 ? sum[node] / count[node] : 0;
    std::stable_sort(layer.begin(), layer.end(),
                     [&wish](std::uint32_t one, std::uint32_t other) { return wish[one] < wish[other]; });
    layout.widest = std::max(layout.widest, layer.size());
    for (std::size_t i = 0; i < layer.size(); ++i) {
      const std::uint32_t node = layer[i];
      const double place = (static_cast<double>(i) + 0.5) / static_cast<double>(layer.size());
      layout.nodes[node] = {static_cast<float>(place),
                            (static_cast<float>(map.nodes[node].depth) + 0.5f) / static_cast<float>(layers.size())};
      for (const StateMap::Move& move : map.nodes[node].moves) {
        if (map.nodes[move.to].depth <= map.nodes[node].depth) continue;
        const double side = static_cast<double>(move.action % map.threads) - half;
        sum[move.to] += wish[node] + side;
        count[move.to] += 1;
      }
    }
  }
  return layout;
}

void draw_state_graph(Canvas& canvas, const View& view, const Rect& area) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const auto px = [&](float units) { return canvas.px(units); };
  if (!view.explore->answer) return;
  const auto& pictures = view.explore->answer->pictures;
  if (!pictures) {
    canvas.text_in({area.x0, area.y0, area.x1, area.y0 + px(40)}, {FontRole::text, FontRole::small, FontRole::tiny},
                   theme.dim, words(Word::progress_incomplete));
    return;
  }
  if (!pictures->states.drawable()) {
    const std::uint64_t states = view.explore->answer->states;
    canvas.text_in({area.x0, area.y0, area.x1, area.y0 + px(40)}, {FontRole::text, FontRole::small, FontRole::tiny},
                   theme.dim,
                   words(Word::state_too_large_n, {grouped(states), std::to_string(core::explore::kMostDrawnStates)}));
    return;
  }
  const StateMap& map = pictures->states;
  std::string names;
  for (const std::string& name : map.variables) names += (names.empty() ? "" : " ") + name;
  StatePlot plot(canvas, view, map, {area.x0, area.y0, area.x1, area.y1 - px(kFoot) - px(6)});
  const std::string first = plot.key() == Word::state_key_small_n ? grouped(map.states) : names;
  canvas.text_in({area.x0, area.y1 - px(kFoot), area.x1, area.y1}, {FontRole::small, FontRole::tiny, FontRole::micro},
                 theme.dim,
                 words(plot.key(), {first, words(map.has_buffers ? Word::state_edges_buffers : Word::state_edges)}));
  plot.draw();
}

}  // namespace fiberscope::app
