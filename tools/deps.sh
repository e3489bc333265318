# Debian packages that ichat needs, and how to get the missing ones. Sourced by run.sh and test.sh.
# shellcheck shell=bash disable=SC2034

# To build and run the server and the web client.
BUILD_PACKAGES=(
  gcc libc6-dev pkg-config meson ninja-build
  libnice-dev libsrtp2-dev libssl-dev libusrsctp-dev libwebsockets-dev libwebsockets-evlib-ev libev-dev libjansson-dev libjwt-dev libcrypt-dev
  libpq-dev libsqlite3-dev libcyaml-dev libyaml-dev libcurl4-openssl-dev libsystemd-dev
  ca-certificates curl
)
# Faster AES-GCM; there is no such package on other processors.
[ "$(dpkg --print-architecture 2>/dev/null)" != amd64 ] || BUILD_PACKAGES+=(libipsec-mb-dev)
# Only where no node >= 18 with npm is there already.
NODE_PACKAGES=(nodejs npm)
# To build the tests, the native client and the bench too.
TEST_BUILD_PACKAGES=(libcmocka-dev libsoup-3.0-dev libglib2.0-dev liburing-dev)
# To run all tests: sanitizers, linters, real databases, browsers and peers.
TEST_PACKAGES=(
  clang-14 libclang-rt-14-dev clang-format-14 clang-tidy-14 shellcheck yamllint
  postgresql postgresql-client sqlite3 chromium fonts-noto-cjk
  git python3 python3-aiortc python3-aiohttp python3-yaml python3-numpy python3-gi python3-gst-1.0 gir1.2-gst-plugins-bad-1.0 coturn iproute2 util-linux procps
  gstreamer1.0-tools gstreamer1.0-nice gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
)

have_node() {
  command -v node >/dev/null && command -v npm >/dev/null || return 1
  [ "$(node -p 'Number(process.versions.node.split(".")[0]) >= 18')" = true ]
}

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || echo "$package"
  done
}

# install_packages NAME...: installs what is missing; says what. Quick when nothing is.
install_packages() {
  local missing as_root=()
  command -v dpkg-query >/dev/null || {
    echo "This is not a Debian system: please install the equivalents of: $*" >&2
    return 0
  }
  # One query for all; the slow walk only when something seems to be missing.
  if [ "$(dpkg-query -W -f '${Status}\n' "$@" 2>/dev/null | grep -c '^install ok installed$')" -ge "$#" ]; then
    return 0
  fi
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
      echo "These packages are missing and need root to install: ${missing[*]}" >&2
      return 1
    }
    as_root=(sudo)
  fi
  echo "Installing Debian packages: ${missing[*]}"
  if [ -z "${lists_are_new:-}" ]; then
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq || return 1
    lists_are_new=1
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || return 1
}

# build_server DIR [meson option...]: configures once, then builds what changed.
build_server() {
  local dir=$1
  shift
  setup_build "$dir" "$@" && run_ninja "$dir"
}
setup_build() {
  local dir=$1
  shift
  [ ! -f "$dir/build.ninja" ] || return 0
  rm -rf "$dir"
  meson setup "$dir" . "$@" >"$dir.setup.log" 2>&1 || {
    cat "$dir.setup.log" >&2
    return 1
  }
  mv "$dir.setup.log" "$dir/setup.log"
}
run_ninja() {
  ninja -C "$@" >"$1/ninja.log" 2>&1 || {
    tail -n 40 "$1/ninja.log" >&2
    return 1
  }
}
# build_suite DIR SUITE OPTIONS...: only what the tests of that suite need.
build_suite() {
  local dir=$1 suite=$2 files
  shift 2
  setup_build "$dir" "$@" || return 1
  mapfile -t files < <(meson introspect "$dir" --tests --targets | /usr/bin/python3 -c '
import json, os, sys
dir, suite = os.path.realpath(sys.argv[1]), sys.argv[2]
told = json.load(sys.stdin)
needed = {id for test in told["tests"] if any(name.split(":")[-1] == suite for name in test["suite"]) for id in test["depends"]}
print(*sorted(os.path.relpath(file, dir) for target in told["targets"] if target["id"] in needed for file in target["filename"]), sep="\n")' "$dir" "$suite")
  [ ${#files[@]} -gt 0 ] || return 1
  run_ninja "$dir" "${files[@]}"
}

# npm_install DIR: npm ci, only when the lock file changed since.
npm_install() {
  local dir=$1 stamp
  stamp=$(sha256sum <"$dir/package-lock.json")
  if [ "$(cat "$dir/node_modules/.ichat-stamp" 2>/dev/null)" = "$stamp" ]; then
    return 0
  fi
  echo "Installing npm packages of $dir"
  (cd "$dir" && npm ci --no-audit --no-fund --loglevel=error) || return 1
  mkdir -p "$dir/node_modules" # npm makes none when there is nothing to install
  echo "$stamp" >"$dir/node_modules/.ichat-stamp"
}

# build_web: the web client into web/dist, only when a source is newer.
build_web() {
  npm_install web || return 1
  if [ -f web/dist/index.html ] && [ -z "$(find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -newer web/dist/index.html -print -quit)" ]; then
    return 0
  fi
  echo "Building the web client"
  (cd web && npm run --silent build >/dev/null) || return 1
  touch web/dist/index.html
}
