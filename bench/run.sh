#!/usr/bin/env bash
# Runs the standard set of loads against ichatd and Janus side by side and writes REPORT.md with its plots; or, with
# --quick, the core scenario alone. Everything runs in a network namespace of its own. See README.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  cat <<'EOF'
usage: bench/run.sh [--quick] [--json] [--rounds N] [--only NAME[,NAME...]] [--out DIR] [--no-build]

  --quick      1 publisher, 50 subscribers, 1,200-byte video, both servers, under 50 s; prints a line
  --json       with --quick: that line as JSON
  --rounds N   how often each run is repeated, alternating between the servers (default 3)
  --only LIST  of: chat, even, large, small, webinar, bursts, simulcast, meeting, workers, storm, churn, idle, ladder, profile
  --out DIR    where the single results go (default build/bench-results); the report goes to bench/REPORT.md
  --no-build   takes build/ as it is
EOF
}

quick="" json="" rounds=3 only="" out=build/bench-results build=1
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=1; shift ;;
    --json) json=1; shift ;;
    --no-build) build=""; shift ;;
    --rounds | --only | --out)
      [ $# -ge 2 ] || { echo "run.sh: $1 needs a value" >&2; exit 2; }
      case $1 in
        --rounds) rounds=$2 ;;
        --only) only=$2 ;;
        --out) out=$2 ;;
      esac
      shift 2
      ;;
    -h | --help) usage; exit 0 ;;
    *) echo "run.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
  esac
done

say() { echo "$@" >&2; }

# Everything but the namespace was done before we entered it.
if [ -z "${ICHAT_BENCH_INSIDE:-}" ]; then
  # shellcheck source=tools/deps.sh
  . tools/deps.sh
  if [ -n "$build" ]; then
    install_packages "${BUILD_PACKAGES[@]}" "${TEST_BUILD_PACKAGES[@]}" janus iproute2 linux-perf python3 postgresql util-linux >&2
    build_server build >&2
    if [ ! -x build/bench/ichat-bench ]; then
      meson configure build -Dtests=true >&2 # run.sh of the root configures without
      build_server build >&2
    fi
  fi
  arguments=(--rounds "$rounds" --out "$out" --no-build)
  [ -z "$quick" ] || arguments+=(--quick)
  [ -z "$json" ] || arguments+=(--json)
  [ -z "$only" ] || arguments+=(--only "$only")
  user=()
  [ "$(id -u)" = 0 ] || user=(--map-root-user)
  exec env ICHAT_BENCH_INSIDE=1 unshare --net "${user[@]}" "$BASH" bench/run.sh "${arguments[@]}"
fi

server_ip=10.78.0.1 peer_net=10.79.0.0
bench=build/bench/ichat-bench
export ICHATD=${ICHATD:-build/src/ichatd}

make_network() {
  ip link set lo up
  # Any kind of interface that is no loopback will do: its packets go through the kernel's loopback anyway.
  ip link add bench0 type dummy 2>/dev/null || ip link add bench0 type veth peer name bench1 2>/dev/null ||
    ip link add bench0 type bridge
  ip addr add $server_ip/24 dev bench0
  ip link set bench0 up
  ip link set bench1 up 2>/dev/null || true
  ip route add local $peer_net/16 dev bench0 # each address in it is a member's; over lo Janus gets nothing through
}

# run NAME TARGET ROUND OPTIONS...: one result in $out/NAME__TARGET__ROUND.json; a run that fails is told and left out.
run() {
  local name=$1 target=$2 round=$3 kind=()
  shift 3
  case $target in
    ichatd) kind=(--target ichatd) ;;
    ichatd-1w) kind=(--target ichatd --workers 1) ;;
    ichatd-1w-half) kind=(--target ichatd --workers 1 --calls 2) ;; # of the 4
    ichatd-2w) kind=(--target ichatd --workers 2) ;;
    janus) kind=(--target janus) ;;
    janus-default) kind=(--target janus --event-loops none) ;;
  esac
  say "$name, $target, round $round"
  local file="$out/${name}__${target}__$round.json"
  timeout -k 10 400 "$bench" "$@" "${kind[@]}" --server-ip $server_ip --peer-net $peer_net --label "$target" --json >"$file.part" ||
    { say "  failed"; rm -f "$file.part"; return 0; }
  mv "$file.part" "$file"
}

wanted() { [ -z "$only" ] || [[ ",$only," == *",$1,"* ]]; }

# alternate NAME "TARGETS" OPTIONS...
alternate() {
  local name=$1 targets=$2 round target
  shift 2
  wanted "$name" || return 0
  for ((round = 1; round <= rounds; round++)); do
    for target in $targets; do
      run "$name" "$target" "$round" "$@"
    done
  done
}

