#include "app/place_column.h"

#include <algorithm>

#include "app/format.h"

namespace fiberscope::app {
namespace {

constexpr float kGutter = 52;  // for the tag, as beside the stacks
constexpr float kTagWidth = 43;
constexpr float kTagHeight = 22;
constexpr float kHead = 38;
constexpr float kFoot = 21;
constexpr float kRow = 24;

bool meets(const core::RspPlace::Word& word, emu::Address address, std::uint64_t size) {
  return address < word.address + word.size && word.address < address + size;
}

}  // namespace

void draw_place_column(Canvas& canvas, const View& view, const core::RspPlace& place, const Rect& area,
                       Commands& commands) {
  const Theme& theme = canvas.theme();
  const Words words = view.words();
  const emu::Address rsp{view.now->registers[emu::Register::rsp]};
  canvas.text_in({area.x0 + canvas.px(14), area.y0 + canvas.px(2), area.x1 - canvas.px(8), area.y0 + canvas.px(28)},
                 {FontRole::text_bold, FontRole::small, FontRole::tiny, FontRole::micro}, theme.text,
                 words(Word::rsp_no_stack_n, place.name));
  const Rect box{area.x0 + canvas.px(kGutter), area.y0 + canvas.px(kHead), area.x1 - canvas.px(21),
                 area.y1 - canvas.px(kFoot)};
  const float row = std::min(canvas.px(kRow), box.height() / static_cast<float>(place.words.size()));
  const float bottom = box.y0 + row * static_cast<float>(place.words.size());
  canvas.fill({box.x0, box.y0, box.x1, bottom}, theme.grid, canvas.px(6));
  canvas.outline({box.x0, box.y0, box.x1, bottom}, theme.text, canvas.px(6), canvas.px(1.5f));
  float y = box.y0;
  for (const core::RspPlace::Word& word : place.words) {
    const Rect line{box.x0 + canvas.px(3), y, box.x1 - canvas.px(3), y + row - 1};
    y += row;
    if (!word.live) canvas.hatch(line, theme.hatch, canvas.px(13));
    for (const core::MemoryAccess& access : view.now->next_accesses)
      if (meets(word, access.address, access.size)) {
        canvas.outline(line, theme.changed, canvas.px(4), canvas.px(2));
        canvas.items().mark(label("next", word.address), line);
      }
    const auto hit = canvas.hit(label("cell", word.address), line);
    if (hit.hovered)
      canvas.tooltip(hex_address(word.address) + ": " + hex(word.value) + "\n" + word.name + "\n" +
                     words(Word::tip_last_write));
    if (hit.clicked) commands.push_back(command::ToCellOrigin{word.address, word.size});
    const float opacity = word.live ? 1.f : 0.7f;
    const std::string address = hex(word.address.value, 6);
    const float wide = canvas.width(FontRole::mono_small, address);
    float x = line.x0 + canvas.px(5);
    canvas.text_in({x, line.y0, x + wide + 1, line.y1}, {FontRole::mono_small}, fade(theme.dim, opacity), address);
    x += wide + canvas.px(8);
    const std::string value = hex(word.value);
    const float room =
        std::max(canvas.width(FontRole::mono_small, "00000000"), canvas.width(FontRole::mono_tiny, value));
    canvas.text_in({x, line.y0, x + room + 1, line.y1}, {FontRole::mono_small, FontRole::mono_tiny},
                   fade(word.value == 0 ? theme.dim : theme.text, opacity), value, Align::right);
    x += room + canvas.px(9);
    canvas.text_in({x, line.y0, line.x1 - canvas.px(3), line.y1}, {FontRole::small, FontRole::tiny, FontRole::micro},
                   fade(theme.text, opacity), word.name);
    if (!meets(word, rsp, 1)) continue;
    const float middle = line.center().y;
    const float right = box.x0 - canvas.px(8);
    const Rect tag{right - canvas.px(kTagWidth), std::floor(middle - canvas.px(kTagHeight) / 2), right,
                   std::floor(middle + canvas.px(kTagHeight) / 2)};
    canvas.tag(tag, {box.x0, middle}, true, theme.text, theme.panel, "rsp");
    canvas.items().mark("tag rsp", tag);
  }
  canvas.text_in({box.x0 + canvas.px(8), bottom, box.x1, bottom + canvas.px(kFoot)}, {FontRole::small, FontRole::tiny},
                 theme.dim, words(Word::low_addresses));
}

}  // namespace fiberscope::app
