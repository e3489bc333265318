#!/bin/sh
# Runs each fuzz target for a while on its seeds; fails on a crash, a leak, a hang, or a broken promise.
#   tests/fuzz/run.sh [seconds, default 10] [target...]
#   tests/fuzz/run.sh build      builds them all, and stops there
# Inputs that fail are kept in tests/fuzz/out/. Ends with "N passed, N failed".
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${FUZZ_BUILD:-$root/build-fuzz}
seconds=${1:-10}
only_build=""
[ "$seconds" != build ] || only_build=1
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- codec publish rtcp rtp sdp seal stun twcc v2_msg forwarded multipart mysqldump

found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT

# Runs a command and shows what it said only if it failed.
quiet() {
    "$@" >"$found/quiet.log" 2>&1 || {
        tail -n 40 "$found/quiet.log" >&2
        exit 1
    }
}

clang=$(command -v clang || command -v clang-14 || true)
if [ -z "$clang" ]; then
    echo "fuzz: clang is missing (package clang-14)" >&2
    exit 1
fi
# Some warning options of the project are gcc's alone.
if [ ! -f "$build/build.ninja" ]; then
    export CC="$clang"
    quiet meson setup "$build" "$root" -Dfuzzers=true -Dsanitize=address -Dtests=false \
        -Dc_args='-Wno-unknown-warning-option -g1'
fi

if [ -n "$only_build" ]; then
    for target in "$@"; do quiet ninja -C "$build" -j2 "tests/fuzz/fuzz_$target"; done
    exit 0
fi
mkdir -p "$here/out"
failed=0 passed=0
for target in "$@"; do
    quiet ninja -C "$build" -j2 "tests/fuzz/fuzz_$target"
    mkdir -p "$found/$target"
    options=""
    corpus=$here/corpus/$target
    [ "$target" = publish ] && corpus=$here/corpus/sdp
    case $target in publish | sdp) options="-dict=$here/sdp.dict -max_len=20000" ;; esac
    # shellcheck disable=SC2086
    if "$build/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="$here/out/$target-" $options "$found/$target" "$corpus" >"$found/$target.log" 2>&1; then
        passed=$((passed + 1))
        echo "fuzz $target: ok, $(sed -n 's/^stat::number_of_executed_units: *//p' "$found/$target.log") runs"
    else
        failed=$((failed + 1))
        echo "fuzz $target: FAILED" >&2
        tail -n 40 "$found/$target.log" >&2
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
