#!/usr/bin/env bash
# The real window under Xvfb: keys, mouse, resizing, a trace that is still being recorded, and sudden ends. The window
# prints its state as a line of JSON whenever it changes (--report-state): every step of a test waits for such a line.
# usage: window_test.sh FIBERSCOPE LOOP_ELF    exit code 77: skipped, for want of Xvfb or xdotool
set -uo pipefail
program=$1
loop=$2
for tool in Xvfb xdotool; do
  if ! command -v "$tool" > /dev/null; then
    echo "skipped: no $tool here (Debian packages xvfb and xdotool; ./dev test installs both)"
    exit 77
  fi
done

place=$(mktemp -d)
pid=''
server=''
# shellcheck disable=SC2317  # called by the trap
finish() {
  [[ -z $pid ]] || kill -9 "$pid" 2> /dev/null
  [[ -z $server ]] || kill "$server" 2> /dev/null
  wait 2> /dev/null
  rm -rf "$place"
}
trap finish EXIT
failures=0
cases=0

readonly kPatience=15  # seconds; only a broken window takes that long

# until_true COMMAND…: 0 as soon as the command succeeds.
until_true() {
  local i
  for ((i = 0; i < kPatience * 50; i++)); do
    "$@" && return 0
    sleep 0.02
  done
  return 1
}

passed() { cases=$((cases + 1)); }
failed() {
  cases=$((cases + 1))
  failures=$((failures + 1))
  printf 'FAILED: %s\n        last state: %s\n' "$1" "$(tail -n 1 "$place/state" 2> /dev/null)"
  cat "$place/errors" 2> /dev/null
}
check() {  # WHAT COMMAND…
  local what=$1
  shift
  if "$@"; then passed; else failed "$what"; fi
}

# The value of a field in the newest line.
field() { tail -n 1 "$place/state" 2> /dev/null | grep -o "\"$1\":[^,}]*" | cut -d: -f2- | tr -d '"'; }
has() { [[ $(field "$1") == "$2" ]]; }
above() { local value; value=$(field "$1"); [[ -n $value && $value -gt $2 ]]; }
# expect WHAT FIELD VALUE: waits until the newest line says so.
expect() { if until_true has "$2" "$3"; then passed; else failed "$1: $2 should be $3"; fi; }
gone() { ! kill -0 "$1" 2> /dev/null; }

# open_window ARGUMENT…
open_window() {
  : > "$place/state"
  "$program" open "$@" --report-state > "$place/state" 2> "$place/errors" &
  pid=$!
  until_true has closed false || { failed "no window from: open $*"; return 1; }
  window=$(timeout 20 xdotool search --sync --onlyvisible --name Fiberscope | head -n 1)
  # No window manager is there to give it the keyboard.
  xdotool windowmove "$window" 0 0 windowfocus --sync "$window" mousemove 3 3
}
key() { xdotool key --window 0 "$@"; }
quit() {
  key ctrl+q
  wait "$pid"
  local code=$?
  pid=''
  check "the exit code is 0, not $code" [ "$code" -eq 0 ]
  check "the last line says that the window is closed" has closed true
}

exec 7> "$place/display"
Xvfb -noreset -displayfd 7 -screen 0 1920x1200x24 > /dev/null 2>&1 &
server=$!
until_true test -s "$place/display" || { echo "Xvfb did not start"; exit 1; }
DISPLAY=:$(cat "$place/display")
export DISPLAY XDG_CONFIG_HOME=$place/config TMPDIR=$place LIBGL_ALWAYS_SOFTWARE=1
unset WAYLAND_DISPLAY
cd "$place" || exit 1
mkdir "$place/config"

# --- a finished trace -------------------------------------------------------------------------------------------------
"$program" run switch-to-context -o "$place/run.fscope" --json > "$place/story" || failed "the scenario does not run"
first=$(tr -d ' \n' < "$place/story" | sed 's/.*"switches":\[{//' | grep -o '"step":[0-9]*' | head -n 1 | cut -d: -f2)
check "the scenario has switches" test -n "$first"
open_window "$place/run.fscope" || exit 1
expect "a window opens at the start" cursor 0
steps=$(field steps)
key n
expect "N goes to the first switch" cursor "$first"
key Right
expect "the right arrow steps" cursor $((first + 1))
expect "its film ends" moving false
key Left
expect "the left arrow steps back" cursor "$first"
key p
expect "P goes to the switch before, or the start" cursor 0
key space
expect "Space plays" playing true
check "playing does not move" until_true above cursor 1
key space
expect "Space pauses" playing false
key g
expect "G opens a dialog that takes text" typing true
xdotool type --window 0 "$((first + 7))"
key Return
expect "and goes to the step" cursor $((first + 7))
expect "and closes" dialog none
expect "and gives the keys back" typing false
key t
expect "T changes the theme" theme light
key t
expect "and back" theme dark
key f
expect "F is the focus mode" focus true
key Escape
expect "and Escape ends it" focus false
key question
expect "? shows the help" dialog help
key Escape
expect "and Escape hides it" dialog none

