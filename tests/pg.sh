#!/bin/bash
# A PostgreSQL cluster for tests, on a unix socket in a temporary directory, gone afterwards.
#
#   tests/pg.sh run COMMAND [ARG...]   runs the command with ICHAT_TEST_PG_URL set, then tears the cluster down;
#                                      with ICHAT_TEST_PG_URL set already it just runs the command
#   tests/pg.sh start DIR              starts one that stays; prints the URL
#   tests/pg.sh stop DIR [MODE]        ends it (MODE: fast, immediate) and removes DIR
#   tests/pg.sh restart DIR            immediate stop, as a crash is, and start again; the data stays
set -eu

as_pg() {
    # PostgreSQL refuses to run as root.
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

find_bin() {
    local dir
    for dir in /usr/lib/postgresql/*/bin; do
        if [ -x "$dir/initdb" ]; then BIN=$dir; fi
    done
    if [ -z "${BIN:-}" ]; then
        echo "pg.sh: no initdb under /usr/lib/postgresql: install the package postgresql" >&2
        exit 1
    fi
}

pg_ctl() {
    # The server keeps no descriptor of ours, so that a test runner's pipe ends with the tests.
    (cd / && as_pg "$BIN/pg_ctl" -D "$1/data" -s -w -l "$1/log" "${@:2}" </dev/null >>"$1/ctl.log" 2>&1)
}

start() {
    local dir=$1
    mkdir -p "$dir"
    chmod 755 "$dir"
    if [ "$(id -u)" = 0 ]; then chown postgres "$dir"; fi
    if ! (cd / && as_pg "$BIN/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync) \
        >"$dir/init.log" 2>&1; then
        cat "$dir/init.log" >&2
        exit 1
    fi
    cat >>"$dir/data/postgresql.conf" <<EOF
listen_addresses = ''
unix_socket_directories = '$dir'
unix_socket_permissions = 0777
fsync = on
max_connections = 100
shared_buffers = 32MB
EOF
    if ! pg_ctl "$dir" start; then
        cat "$dir/log" "$dir/ctl.log" >&2
        exit 1
    fi
    URL="postgresql://postgres@/postgres?host=$dir"
}

stop() {
    pg_ctl "$1" -m "${2:-fast}" stop || true
    rm -rf "$1"
}

command=${1:-}
case "$command" in
run)
    shift
    if [ -n "${ICHAT_TEST_PG_URL:-}" ]; then exec "$@"; fi
    find_bin
    DIR=$(mktemp -d /tmp/ichat-pg.XXXXXX)
    # Immediate: nobody needs this data again.
    trap 'stop "$DIR" immediate' EXIT
    trap 'exit 130' INT TERM
    start "$DIR"
    rc=0
    # In the background, so that a signal to this script is heard at once.
    ICHAT_TEST_PG_URL=$URL "$@" &
    child=$!
    trap 'kill "$child" 2>/dev/null || true; exit 130' INT TERM
    wait "$child" || rc=$?
    exit "$rc"
    ;;
start)
    find_bin
    start "$2"
    echo "$URL"
    ;;
stop)
    find_bin
    stop "$2" "${3:-fast}"
    ;;
restart)
    find_bin
    pg_ctl "$2" -m immediate stop || true
    pg_ctl "$2" start
    ;;
*)
    sed -n '2,9p' "$0" >&2
    exit 2
    ;;
esac
