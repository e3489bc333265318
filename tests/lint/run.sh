#!/usr/bin/env bash
# All linters. Ends with "N passed, N failed". `tests/lint/run.sh --deep` runs clang-tidy's path analyzer too, which takes
# minutes on a fresh clone; the rest of its checks take seconds.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
passed=0 failed=0
export TIDY_CHECKS='-clang-analyzer-*'
[ "${1:-}" != --deep ] || TIDY_CHECKS=

check() { # NAME COMMAND...
  local name=$1 out
  shift
  if out=$("$@" 2>&1); then
    passed=$((passed + 1))
    echo "ok       $name"
  else
    failed=$((failed + 1))
    echo "FAILED   $name"
    tail -n 60 <<<"$out"
  fi
}

tree() { /usr/bin/python3 tests/lint/lint.py; }
self() { /usr/bin/python3 tests/lint/test_lint.py; }
format() { git ls-files '*.c' '*.h' | xargs -r clang-format-14 --dry-run -Werror; }
shell() { git ls-files '*.sh' run.sh test.sh .ci/run | sort -u | xargs -r shellcheck -x; }
yaml() { git ls-files '*.yml' '*.yaml' | xargs -r yamllint -s -c tests/lint/yamllint.yml; }
coverage() { /usr/bin/python3 tests/lint/coverage.py; }
docker() { /usr/bin/python3 tests/lint/docker.py; }
# Only what changed since it was last found clean is looked at again; a header's change looks at all.
tidy() {
  local cache=build/tidy-cache stamp file key todo=()
  mkdir -p "$cache"
  stamp=$({ echo "$TIDY_CHECKS"; git ls-files 'src/*.h' include .clang-tidy | xargs -r cat; } | sha256sum | cut -c1-16)
  while read -r file; do
    key=$cache/$stamp-$(sha256sum <"$file" | cut -c1-32)
    [ -e "$key" ] || todo+=("$file" "$key")
  done < <(git ls-files 'src/*.c' 'plugins/*.c')
  [ ${#todo[@]} -gt 0 ] || return 0
  # shellcheck disable=SC2016
  printf '%s\n' "${todo[@]}" | xargs -P "$(nproc)" -n 2 bash -c 'clang-tidy-14 --quiet -p build --checks="$TIDY_CHECKS" "$0" 2>/dev/null && touch "$1"'
}

check "tree" tree
check "lint finds what it should" self
check "clang-format" format
check "shellcheck" shell
check "yamllint" yaml
check "docker files" docker
check "contract coverage" coverage
check "clang-tidy" tidy
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
