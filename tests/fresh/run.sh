#!/usr/bin/env bash
# The promise of the README on a machine that has nothing: makes a fresh Debian 12 with debootstrap, clones this
# repository's HEAD into it, and runs ./run.sh (until it serves; then Ctrl-C) and ./test.sh there. Needs root and debootstrap;
# takes its package sources and certificates from this machine. Not part of test.sh: it runs test.sh.
#
#     tests/fresh/run.sh [--keep] [--run-only] [suite...]      suites are handed to test.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

keep="" run_only="" suites=()
for arg in "$@"; do
  case $arg in
    --keep) keep=1 ;;
    --run-only) run_only=1 ;;
    *) suites+=("$arg") ;;
  esac
done
[ "$(id -u)" = 0 ] || { echo "fresh: needs root" >&2; exit 2; }
command -v debootstrap >/dev/null || apt-get install -y -qq debootstrap >/dev/null

root=${FRESH_ROOT:-$(mktemp -d)}
mkdir -p "$root"
chmod 755 "$root" # mktemp makes it for this user alone, but PostgreSQL runs as another one
mounts=(proc sys dev dev/pts dev/shm)
cleanup() {
  local i
  for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do
    umount -l "$root/${mounts[i]}" 2>/dev/null || true
  done
  umount -l "$root" 2>/dev/null || true
  if [ -z "$keep" ]; then rm -rf --one-file-system "$root"; else echo "Kept: $root"; fi
}
trap cleanup EXIT

mirror=$(find /etc/apt '(' -name '*.list' -o -name '*.sources' ')' -exec cat {} + | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' ' || true)
if [ ! -e "$root/etc/debian_version" ]; then
  echo "Making a fresh Debian 12"
  debootstrap --variant=minbase bookworm "$root" "${mirror:?no Debian source in /etc/apt}" >"$root.log" 2>&1 || { tail "$root.log"; exit 1; }
fi
# Sources of Debian alone, and the certificates of a machine behind a proxy of its own.
rm -f "$root/etc/apt/sources.list"
for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
  if [ -s "$file" ]; then cp "$file" "$root$file"; fi
done
for file in /etc/resolv.conf /etc/hosts /etc/npmrc; do
  if [ -e "$file" ]; then cp -L "$file" "$root$file"; fi
done
mkdir -p "$root/etc/ssl" "$root/etc/apt/apt.conf.d"
cp -rL --remove-destination /etc/ssl/certs "$root/etc/ssl/"
if [ -d /usr/local/share/ca-certificates ]; then
  mkdir -p "$root/usr/local/share"
  cp -rL --remove-destination /usr/local/share/ca-certificates "$root/usr/local/share/"
fi
# Network namespaces need a root that is a mount of its own.
mountpoint -q "$root" || mount --bind "$root" "$root"
for mount in "${mounts[@]}"; do
  mkdir -p "$root/$mount"
  mountpoint -q "$root/$mount" || mount --bind "/$mount" "$root/$mount"
done

rm -rf "$root/root/ichat"
git clone -q --no-hardlinks . "$root/root/ichat"
inside() {
  chroot "$root" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt bash -c "cd /root/ichat && $1"
}

serve() { # TIMEOUT_S: run.sh until it serves, then Ctrl-C; prints how long it took
  local limit=$1 started=$SECONDS
  inside 'exec setsid ./run.sh --port 18080' &
  local pid=$!
  until curl -fsS http://127.0.0.1:18080/healthz 2>/dev/null | grep -q '"status":"ok"'; do
    kill -0 "$pid" 2>/dev/null || { echo "fresh: run.sh ended before it served" >&2; return 1; }
    [ $((SECONDS - started)) -lt "$limit" ] || { echo "fresh: run.sh did not serve within $limit s" >&2; return 1; }
    sleep 1
  done
  curl -fsS http://127.0.0.1:18080/ | grep -qi '<!doctype html' || { echo "fresh: no web client at /" >&2; return 1; }
  echo "run.sh served after $((SECONDS - started)) s"
  pkill -INT -f 'build/src/ichatd --port 18080'
  wait "$pid" || { echo "fresh: Ctrl-C did not end it cleanly ($?)" >&2; return 1; }
}

serve 900
serve 30
echo "./run.sh works on a fresh Debian 12, and is quick the second time"
[ -z "$run_only" ] || exit 0
inside "./test.sh ${suites[*]}" || {
  rm -rf build-logs/fresh
  mkdir -p build-logs
  cp -r "$root/root/ichat/build-logs" build-logs/fresh
  echo "fresh: the logs are in build-logs/fresh" >&2
  exit 1
}
echo "./test.sh is green on a fresh Debian 12"