make_network
mkdir -p "$out"
rm -f "$out"/*.part

if [ -n "$quick" ]; then
  rm -f "$out"/quick__*.json
  for round in 1 2; do
    run quick ichatd "$round" --publishers 1 --subscribers 50 --rate 300,1000 --warmup 0.5 --seconds 2.5
    run quick janus "$round" --publishers 1 --subscribers 50 --rate 300,1000 --warmup 0.5 --seconds 2.5 --no-floor
  done
  exec /usr/bin/python3 bench/report.py quick "$out" ${json:+--json}
fi

if [ -z "$only" ]; then rm -f "$out"/*.json; fi
all="ichatd janus janus-default"
alternate even "$all" --publishers 1 --subscribers 50 --rate 100,300,600,1000 --seconds 4
alternate large "ichatd-1w ichatd janus" --publishers 1 --subscribers 500 --rate 30,60 --seconds 4 --join-parallel 32
alternate small ichatd-1w --publishers 1 --subscribers 50 --rate 60,600 --seconds 4
alternate webinar "ichatd-1w janus" --publishers 1 --subscribers 500 --rate 60 --fps 10 --seconds 4 --pacing burst --join-parallel 32
alternate bursts "ichatd janus" --publishers 1 --subscribers 50 --rate 300,600 --seconds 4 --pacing burst
alternate simulcast "ichatd janus" --publishers 1 --subscribers 50 --simulcast --rate 300 --seconds 4
alternate meeting "ichatd janus" --members 20 --audio 20 --video 6 --rate 60 --seconds 6 --pacing burst
alternate workers "ichatd-1w-half ichatd-2w ichatd-1w" --calls 4 --publishers 1 --subscribers 25 --rate 900 --seconds 4
alternate storm "ichatd janus" --members 20 --audio 1 --video 1 --rate 100 --seconds 3 --storm 500 --no-floor
alternate churn "ichatd janus" --members 50 --video 1 --rate 60 --seconds 10 --churn 10 --no-floor
alternate idle "ichatd janus" --calls 10 --members 100 --video 1 --idle --seconds 10 --no-floor
alternate ladder "ichatd janus" --publishers 1 --subscribers 100 --rate 50,100,200,300,400,500,600,700,800,1000 --seconds 3 --no-floor

# profile NAME OPTIONS...: where the time of a held load goes, in $out/profile-NAME.json. Needs perf (linux-perf).
profile() {
  local name=$1 pid="" tries bench_pid
  shift
  say "profile of $name"
  "$bench" --server-ip $server_ip --peer-net $peer_net --seconds 1 --no-floor --hold "$@" >/dev/null 2>"$out/profile.log" &
  bench_pid=$!
  for ((tries = 0; tries < 200 && ${#pid} == 0; tries++)); do
    sleep 0.2
    pid=$(sed -n 's/.*the server is pid \([0-9]*\).*/\1/p' "$out/profile.log")
  done
  if perf record -e cpu-clock -F 4000 -g -p "$pid" -o "$out/profile.data" -- sleep 6 >/dev/null 2>&1 &&
    perf script -i "$out/profile.data" -F comm,ip,sym 2>/dev/null | /usr/bin/python3 bench/profile.py >"$out/profile-$name.json.part"; then
    mv "$out/profile-$name.json.part" "$out/profile-$name.json"
  else
    say "  failed"
  fi
  kill -INT "$bench_pid"
  wait "$bench_pid" || true
  rm -f "$out"/profile.data* "$out"/profile.log "$out"/*.part
}
if wanted profile; then
  if command -v perf >/dev/null; then
    profile even --publishers 1 --subscribers 50 --rate 1000
    profile bursts --publishers 1 --subscribers 50 --rate 600 --pacing burst
    profile meeting --members 20 --audio 20 --video 6 --rate 60 --pacing burst
  else
    say "profile: left out, perf is missing (package linux-perf)"
  fi
fi

# The chat is on 127.0.0.1, on both databases.
if wanted chat; then
  for ((round = 1; round <= rounds; round++)); do
    for database in sqlite postgresql; do
      say "chat, $database, round $round"
      file="$out/chat-$database-$round.json"
      # shellcheck disable=SC2016
      if [ "$database" = sqlite ]; then
        command=("$bench" chat --json)
      else
        command=(tests/pg.sh run bash -c '"$0" chat --json --database "$ICHAT_TEST_PG_URL"' "$bench")
      fi
      if timeout -k 10 400 "${command[@]}" >"$file.part"; then mv "$file.part" "$file"; else say "  failed"; fi
    done
  done
fi
/usr/bin/python3 bench/report.py full "$out" --bench "$bench"
