#!/usr/bin/env bash
# Builds ichatd and its web client, and starts them with an embedded default under ./data.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'EOF'
usage: ./run.sh [--port N] [--tls-port N] [--data DIR] [--config FILE] [--build-only]

  --port N       HTTP port (default 8080, or http.port of the config file)
  --tls-port N   HTTPS port with a self-made certificate, for browsers on other machines, which give camera and
                 microphone to secure pages alone (default: HTTP port + 363, that is 8443; 0 = off)
  --data DIR     where the database, uploads, secret and certificate are kept (default ./data)
  --config FILE  a YAML file as conf/ichatd.yml
  --build-only   install what is missing, build, and stop there
EOF
}

port="" tls_port="" data="" config="" build_only=""
while [ $# -gt 0 ]; do
  case $1 in
    --port | --tls-port | --data | --config)
      [ $# -ge 2 ] || { echo "run.sh: $1 needs a value" >&2; exit 2; }
      case $1 in
        --port) port=$2 ;;
        --tls-port) tls_port=$2 ;;
        --data) data=$2 ;;
        --config) config=$2 ;;
      esac
      shift 2
      ;;
    --build-only) build_only=1; shift ;;
    -h | --help) usage; exit 0 ;;
    *) echo "run.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
  esac
done
for number in "$port" "$tls_port"; do
  case $number in
    *[!0-9]*) echo "run.sh: a port must be a number from 1 to 65535, not '$number'" >&2; exit 2 ;;
  esac
done

# shellcheck source=tools/deps.sh
. tools/deps.sh
packages=("${BUILD_PACKAGES[@]}")
have_node || packages+=("${NODE_PACKAGES[@]}")
install_packages "${packages[@]}"

echo "Building ichatd"
# A tree that test.sh configured before keeps its tests.
build_server build -Dtests=false
build_web
[ -z "$build_only" ] || exit 0

args=()
if [ -n "$config" ]; then
  args+=(--config "$config")
else
  [ -n "$port" ] || port=8080
  [ -n "$data" ] || data=./data
  if [ -z "$tls_port" ]; then
    tls_port=$((port + 363))
    if [ "$tls_port" -gt 65535 ] || (exec 3<>"/dev/tcp/127.0.0.1/$tls_port") 2>/dev/null; then
      echo "Port $tls_port is taken: no HTTPS (choose one with --tls-port N)"
      tls_port=0
    fi
  fi
fi
[ -z "$port" ] || args+=(--port "$port")
[ -z "$tls_port" ] || args+=(--tls-port "$tls_port")
[ -z "$data" ] || args+=(--data "$data")
exec env ICHAT_HTTP_WEB_ROOT="${ICHAT_HTTP_WEB_ROOT:-$PWD/web/dist}" build/src/ichatd "${args[@]}"
