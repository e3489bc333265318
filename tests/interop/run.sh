#!/usr/bin/env bash
# Other WebRTC stacks against a running server. Ends with "N passed, N failed".
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
passed=0 failed=0
for test in test_*.py; do
  out=$(timeout 200 /usr/bin/python3 "$test" 2>&1)
  printf '%s\n' "$out"
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' <<<"$out" | tail -n 1)
  if [ -z "$line" ]; then
    failed=$((failed + 1))
    continue
  fi
  passed=$((passed + ${line%% *}))
  failed=$((failed + $(sed -n 's/.*passed, \([0-9]*\) failed/\1/p' <<<"$line")))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
