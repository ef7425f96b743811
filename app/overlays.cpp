#include "app/overlays.h"

#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include <cstddef>
#include <vector>

#include "app/format.h"
#include "app/imgui_compat.h"
#include "app/shortcuts.h"
#include "asm/runtime/tcb.h"
#include "emu/linux_books.h"

namespace fiberscope::app {
namespace {

/// An ImGui window in our colours, with a canvas on it; ends with its scope.
class OverlayWindow {
 public:
  OverlayWindow(const char* name, const Rect& area, const Theme& theme, const Fonts& fonts, ItemRegistry& items,
                bool takes_mouse = true)
      : canvas_(begin(name, area, takes_mouse), theme, fonts, items), area_(area) {
    canvas_.items().begin_panel(name, area);
    canvas_.fill(area, theme.overlay, canvas_.px(10));
    canvas_.outline(area, theme.text, canvas_.px(10), canvas_.px(2));
  }
  ~OverlayWindow() {
    ImGui::End();
    ImGui::PopStyleVar(2);
  }
  OverlayWindow(const OverlayWindow&) = delete;
  OverlayWindow& operator=(const OverlayWindow&) = delete;

  Canvas& canvas() { return canvas_; }
  [[nodiscard]] const Rect& area() const { return area_; }

 private:
  static ImDrawList& begin(const char* name, const Rect& area, bool takes_mouse) {
    ImGui::SetNextWindowPos({area.x0, area.y0});
    ImGui::SetNextWindowSize({area.width(), area.height()});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 0);
    const int mouse = takes_mouse ? 0 : ImGuiWindowFlags_NoInputs;
    ImGui::Begin(name, nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoNav | mouse);
    return *ImGui::GetWindowDrawList();
  }

  Canvas canvas_;
  Rect area_;
};

struct Field {
  const char* name;
  std::size_t offset;
  std::uint32_t size;
  std::string value;
};

/// Of the kernel's books, whose entries begin with the state (emu/linux_books.h).
bool is_book_task(const core::Thread& thread) {
  return thread.state_at == thread.tcb;
}

std::vector<Field> fields_of(const core::Thread& thread, const Words& words) {
  using Task = emu::LinuxBookTask;
  if (is_book_task(thread))
    return {
        {"state", offsetof(Task, state), 4,
         std::to_string(static_cast<int>(thread.state)) + "  " + words.state(thread.state)},
        {"space", offsetof(Task, space), 4, std::to_string(thread.space)},
        {"stack_low", offsetof(Task, stack_low), 8, hex_address(thread.stack.low)},
        {"stack_high", offsetof(Task, stack_high), 8, hex_address(thread.stack.high)},
        {"rsp", offsetof(Task, rsp), 8, hex_address(thread.saved_rsp)},
        {"rip", offsetof(Task, rip), 8, hex_address(thread.resume)},
    };
  const auto kind = static_cast<int>(thread.kind);
  return {
      {"saved_rsp", offsetof(tcb, saved_rsp), 8, hex_address(thread.saved_rsp)},
      {"id", offsetof(tcb, id), 4, std::to_string(thread.id.value)},
      {"state", offsetof(tcb, state), 1,
       std::to_string(static_cast<int>(thread.state)) + "  " + words.state(thread.state)},
      {"kind", offsetof(tcb, kind), 1, std::to_string(kind)},
      {"name", offsetof(tcb, name), THREAD_NAME_SIZE, "\"" + thread.name + "\""},
      {"stack_base", offsetof(tcb, stack_base), 8, hex_address(thread.stack.low)},
      {"stack_size", offsetof(tcb, stack_size), 8, std::to_string(thread.stack.size())},
  };
}

}  // namespace