# The timeline's lanes go from x = 158 to x = 1576 in a window of 1600x900 (app/timeline_panel.cpp).
xdotool mousemove --window "$window" 867 830 click 1
check "a click on the timeline goes there" until_true above cursor $((steps * 45 / 100))
check "a click on the timeline goes to the middle" [ "$(field cursor)" -lt $((steps * 55 / 100)) ]
xdotool mousemove --window "$window" 20 300
key Home
expect "Home goes to the start" cursor 0

# What is drawn in parts, step by step, must end as the picture of a window that shows that step first of all.
picture=fiberscope-step-$((first + 3)).png
save_picture() {
  xdotool mousemove 1900 1190
  key ctrl+s
  check "Ctrl+S writes a picture" until_true test -s "$picture"
}
key n
expect "again at the first switch" cursor "$first"
for _ in 1 2 3; do key Right; done
expect "three steps on" cursor $((first + 3))
expect "whose film is over" moving false
save_picture
mv "$picture" parts.png
xdotool windowsize "$window" 1280 720
expect "the window takes its new size" width 1280
expect "and height" height 720
# Larger than ever: where the processor draws, Mesa's buffer has to grow before anything is copied out of it.
xdotool windowsize "$window" 1900 1100
expect "the window grows" width 1900
key Right
expect "and lives on" cursor $((first + 4))
quit
check "no trace of an error: $(cat "$place/errors")" [ ! -s "$place/errors" ]

# Of a target that is recorded only now: the window comes to the step when it was recorded so far.
open_window switch-to-context --step $((first + 3)) && {
  expect "a window opens at a step" cursor $((first + 3))
  expect "of a trace that comes to its end" recording false
  save_picture
  check "both windows show the same pixels" cmp "$picture" parts.png
  quit
}

# --- a trace that is still being recorded -----------------------------------------------------------------------------
cp "$loop" "$place/loop.elf"
cat > "$place/endless.toml" << 'END'
name = "endless"
profile = "bare"
image = "loop.elf"
threads = ["main", "other"]
max_steps = 400000000

[title]
en = "Two threads for ever"

[expected]
exit_code = 0
stdout = ""
END
recording() { find "$place" -path '*/fiberscope-*/recording.fscope'; }
open_window "$place/endless.toml" && {
  expect "the trace is still being recorded" recording true
  check "the trace grows in the window" until_true above steps 100000
  worker=$(pgrep -P "$pid")
  key End
  check "End follows the recording" until_true above cursor 100000
  key n
  quit
  check "the worker ends with the window" until_true gone "$worker"
  check "and leaves nothing behind: $(recording)" [ -z "$(recording)" ]
}

# --- the window is killed in the middle of a recording ----------------------------------------------------------------
open_window "$place/endless.toml" && {
  check "the trace grows in the window" until_true above steps 100000
  seen=$(field steps)
  worker=$(pgrep -P "$pid")
  kill -9 "$pid"
  wait "$pid" 2> /dev/null
  pid=''
  check "the worker dies with the window" until_true gone "$worker"
  check "its trace can be read as far as it was seen" \
    "$program" show "$(recording)" --step "$seen" --json > "$place/shown" 2> "$place/errors"
  check "and shows that step" grep -q "\"step\": *$seen" "$place/shown"
}

# --- the recorder is killed under the window --------------------------------------------------------------------------
rm -rf "$place"/fiberscope-*
open_window "$place/endless.toml" && {
  check "the trace grows in the window" until_true above steps 100000
  kill -9 "$(pgrep -P "$pid")"
  expect "a dead recorder ends the recording" recording false
  key n
  check "the window goes on without its recorder" until_true above cursor 0
  quit
}

# --- a trace that is kept ---------------------------------------------------------------------------------------------
# Closing the window, or a signal, ends the recording in order; an older trace is replaced only then.
cp "$place/run.fscope" "$place/old.fscope"
for name in new old; do
  open_window "$place/endless.toml" -o "$place/$name.fscope" && {
    check "the trace grows in the window" until_true above steps 100000
    seen=$(field steps)
    if [[ $name == old ]]; then
      check "the old trace is there as it was" cmp "$place/run.fscope" "$place/old.fscope"
      kill -TERM "$pid"
      wait "$pid"
      check "a signal closes the window in order" [ $? -eq 0 ]
      pid=''
    else
      quit
    fi
    check "the trace goes as far as it was seen" "$program" show "$place/$name.fscope" --step "$seen" > /dev/null
    check "and nothing lies beside it" [ -z "$(find "$place" -name "$name.*" ! -name "$name.fscope")" ]
  }
done

# --- no display -------------------------------------------------------------------------------------------------------
DISPLAY=:987654 "$program" open "$place/run.fscope" > "$place/state" 2> "$place/errors"
check "without a display the exit code is 2" [ $? -eq 2 ]
check "and the message names what works without one" grep -q 'fiberscope screenshot' "$place/errors"

echo "$cases cases, $failures failures"
[[ $failures -eq 0 ]]
