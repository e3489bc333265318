#!/usr/bin/env bash
# Calls between hosts: the server and the members each in a network namespace of their own, joined by a virtual cable.
# Needs root (namespaces). Ends with "N passed, N failed".
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
server=ichat-srv-$$ members=ichat-mem-$$
data=$(mktemp -d)
daemon="" passed=0 failed=0
ichatd=${ICHATD:-$PWD/build/src/ichatd}
cli=${ICHAT_CLI:-$(dirname "$ichatd")/client/ichat-cli}

cleanup() {
  stop_server
  ip netns del "$server" 2>/dev/null
  ip netns del "$members" 2>/dev/null
  rm -rf "$data"
}
trap cleanup EXIT

on() { # NAMESPACE COMMAND...
  ip netns exec "$@"
}

make_hosts() {
  ip netns add "$server" && ip netns add "$members" || return 1
  ip link add sv0 netns "$server" type veth peer name mb0 netns "$members" || return 1
  local host
  for host in "$server" "$members"; do on "$host" ip link set lo up; done
  on "$server" ip addr add 10.79.0.1/24 dev sv0
  on "$server" ip addr add 10.79.0.7/24 dev sv0
  on "$server" ip addr add fd79::1/64 dev sv0 nodad
  on "$members" ip addr add 10.79.0.2/24 dev mb0
  on "$members" ip addr add fd79::2/64 dev mb0 nodad
  on "$server" ip link set sv0 up && on "$members" ip link set mb0 up
}

start_server() { # NAME=VALUE...
  rm -rf "$data/server"
  # Not by on(): its subshell would get the signals instead of the server.
  ip netns exec "$server" env "$@" ICHAT_HTTP_PORT=8080 ICHAT_DATA_DIR="$data/server" ICHAT_MEDIA_WORKERS=2 ICHAT_MEDIA_PLACEMENT=spread \
    "$ichatd" >"$data/log" 2>&1 &
  daemon=$!
  on "$server" curl -fsS --retry 50 --retry-delay 1 --retry-connrefused --retry-max-time 15 http://127.0.0.1:8080/healthz >/dev/null
}

stop_server() {
  [ -n "$daemon" ] || return 0
  kill -TERM "$daemon" 2>/dev/null
  wait "$daemon"
  local code=$?
  daemon=""
  return "$code"
}

metric() { on "$server" curl -fsS http://127.0.0.1:8080/metrics | awk -v name="$1" '$1 == name { print $2 }'; }

wait_metric() { # NAME VALUE SECONDS
  local deadline=$((SECONDS + $3))
  until [ "$(metric "$1")" = "$2" ]; do
    [ "$SECONDS" -lt "$deadline" ] || { echo "$1 is $(metric "$1"), not $2, after $3 s"; return 1; }
    sleep 0.2
  done
}

call() { on "$members" timeout 40 "$cli" call --url "$1" --members 3 --seconds 5 --publish audio,video; }

ipv4() { start_server ICHAT_MEDIA_ANNOUNCE=10.79.0.1 && call http://10.79.0.1:8080 && stop_server; }
ipv6() { start_server ICHAT_MEDIA_ANNOUNCE=fd79::1 && call 'http://[fd79::1]:8080' && stop_server; }
# Answers must leave from the address that was asked, which is not the one that the routes prefer.
second_address() { start_server ICHAT_MEDIA_ANNOUNCE=10.79.0.7 && call http://10.79.0.7:8080 && stop_server; }
interfaces() { start_server && call http://10.79.0.1:8080 && stop_server; }

# A whole host falls silent in mid-call: no close frame, no reset. Its members are gone within 10 s, and the call ends.
silent_host() {
  start_server ICHAT_MEDIA_ANNOUNCE=10.79.0.1 || return 1
  ip netns exec "$members" timeout 40 "$cli" call --url http://10.79.0.1:8080 --members 3 --seconds 30 &
  local cli_pid=$!
  wait_metric ichat_media_peers 6 20 || return 1
  on "$members" ip link set mb0 down
  wait_metric ichat_calls_live 0 10 && wait_metric ichat_media_peers 0 2
  local result=$?
  on "$members" ip link set mb0 up
  kill "$cli_pid" 2>/dev/null
  wait "$cli_pid" 2>/dev/null
  stop_server && return "$result"
}

check() {
  if "$1" >"$data/out" 2>&1; then
    passed=$((passed + 1))
    echo "ok     $1"
  else
    failed=$((failed + 1))
    echo "FAILED $1"
    tail -n 30 "$data/out" "$data/log"
    stop_server
  fi
}

if ! make_hosts; then
  echo "Network namespaces cannot be made here (root is needed)"
  echo "0 passed, 1 failed"
  exit 1
fi
for test in ipv4 ipv6 second_address interfaces silent_host; do check "$test"; done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