void Overlays::draw_control_block(const View& view, float width, float height, Commands& commands) {
  const core::ThreadView* thread =
      view.selection->control_block ? view.thread(*view.selection->control_block) : nullptr;
  if (thread == nullptr) return;
  const Words words = view.words();
  const float scale = fonts_.scale();
  const auto fields = fields_of(thread->thread, words);
  const float wide = 470 * scale;
  const float tall = (58 + 29 * static_cast<float>(fields.size()) + 10) * scale;
  // Over the registers, so that the row that was clicked stays in view.
  const float bottom = std::min(height - 10, height * 0.5f + 66 * scale);
  const Rect area{width - wide - 24 * scale, bottom - tall, width - 24 * scale, bottom};
  OverlayWindow window("control block", area, theme_, fonts_, items_);
  Canvas& canvas = window.canvas();
  const auto px = [&](float units) { return canvas.px(units); };
  canvas.badge({area.x0 + px(28), area.y0 + px(28)}, px(14), view.styles->of(thread->thread.id));
  const Rect close{area.x1 - px(44), area.y0 + px(12), area.x1 - px(12), area.y0 + px(44)};
  const std::string title = thread->thread.name + " · " + hex_address(thread->thread.tcb);
  canvas.text_in({area.x0 + px(52), area.y0 + px(10), close.x0 - px(8), area.y0 + px(46)},
                 {FontRole::text_bold, FontRole::small, FontRole::tiny}, theme_.text, title);
  const auto closing = canvas.close_button("##close_block", close);
  if (closing.clicked) commands.push_back(command::Close{});
  float y = area.y0 + px(54);
  for (const Field& field : fields) {
    const Rect row{area.x0 + px(12), y, area.x1 - px(12), y + px(28)};
    const auto hit = canvas.hit(std::string("field ") + field.name, row);
    if (hit.hovered) {
      canvas.fill(row, theme_.head, px(5));
      canvas.tooltip(hex_address(thread->thread.tcb + field.offset) + "\n" + words(Word::tip_last_write));
    }
    canvas.text_in({row.x0 + px(6), row.y0, row.x0 + px(52), row.y1}, {FontRole::mono_tiny}, theme_.dim,
                   fmt::format("+{}", field.offset));
    canvas.text_in({row.x0 + px(56), row.y0, row.x0 + px(196), row.y1}, {FontRole::mono_small, FontRole::mono_tiny},
                   theme_.mnemonic, field.name);
    canvas.text_in({row.x0 + px(202), row.y0, row.x1 - px(6), row.y1}, {FontRole::mono_small, FontRole::mono_tiny},
                   theme_.text, field.value);
    if (hit.clicked) commands.push_back(command::ToCellOrigin{thread->thread.tcb + field.offset, field.size});
    y += px(29);
  }
}

void Overlays::draw_help(const View& view, float width, float height, Commands& commands) {
  const Words words = view.words();
  const float scale = std::min(fonts_.scale(), height / 900.f * 1.2f);
  const auto all = shortcut_help();
  std::vector<ShortcutHelp> help(all.begin(), all.end());
  if (!view.can_choose) std::erase_if(help, [](const ShortcutHelp& line) { return line.meaning == Word::help_choose; });
  const float wide = std::min(760 * scale, width - 20);
  const float tall = std::min((112 + 36 * static_cast<float>(help.size())) * scale, height - 10);
  const Rect area{(width - wide) / 2, (height - tall) / 2, (width + wide) / 2, (height + tall) / 2};
  OverlayWindow window("help", area, theme_, fonts_, items_);
  Canvas& canvas = window.canvas();
  const float row_height = (tall - 112 * scale) / static_cast<float>(help.size());
  const auto px = [&](float units) { return canvas.px(units); };
  canvas.text_in({area.x0 + px(28), area.y0 + px(8), area.x1 - px(28), area.y0 + px(52)}, {FontRole::title},
                 theme_.text, words(Word::help_title));
  canvas.text_in({area.x0 + px(28), area.y0 + px(8), area.x1 - px(28), area.y0 + px(52)}, {FontRole::small}, theme_.dim,
                 words(Word::close), Align::right);
  float y = area.y0 + 54 * scale;
  for (const ShortcutHelp& line : help) {
    const Rect keys{area.x0 + px(28), y + px(3), area.x0 + px(190), y + row_height - px(3)};
    canvas.fill(keys, theme_.head, px(6));
    canvas.outline(keys, theme_.border, px(6));
    canvas.text_in(keys.inset(px(4), 0), {FontRole::text_bold, FontRole::small, FontRole::tiny}, theme_.text, line.keys,
                   Align::center);
    canvas.text_in({area.x0 + px(210), y, area.x1 - px(24), y + row_height},
                   {FontRole::text, FontRole::small, FontRole::tiny}, theme_.text, words(line.meaning));
    y += row_height;
  }
  canvas.text_in({area.x0 + px(28), y + px(6), area.x1 - px(24), area.y1 - px(8)},
                 {FontRole::small, FontRole::tiny, FontRole::micro}, theme_.dim, words(Word::help_click));
  if (canvas.hit("##help", area).clicked) commands.push_back(command::Close{});
}

