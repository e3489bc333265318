#!/usr/bin/env bash
# Installs what is missing, builds, and runs the test suites: all, or those named. Ends with "N passed, N failed".
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

# In the order in which they run: what mostly waits for sockets comes first, while the sanitizers' builds are made and the
# sources are checked. The API suite, which waits most, runs beside those before it.
SUITES=(call interop net api unit lint sim browser)
usage() {
  cat <<EOF
usage: ./test.sh [suite...]      suites: ${SUITES[*]}

  lint     layers, sizes, forbidden includes, locks, formatting, clang-tidy, shell, YAML
  unit     cmocka, plain and under ASan+UBSan and TSan; the fuzzers' corpus and a short run of each
  sim      simulations with a virtual clock
  api      REST and WebSocket over real sockets, on SQLite and PostgreSQL
  call     calls of the native client through a running server
  browser  the web client in Chromium
  interop  other WebRTC stacks against the server
  net      several hosts in network namespaces
EOF
}

wanted=()
for arg in "$@"; do
  case $arg in
    -h | --help) usage; exit 0 ;;
  esac
  known=""
  for suite in "${SUITES[@]}"; do
    [ "$suite" = "$arg" ] && known=1
  done
  [ -n "$known" ] || { echo "test.sh: unknown suite $arg" >&2; usage >&2; exit 2; }
  wanted+=("$arg")
