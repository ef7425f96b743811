#include "app/session.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "app/format.h"
#include "core/trimmed.h"
#include "core/whole_number.h"

namespace fiberscope::app {
namespace {

constexpr double kRefreshSeconds = 0.05;
constexpr double kNoticeSeconds = 3;
constexpr double kFindSeconds = 0.004;  // of each frame

}  // namespace

Session::Session(Document& document, const Settings& settings) : document_(document) {
  state_.theme = settings.theme;
  state_.syntax = settings.syntax;
  state_.user_scale = settings.user_scale;
  if (const core::Scenario* scenario = document.scenario()) state_.figure = scenario->opening;
  state_.choosing = document.choice() != nullptr;
  if (state_.choosing) state_.figure = core::Figure::none;
  exploration_.set_can_leave(true);
  player_.set_speed(settings.speed, 0);
  player_.set_reduce_motion(settings.reduce_motion);
}

Settings Session::settings() const {
  return {state_.theme, state_.syntax, state_.user_scale, player_.speed(), player_.reduce_motion()};
}

void Session::start() {
  freeze(document_.beginning(), 1);
}

void Session::start_at(core::StepIndex cursor) {
  freeze(cursor, 1);
  if (cursor > end() && document_.timeline().recording) start_ = cursor;
}

void Session::apply(const Command& command) {
  std::visit([this](const auto& c) { on(c); }, command);
}

bool Session::press(const KeyPress& press) {
  const auto command = command_for(press, state_);
  if (command) apply(*command);
  return command.has_value();
}

bool Session::advance(double now) {
  now_ = now;
  bool changed = false;
  if (document_.timeline().recording && now >= next_refresh_) {
    next_refresh_ = now + kRefreshSeconds;
    if (document_.refresh()) {
      changed = true;
      held_.reset();
      if (follow_) player_.jump(end());
      if (start_ && (*start_ <= end() || !document_.timeline().recording)) {
        player_.jump(std::min(*start_, end()));
        start_.reset();
      }
      if (!document_.timeline().recording) follow_ = false;
    }
  }
  if (exploration_.advance(now)) changed = true;
  if (exploration_.take_opened()) {
    reopened();
    changed = true;
  }
  if (finder_.progress() == Finder::Progress::searching) {
    changed = true;
    const Words words(state_.language);
    const auto progress = finder_.work(document_, kFindSeconds);
    if (progress == Finder::Progress::found) {
      travel(finder_.at());
      say(words(Word::found_n, finder_.needle()));
    } else if (progress == Finder::Progress::missing) {
      say(words(Word::not_found_n, finder_.needle()));
    } else {
      say(words(Word::searching_n, grouped(finder_.at().value)));
    }
  }
  if (player_.advance(end(), document_.timeline().recording, now)) changed = true;
  if (!state_.notice.empty() && now >= state_.notice_until) {
    state_.notice.clear();
    changed = true;
  }
  return changed;
}

double Session::wait() const {
  double seconds = std::min(player_.wait(now_), exploration_.wait());
  if (finder_.progress() == Finder::Progress::searching) seconds = 0;
  if (document_.timeline().recording) seconds = std::min(seconds, std::max(0.0, next_refresh_ - now_));
  if (!state_.notice.empty()) seconds = std::min(seconds, std::max(0.0, state_.notice_until - now_));
  return seconds;
}

void Session::refresh_scene() {
  const bool film = player_.moving() && player_.film_step().value > 0;
  const Wanted wanted{
      std::min(player_.film_step(), end()),   film, state_.syntax, selection_.code, state_.figure != core::Figure::none,
      state_.figure == core::Figure::contexts};
  if (held_ == wanted) return;
  if (film && held_ && held_->step + 1 == wanted.step) {
    before_ = std::move(shown_);
  } else if (film && !(held_ && held_->film && held_->step == wanted.step)) {
    before_ = document_.snapshot(wanted.step - 1);
  } else if (!film) {
    before_.reset();
  }
  shown_ = document_.snapshot(wanted.step);
  code_ = wanted.code ? document_.code_at(*wanted.code, wanted.step, wanted.syntax)
                      : document_.code(wanted.step, wanted.syntax);
  figure_.reset();
  if (wanted.figure) figure_ = document_.figure(wanted.step);
  contexts_.reset();
  if (wanted.contexts) contexts_ = document_.contexts(wanted.step);
  held_ = wanted;
}

const View& Session::view() {
  refresh_scene();
  const core::Timeline& timeline = document_.timeline();
  if (styled_threads_ != timeline.threads.size()) {
    styles_ = ThreadStyles(timeline.threads);
    styled_threads_ = timeline.threads.size();
  }
  view_ = View{.now = &shown_,
               .before = before_ ? &*before_ : nullptr,
               .film = make_film(before_ ? &*before_ : nullptr, shown_, player_.phase()),
               .code = &code_,
               .timeline = &timeline,
               .styles = &styles_,
               .selection = &selection_,
               .figure = figure_ ? &*figure_ : nullptr,
               .contexts = contexts_ ? &*contexts_ : nullptr,
               .choice = document_.choice(),
               .can_choose = document_.asks_for_order(),
               .costs = state_.figure == core::Figure::costs ? document_.costs() : nullptr,
               .scenario = document_.scenario(),
               .explore = state_.exploring ? &exploration_.state() : nullptr,
               .state = &state_,
               .player = &player_,
               .title = document_.title(),
               .ending = document_.ending(),
               .cursor = player_.cursor(),
               .in_past = timeline.recording && player_.cursor() < timeline.steps && !follow_,
               .following = follow_};
  return view_;
}

void Session::freeze(core::StepIndex cursor, double phase) {
  player_.freeze(std::min(cursor, end()), cursor.value == 0 ? 1 : phase);
}

bool Session::take_picture_wish() {
  return std::exchange(state_.picture_wanted, false);
}

std::string Session::take_copied() {
  return std::exchange(state_.copied, {});
}

void Session::say(std::string notice) {
  state_.notice = std::move(notice);
  state_.notice_until = now_ + kNoticeSeconds;
}

void Session::travel(core::StepIndex cursor) {
  player_.pause();
  player_.jump(std::min(cursor, end()));
  follow_ = false;
  start_.reset();
  selection_.code.reset();
}

void Session::to_origin(std::optional<core::StepIndex> origin) {
  if (origin) {
    travel(*origin);
  } else {
    say(Words(state_.language)(Word::never_written_notice));
  }
}

void Session::on(const command::GoTo& c) {
  travel(c.cursor);
}

void Session::on(const command::StepBy& c) {
  follow_ = false;
  start_.reset();
  selection_.code.reset();
  player_.step(c.steps, end(), now_);
}

void Session::on(const command::TogglePlay&) {
  follow_ = false;
  selection_.code.reset();
  player_.toggle_play(end(), document_.timeline().recording, now_);
}

void Session::on(const command::NextSwitch&) {
  const auto& switches = document_.timeline().switches;
  const auto next = std::upper_bound(switches.begin(), switches.end(), player_.cursor(),
                                     [](core::StepIndex at, const core::Switch& s) { return at < s.step; });
  travel(next == switches.end() ? end() : next->step);
}

void Session::on(const command::PreviousSwitch&) {
  const auto& switches = document_.timeline().switches;
  const auto here = std::lower_bound(switches.begin(), switches.end(), player_.cursor(),
                                     [](const core::Switch& s, core::StepIndex at) { return s.step < at; });
  travel(here == switches.begin() ? core::StepIndex{0} : std::prev(here)->step);
}

void Session::on(const command::ToEnd&) {
  travel(end());
  follow_ = document_.timeline().recording;
}

void Session::on(const command::SetSpeed& c) {
  player_.set_speed(c.steps_per_second, now_);
}

void Session::on(const command::ChangeSpeed& c) {
  constexpr double kNotches[] = {0.5, 1, 2, 4, 8, 15, 30, 60, 120, 250, 500, 1000, 2500, 5000, 10000, 100000};
  double speed = player_.speed();
  if (c.direction > 0) {
    for (const double notch : kNotches) {
      if (notch > speed * 1.01) {
        speed = notch;
        break;
      }
    }
  } else {
    for (auto notch = std::rbegin(kNotches); notch != std::rend(kNotches); ++notch) {
      if (*notch < speed * 0.99) {
        speed = *notch;
        break;
      }
    }
  }
  player_.set_speed(speed, now_);
}

void Session::on(const command::ToggleTheme&) {
  state_.theme = state_.theme == ThemeKind::dark ? ThemeKind::light : ThemeKind::dark;
}

void Session::on(const command::ToggleFocus&) {
  state_.focus = !state_.focus;
}

void Session::on(const command::ToggleSyntax&) {
  state_.syntax = state_.syntax == core::Syntax::intel ? core::Syntax::att : core::Syntax::intel;
}

void Session::on(const command::ToggleReduceMotion&) {
  player_.set_reduce_motion(!player_.reduce_motion());
  say(Words(state_.language)(player_.reduce_motion() ? Word::reduce_motion_on : Word::reduce_motion_off));
}

void Session::on(const command::ChangeScale& c) {
  constexpr double kNotch = 0.1;
  const double scale = c.direction == 0 ? 1 : state_.user_scale + kNotch * c.direction;
  state_.user_scale = std::clamp(std::round(scale * 10) / 10, kMinimumUserScale, kMaximumUserScale);
}

void Session::on(const command::PinThread& c) {
  if (selection_.thread == c.thread) {
    selection_.thread.reset();
  } else {
    selection_.thread = c.thread;
  }
}

void Session::on(const command::PinPosition& c) {
  const View& shown = view();
  const auto& order = shown.styles->order();
  if (c.position < order.size()) {
    on(command::PinThread{order[c.position]});
  } else {
    say(Words(state_.language)(Word::no_such_thread_n, std::to_string(c.position + 1)));
  }
}

void Session::on(const command::ShowControlBlock& c) {
  if (selection_.control_block == c.thread) {
    selection_.control_block.reset();
  } else {
    selection_.control_block = c.thread;
  }
}

void Session::on(const command::ShowCode& c) {
  selection_.code = c.address;
  if (c.address) player_.pause();
}

void Session::on(const command::ToCellOrigin& c) {
  selection_.address = c.address;
  selection_.reg.reset();
  to_origin(document_.last_write(c.address, c.size, player_.cursor()));
}

void Session::on(const command::ToRegisterOrigin& c) {
  selection_.reg = c.reg;
  selection_.address.reset();
  to_origin(document_.last_write(c.reg, player_.cursor()));
}

void Session::on(const command::SetHover& c) {
  selection_.hover = c.hover;
}
void Session::on(const command::Open& c) {
  state_.dialog = state_.dialog == c.dialog ? command::Dialog::none : c.dialog;
}

void Session::on(const command::Close&) {
  if (state_.dialog != command::Dialog::none) {
    state_.dialog = command::Dialog::none;
  } else if (state_.exploring) {
    if (exploration_.state().can_leave) state_.exploring = false;
  } else if (selection_.control_block) {
    selection_.control_block.reset();
  } else if (finder_.progress() == Finder::Progress::searching) {
    finder_.stop();
  } else if (selection_.code) {
    selection_.code.reset();
  } else if (state_.figure != core::Figure::none) {
    on(command::ShowFigure{});
  } else if (state_.choosing) {
    on(command::ChooseOrder{});
  } else if (state_.focus) {
    state_.focus = false;
  }
}

void Session::on(const command::Submit&) {
  if (state_.dialog == command::Dialog::none && state_.exploring) exploration_.submit();
  state_.submit = state_.dialog != command::Dialog::none;
}

void Session::on(const command::SubmitStep& c) {
  state_.submit = false;
  const std::string text(core::trimmed(c.text));
  std::uint64_t step = 0;
  if (!core::read_whole_number(text, step) || step > end().value) {
    say(Words(state_.language)(Word::bad_step_n, text));
    return;
  }
  state_.dialog = command::Dialog::none;
  travel({step});
}

void Session::on(const command::SubmitFind& c) {
  state_.submit = false;
  state_.dialog = command::Dialog::none;
  const std::string text(core::trimmed(c.text));
  if (!text.empty()) finder_.start(text, player_.cursor());
}

void Session::on(const command::ShowFigure& c) {
  state_.figure = c.figure;
  state_.answer.reset();
  if (c.figure != core::Figure::none) last_figure_ = c.figure;
}

void Session::on(const command::ToggleFigure&) {
  on(command::ShowFigure{state_.figure == core::Figure::none ? last_figure_ : core::Figure::none});
}

void Session::on(const command::ShowAnswer& c) {
  if (state_.answer == c.question) {
    state_.answer.reset();
  } else {
    state_.answer = c.question;
  }
}

void Session::on(const command::ShowContext& c) {
  if (state_.context == c.object) {
    state_.context.reset();
  } else {
    state_.context = c.object;
  }
}

void Session::choose(const std::optional<std::vector<core::ThreadId>>& picks) {
  if (const auto chosen = document_.choose_order(picks); !chosen) {
    say(chosen.error().message);
    return;
  }
  state_.choosing = picks.has_value();
  held_.reset();
  before_.reset();
  travel(picks ? end() : core::StepIndex{0});
}

void Session::on(const command::ChooseOrder&) {
  if (state_.choosing) return choose(std::nullopt);
  if (!document_.asks_for_order()) return say(Words(state_.language)(Word::choose_nobody_asks));
  state_.figure = core::Figure::none;
  choose(std::vector<core::ThreadId>());
}

void Session::on(const command::PickThread& c) {
  const core::OrderChoice* choice = document_.choice();
  if (choice == nullptr || !choice->asks) return;
  if (std::find(choice->ready.begin(), choice->ready.end(), c.thread) == choice->ready.end())
    return say(Words(state_.language)(Word::choose_not_ready_n, std::to_string(c.thread.value)));
  std::vector<core::ThreadId> picks = choice->picks;
  picks.push_back(c.thread);
  choose(picks);
}

void Session::on(const command::UndoPick&) {
  const core::OrderChoice* choice = document_.choice();
  if (choice == nullptr || choice->picks.empty()) return;
  std::vector<core::ThreadId> picks = choice->picks;
  picks.pop_back();
  choose(picks);
}

void Session::on(const command::CopyText& c) {
  state_.copied = c.text;
  say(Words(state_.language)(Word::copied));
}

void Session::on(const command::ToggleExplore&) {
  if (state_.exploring && !exploration_.state().can_leave) {
    say(Words(state_.language)(Word::explore_no_run));
    return;
  }
  state_.exploring = !state_.exploring;
  player_.pause();
}

void Session::on(const command::Explore& c) {
  exploration_.apply(c.command);
}

void Session::explore(const ExploreQuestion& question, bool runs, const std::optional<core::Scenario>& lesson) {
  exploration_.set_question(question);
  if (lesson) exploration_.set_lesson(*lesson);
  exploration_.set_can_leave(runs);
  state_.exploring = true;
  exploration_.apply(exploring::Run{});
}

void Session::reopened() {
  player_.pause();
  player_.jump(document_.beginning());
  selection_ = {};
  finder_.stop();
  styles_ = {};
  styled_threads_ = 0;
  held_.reset();
  before_.reset();
  figure_.reset();
  start_.reset();
  follow_ = false;
  state_.exploring = false;
  state_.choosing = false;
  state_.context.reset();
  state_.answer.reset();
  const core::Scenario* scenario = document_.scenario();
  state_.figure = scenario != nullptr ? scenario->opening : core::Figure::none;
}

void Session::on(const command::SavePicture&) {
  state_.picture_wanted = true;
}
void Session::on(const command::Quit&) {
  state_.quit = true;
}

}  // namespace fiberscope::app
