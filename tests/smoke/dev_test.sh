#!/usr/bin/env bash
# ./dev in a tree of its own, with a package manager and a build that only write down how they were called.
# shellcheck disable=SC2016  # the stand-ins expand their own words
set -uo pipefail
source_folder=$(cd -- "$(dirname -- "$0")/../.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
failures=0
cases=0

# Writes a stand-in for a program: it logs its call, then does what the given shell lines say.
stand_in() {
  printf '#!/usr/bin/env bash\necho "%s $*" >> "%s/calls"\n%s\n' "$1" "$place" "${2:-}" > "$place/bin/$1"
  chmod +x "$place/bin/$1"
}

# A fresh tree in which every package is installed and every build works.
begin() {
  rm -rf "${place:?}"/*
  mkdir -p "$place/bin" "$place/tree"
  : > "$place/calls"
  cp "$source_folder/dev" "$place/tree/dev"
  stand_in dpkg-query 'for word in "$@"; do [[ $word == -* || $word == \$* ]] || echo "ii  $word"; done'
  stand_in apt-cache 'echo "  Candidate: 1.0"; seq 50000'  # more than a pipe that nobody reads would hold
  stand_in apt-get
  stand_in sudo '"$@"'
  stand_in cmake
  stand_in ninja
  stand_in ccache
  stand_in ctest 'echo "100% tests passed, 0 tests failed out of 3"; echo; echo "Total Test time (real) = 0.01 sec"'
}

# dev ARGUMENT…: fills $output and $code.
dev() {
  output=$(cd / && PATH="$place/bin:${tools:-$PATH}" DISPLAY='' XDG_RUNTIME_DIR=$place/sockets WAYLAND_DISPLAY=${display:-} "$place/tree/dev" "$@" 2>&1)
  code=$?
}

expect() {  # WHAT CONDITION…
  cases=$((cases + 1))
  local what=$1
  shift
  if ! "$@"; then
    failures=$((failures + 1))
    printf 'FAILED: %s\n  code %s, output:\n%s\n  calls:\n%s\n' "$what" "$code" "$output" "$(cat "$place/calls")" >&2
  fi
}
says() { [[ $output == *"$1"* ]]; }
ends_with() { [[ $output == *"$1" ]]; }
exits() { [[ $code == "$1" ]]; }
called() { grep -qE -- "$1" "$place/calls"; }
never_called() { ! called "$1"; }

# Hides packages from dpkg-query until apt-get has been asked to install.
lacks() {
  stand_in dpkg-query 'hidden=" '"$*"' "
    for word in "$@"; do [[ $word == -* || $word == \$* || $hidden == *" $word "* ]] || echo "ii  $word"; done'
}

begin
dev help
expect "help" exits 0
expect "help names each chore" eval 'says demo && says test && says approve && says build && says bench && says lint'
dev
expect "no chore is wrong usage" exits 2
dev polish
expect "an unknown chore is wrong usage" exits 2
expect "and is named" says "'polish'"
dev build test
expect "two chores are wrong usage" exits 2
expect "wrong usage starts nothing" never_called .

begin
dev build
expect "build" exits 0
expect "build says one line" test "$(wc -l <<< "$output")" = 1
expect "build takes the release preset" called '^cmake --preset release'
expect "build needs no tests" called '^cmake .*-DFIBERSCOPE_TESTS=OFF'
expect "build makes the program only" called '^ninja -C build/release -j [0-9]+ fiberscope$'
expect "apt is left alone when nothing is missing" never_called '^(apt|sudo)'

begin
dev test -- -R some_name
expect "test" exits 0
expect "test builds the tests" called '^cmake .*-DFIBERSCOPE_TESTS=ON'
expect "test hands arguments to ctest" called '^ctest .*--output-on-failure .*-R some_name$'
expect "the last line is ctest's" ends_with "Total Test time (real) = 0.01 sec"

if command -v git > /dev/null; then
  begin
  mkdir -p "$place/tree/scenarios" "$place/tree/tests/scenarios/golden" "$place/tree/build/release/tests/scenarios"
  : > "$place/tree/scenarios/one-two.toml"
  printf '#!/usr/bin/env bash\necho "scenario_tests $FIBERSCOPE_APPROVE $*" >> %q\necho new > %q\n' "$place/calls" \
    "$place/tree/tests/scenarios/golden/one-two.txt" > "$place/tree/build/release/tests/scenarios/scenario_tests"
  chmod +x "$place/tree/build/release/tests/scenarios/scenario_tests"
  echo old > "$place/tree/tests/scenarios/golden/one-two.txt"
  git -C "$place/tree" init -q
  git -C "$place/tree" add tests
  git -C "$place/tree" -c user.name=test -c user.email=test@localhost commit -q -m golden
  dev approve one-two
  expect "approve" exits 0
  expect "approve runs the scenario's golden test with approval" \
    called '^scenario_tests 1 --gtest_filter=All/ScenarioRuns\.LikeItsGoldenText/one_two$'
  expect "approve shows what has changed" says "one-two.txt | 2 +-"
  git -C "$place/tree" -c user.name=test -c user.email=test@localhost commit -q -a -m golden
  dev approve
  expect "approve without a name is for all" called '^scenario_tests 1 --gtest_filter=All/ScenarioRuns\.LikeItsGoldenText/\*$'
  expect "approve says that nothing has changed" says "no golden text has changed"
  dev approve three
  expect "a scenario that does not exist is wrong usage" exits 2
  expect "and is named" says "'three'"
  dev approve one-two three
  expect "two scenarios are wrong usage" exits 2
fi

begin
mkdir -p "$place/tree/build/release"
printf 'CMAKE_HOME_DIRECTORY:INTERNAL=%s\nFIBERSCOPE_TESTS:BOOL=ON\n' "$place/tree" \
  > "$place/tree/build/release/CMakeCache.txt"
dev build
expect "build leaves tests on that are on" never_called 'FIBERSCOPE_TESTS=OFF'
expect "a build folder in its place is kept" never_called '^cmake .*--fresh'
printf 'CMAKE_HOME_DIRECTORY:INTERNAL=/elsewhere\n' > "$place/tree/build/release/CMakeCache.txt"
dev build
expect "a build folder that was moved is begun anew" called '^cmake .*--fresh'

begin
lacks libcapstone-dev ninja-build
dev build --no-install
expect "--no-install stops" exits 2
expect "--no-install prints the one command" says "apt-get install -y --no-install-recommends ninja-build libcapstone-dev"
expect "--no-install installs nothing" never_called '^(apt-get|sudo|cmake)'

begin
lacks libcapstone-dev ninja-build
dev build
expect "missing packages are installed" exits 0
expect "and named" says "missing packages, installed now: ninja-build libcapstone-dev"
expect "in one call" called '^apt-get install -y --no-install-recommends ninja-build libcapstone-dev$'
expect "lists that know them are not fetched" never_called '^apt-get update'
if ((EUID == 0)); then
  expect "root needs no sudo" never_called '^sudo'
else
  expect "others use sudo" called '^sudo env .*apt-get install'
fi

begin
lacks xvfb
dev build --no-install
expect "build does not ask for what only the tests need" exits 0
dev test --no-install
expect "test does" exits 2

begin
lacks libcapstone-dev
stand_in apt-cache "grep -q 'apt-get update' '$place/calls' && echo '  Candidate: 1.0'"
dev build
expect "empty package lists are fetched" exits 0
expect "once" test "$(grep -c '^apt-get update' "$place/calls")" = 1

begin
lacks libcapstone-dev
stand_in apt-cache 'echo "  Candidate: (none)"'
dev build
expect "a package that nobody offers stops the chore" exits 2
expect "and is named" says "libcapstone-dev"
expect "nothing is installed then" never_called '^apt-get install'

begin
lacks libcapstone-dev
stand_in apt-get '[[ $1 == update ]] || { echo "404 Not Found"; exit 100; }'
dev build
expect "an install that fails stops the chore" exits 2
expect "after one more try with fresh lists" test "$(grep -c '^apt-get install' "$place/calls")" = 2
expect "and apt's own words are shown" says "404 Not Found"

begin
stand_in ninja 'echo "some.cpp:1:2: error: no such thing"; exit 1'
dev build
expect "a build that fails" exits 1
expect "shows the compiler's words" says "some.cpp:1:2: error: no such thing"
dev test
expect "no test runs then" never_called '^ctest'

begin
stand_in ctest 'exit 8'
dev test
expect "a failing test fails the chore" exits 8

begin
rm "$place/bin/dpkg-query" "$place/bin/apt-get" "$place/bin/apt-cache"
tools=$place/tools
mkdir "$tools"
for tool in bash env dirname cat nproc awk grep mkdir; do ln -s "$(command -v "$tool")" "$tools/$tool"; done
dev build
expect "another distribution" exits 2
expect "is told what to install" eval 'says libunicorn-dev && says ninja-build'
unset tools

begin
mkdir -p "$place/tree/build/release"
program=$place/tree/build/release/fiberscope
cat > "$program" << END
#!/usr/bin/env bash
echo "fiberscope \$*" >> "$place/calls"
case \$1 in
  open) exit \$(cat "$place/window") ;;
  run) [[ " \$* " != *" --json "* ]] && echo "step 11: main to producer" && exit
    echo '{"steps":90,"switches":[{"at":"x","step":11},{"at":"y","step":22},{"step":33}],"threads":[{"step":44}]}' ;;
esac
END
chmod +x "$program"
dev demo
expect "demo without a display" exits 0
expect "tells the story" says "step 11: main to producer"
expect "records" called '^fiberscope run switch-to-context -o build/demo/switch-to-context\.fscope$'
expect "takes a picture at a switch" called '^fiberscope screenshot build/demo/.*\.fscope --step 22 -o build/demo/.*\.png$'
expect "names the trace" says "build/demo/switch-to-context.fscope"
expect "names the picture" says "build/demo/switch-to-context.png"
expect "opens no window" never_called '^fiberscope open'

# A socket is what a display looks like from outside.
mkdir "$place/sockets"
perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0]))' "$place/sockets/wayland-0"
display=wayland-0
echo 0 > "$place/window"
: > "$place/calls"
dev demo
expect "demo with a display" exits 0
expect "opens the window, playing, shortly before a switch" called '^fiberscope open switch-to-context --step [0-9]+ --play$'
expect "and nothing else" never_called '^fiberscope run'
echo 2 > "$place/window"
dev demo
expect "a display without a window" exits 0
expect "gives what is given without a display" says "build/demo/switch-to-context.png"
display=wayland-9
: > "$place/calls"
dev demo
expect "a display that nobody serves is none" never_called '^fiberscope open'
unset display

printf '%d checks, %d failed\n' "$cases" "$failures"
((failures == 0))