done
[ ${#wanted[@]} -gt 0 ] || wanted=("${SUITES[@]}")

# shellcheck source=tools/deps.sh
. tools/deps.sh
packages=("${BUILD_PACKAGES[@]}" "${TEST_BUILD_PACKAGES[@]}")
have_node || packages+=("${NODE_PACKAGES[@]}")
install_packages "${packages[@]}" || exit 1

passed=0 failed=0
mkdir -p build-logs
# What the build does not need comes beside it.
install_packages "${TEST_PACKAGES[@]}" >build-logs/packages.log 2>&1 &
packages_pid=$!
# count NAME PASSED FAILED
count() {
  passed=$((passed + $2))
  failed=$((failed + $3))
  printf '%-24s %5d passed, %d failed\n' "$1" "$2" "$3"
}

# run_meson NAME BUILD_DIR SUITE: counts meson's own totals; nothing run is a failure.
run_meson() {
  start_meson "$@"
  judge_meson "$1"
}
# Tests that run beside others have more time. One PostgreSQL for all of them.
start_meson() {
  local with=()
  [ "$3" != unit ] || with=(tests/pg.sh run)
  "${with[@]}" meson test -C "$2" --no-rebuild --print-errorlogs --num-processes 4 --timeout-multiplier "${patience:-1}" --suite "$3" >"build-logs/$1.log" 2>&1
}
judge_meson() {
  local log="build-logs/$1.log" ok bad
  ok=$(sed -n 's/^Ok: *\([0-9]*\).*/\1/p' "$log" | tail -n 1)
  bad=$(awk '/^(Fail|Timeout|Unexpected Pass):/ { n += $NF } END { print n + 0 }' "$log")
  if [ "${ok:-0}" -eq 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
  [ "$bad" -eq 0 ] || tail -n 120 "$log"
  count "$1" "${ok:-0}" "$bad"
}

# run_node NAME COMMAND...: a command that prints the totals of node --test.
run_node() {
  local name=$1 status=0
  shift
  "$@" >"build-logs/$name.log" 2>&1 || status=$?
  judge_node "$name" "$status"
}
# NAME STATUS: by the log that the suite wrote.
judge_node() {
  local name=$1 status=$2 log="build-logs/$1.log" ok bad
  ok=$(sed -n 's/^[#ℹ] pass \([0-9]*\).*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
  bad=$(sed -n -e 's/^[#ℹ] fail \([0-9]*\).*/\1/p' -e 's/^[#ℹ] cancelled \([0-9]*\).*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
  if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$ok" -eq 0 ]; }; then bad=1; fi
  [ "$bad" -eq 0 ] || { grep -nE '^ *(not ok|✖)' "$log" | head -n 20; tail -n 100 "$log"; }
  count "$name" "$ok" "$bad"
  grep '^second run of ' "$log" || true
}

# run_counted NAME COMMAND...: a command whose last line is "N passed, N failed".
run_counted() {
  local name=$1 status=0
  shift
  "$@" >"build-logs/$name.log" 2>&1 || status=$?
  judge_counted "$name" "$status"
}
judge_counted() {
  local name=$1 status=$2 log="build-logs/$1.log" line
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
  local ok=${line%% *} bad
  bad=$(sed -n 's/.*passed, \([0-9]*\) failed/\1/p' <<<"$line")
  if [ -z "$line" ] || { [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$ok" -eq 0 ]; }; }; then bad=$((${bad:-0} + 1)); fi
  [ "$bad" -eq 0 ] || tail -n 100 "$log"
  count "$name" "${ok:-0}" "$bad"
}

# FILE: a file that fails is run once more, for machines that starved it: what counts is the second run, and the summary
# names it. Not so v1_start, whose failures are races that it is there to find.
node_test() {
  local out status=0
  out=$(node --test --test-reporter=tap "$1" 2>&1) || status=1
  if [ "$status" -ne 0 ] && [ "$1" != ./v1_start.test.mjs ]; then
    printf '%s\n' "$out" | sed 's/^/first run: /'
    echo "second run of $1"
    status=0
    out=$(node --test --test-reporter=tap "$1" 2>&1) || status=1
  fi
  printf '%s\n' "$out"
  return "$status"
}
# DIR [FILE...]: the files named, which fill two cores, one at a time; before them all others of the folder, two at a time.
node_tests() {
  local dir=$1 file status=0 logs
  shift
  npm_install "$dir" || return 1
  cd "$dir" || return 1
  logs=$(mktemp -d) || return 1
  export -f node_test
  # shellcheck disable=SC2016
  printf '%s\n' ./*.test.mjs | sort -r | grep -vxF "$(printf './%s\n' "$@")" |
    xargs -P 2 -I {} bash -c 'node_test "$1" >"$2/${1##*/}"' bash {} "$logs" || status=1
  for file in "$@"; do node_test "./$file" >"$logs/$file" || status=1; done
  cat "$logs"/*
  rm -r "$logs"
  return "$status"
}

# Beside the rest, with what it leaves of the processors: the sanitizers' builds and runs, the sources, the fuzzers. What is
# started is judged at the end. In a session of its own, since Linux shares the processors among sessions first, and a nice
# value counts only within one (sched(7), autogroup).
checked=""
start_checked() {
  rm -f build-logs/{unit-asan,unit-tsan,lint,fuzz}.{log,status}
  export -f run_checks with_status start_meson build_suite setup_build run_ninja
  patience=4 wants_lint=$([[ " ${wanted[*]} " != *" lint "* ]] || echo 1) setsid --wait bash -c run_checks &
  checked=$!
  trap 'pkill -g "$(cat build-logs/checks.pid)" 2>/dev/null' EXIT
}
# gcc takes half of the time for -O1 and line numbers that it takes for -O2 and all that gdb can show.
run_checks() {
  echo $$ >build-logs/checks.pid
  renice -n 19 $$ >/dev/null
  echo 19 2>/dev/null >"/proc/$$/autogroup" || true
  local quick=(-Doptimization=1 -Dc_args=-g1)
  if build_suite build-asan unit -Dsanitize=address "${quick[@]}"; then start_meson unit-asan build-asan unit; fi
  if build_suite build-tsan threads -Dsanitize=thread "${quick[@]}"; then start_meson unit-tsan build-tsan threads; fi
  [ -z "$wants_lint" ] || with_status lint tests/lint/run.sh
  with_status fuzz tests/fuzz/run.sh 2
}
with_status() {
  local name=$1 status=0
  shift
  "$@" >"build-logs/$name.log" 2>&1 || status=$?
  echo "$status" >"build-logs/$name.status"
}
judge_checked() {
  local name
  [ -n "$checked" ] || return 0
  wait "$checked"
  trap - EXIT
  for name in unit-asan unit-tsan lint fuzz; do touch "build-logs/$name.log"; done # an empty one is a failure
  judge_meson unit-asan
  judge_meson unit-tsan
  for name in lint fuzz; do
    [[ $name = lint && " ${wanted[*]} " != *" lint "* ]] || judge_counted "$name" "$(cat "build-logs/$name.status" 2>/dev/null || echo 1)"
  done
}
suite_lint() { [ -n "$checked" ] || run_counted lint tests/lint/run.sh; }
suite_unit() {
  run_meson unit build unit
  if npm_install web; then run_counted web-unit web_unit; else count web-unit 0 1; fi
}
web_unit() {
  local out=$PWD/build-logs/web-unit.json status=0
  (cd web && npx --no-install vitest run --reporter=default --reporter=json --outputFile="$out") || status=$?
  node -p 'const r = require(process.argv[1]); r.numPassedTests + " passed, " + r.numFailedTests + " failed"' "$out"
  return "$status"
}
in_subshell() { ("$@"); }
suite_sim() { run_meson sim build sim; }
api_pid=""
start_api() {
  tests/pg.sh run bash -c '. tools/deps.sh; npm_install tests/api && cd tests/api && node --test --test-concurrency=2 --test-reporter=tap ./*.test.mjs' >build-logs/api.log 2>&1 &
  api_pid=$!
}
suite_api() {
  local status=0
  [ -n "$api_pid" ] || start_api
  wait "$api_pid" || status=$?
  judge_node api "$status"
}
suite_call() { run_node call in_subshell node_tests tests/call; }
suite_browser() {
  run_node browser in_subshell node_tests tests/browser six_members.test.mjs v1_mesh_five.test.mjs v1_sfu_five.test.mjs
}
suite_interop() { run_counted interop tests/interop/run.sh; }
suite_net() { run_counted net tests/net/run.sh; }

export ICHATD="$PWD/build/src/ichatd"
started=$SECONDS
# Packages are not left half installed.
give_up() { wait; echo "0 passed, 1 failed"; exit 1; }
# npm waits for the network mostly.
build_web >build-logs/web.log 2>&1 &
web_pid=$!
build_server build || give_up
if [ "$(meson introspect build --buildoptions | /usr/bin/python3 -c 'import json,sys; print([o["value"] for o in json.load(sys.stdin) if o["name"]=="tests"][0])')" != True ]; then
  # run.sh configures without the tests.
  meson configure build -Dtests=true || give_up
  build_server build || give_up
fi
wait "$web_pid" || { cat build-logs/web.log; give_up; }
wait "$packages_pid" || { cat build-logs/packages.log; give_up; }
grep '^Installing' build-logs/packages.log
[[ " ${wanted[*]} " != *" unit "* ]] || start_checked
echo "Built in $((SECONDS - started)) s"
[[ " ${wanted[*]} " != *" api "* ]] || start_api
for suite in "${wanted[@]}"; do
  "suite_$suite"
done
judge_checked
echo "Took $((SECONDS - started)) s; logs in build-logs/"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