void Overlays::draw_dialog(const View& view, float width, std::string& input, Commands& commands) {
  const bool go_to = view.state->dialog == command::Dialog::go_to;
  const Words words = view.words();
  const float scale = fonts_.scale();
  const float wide = std::min(620 * scale, width - 20);
  const float top = 110 * scale;
  const Rect area{(width - wide) / 2, top, (width + wide) / 2, top + 130 * scale};
  OverlayWindow window(go_to ? "go to" : "find", area, theme_, fonts_, items_);
  Canvas& canvas = window.canvas();
  const auto px = [&](float units) { return canvas.px(units); };
  canvas.text_in({area.x0 + px(22), area.y0 + px(8), area.x1 - px(22), area.y0 + px(44)}, {FontRole::text_bold},
                 theme_.text, words(go_to ? Word::go_to_title : Word::find_title));
  const Rect field{area.x0 + px(20), area.y0 + px(46), area.x1 - px(20), area.y0 + px(86)};
  canvas.fill(field, theme_.panel, px(6));
  canvas.outline(field, theme_.accent, px(6), px(2));
  canvas.items().mark("##input", field);
  ImGui::SetCursorScreenPos({field.x0 + px(2), field.y0});
  ImGui::PushFont(fonts_.get(FontRole::mono));
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {px(10), (field.height() - ImGui::GetFontSize()) / 2});
  ImGui::PushStyleColor(ImGuiCol_FrameBg, 0u);
  ImGui::PushStyleColor(ImGuiCol_Text, theme_.text);
  ImGui::PushStyleColor(ImGuiCol_TextSelectedBg, with_alpha(theme_.accent, 110));
  ImGui::SetNextItemWidth(field.width() - px(4));
  if (ImGui::IsWindowAppearing()) {
    input.clear();
    ImGui::SetKeyboardFocusHere();
  }
  ImGui::InputText("##text", &input, ImGuiInputTextFlags_AutoSelectAll);
  if (view.state->submit && !compat::input_waits()) {
    if (go_to) {
      commands.push_back(command::SubmitStep{input});
    } else {
      commands.push_back(command::SubmitFind{input});
    }
  }
  ImGui::PopStyleColor(3);
  ImGui::PopStyleVar();
  ImGui::PopFont();
  const std::string hint = std::string(words(go_to ? Word::go_to_hint : Word::find_hint)) +
                           (go_to ? fmt::format("  (0 – {})", grouped(view.timeline->steps.value)) : "");
  canvas.text_in({area.x0 + px(22), area.y0 + px(90), area.x1 - px(22), area.y1 - px(6)},
                 {FontRole::small, FontRole::tiny}, theme_.dim, hint);
}

void Overlays::draw_notice(const View& view, float width, float height) {
  if (view.state->notice.empty()) return;
  const float scale = fonts_.scale();
  const ImFont* font = fonts_.get(FontRole::text);
  const float text = font->CalcTextSizeA(font->FontSize, 100000, 0, view.state->notice.c_str()).x;
  const float wide = std::min(text + 56 * scale, width - 20);
  // Over the timeline: the cells at rsp, and the caption, are what one looks at.
  const float bottom = height - 24 * scale;
  const Rect area{(width - wide) / 2, bottom - 46 * scale, (width + wide) / 2, bottom};
  OverlayWindow window("notice", area, theme_, fonts_, items_, false);
  window.canvas().text_in(area.inset(window.canvas().px(22), 0), {FontRole::text, FontRole::small, FontRole::tiny},
                          theme_.text, view.state->notice, Align::center);
}

void Overlays::draw(const View& view, float width, float height, std::string& input, Commands& commands) {
  draw_control_block(view, width, height, commands);
  switch (view.state->dialog) {
    case command::Dialog::none:
      break;
    case command::Dialog::help:
      draw_help(view, width, height, commands);
      break;
    case command::Dialog::go_to:
    case command::Dialog::find:
      draw_dialog(view, width, input, commands);
      break;
  }
  draw_notice(view, width, height);
}

}  // namespace fiberscope::app
