#!/usr/bin/env bash
# Configures Ashlar with one package made unavailable and expects the one sentence about it.
#   missing.sh WORK_FOLDER SENTENCE -D...
set -euo pipefail
work=$1
sentence=$2
shift 2
rm -rf "$work"
if cmake -G Ninja -S "$ASHLAR_SOURCE" -B "$work" -DASHLAR_BUILD_TESTS=OFF -DASHLAR_BUILD_APPS=OFF "$@" >"$work.log" 2>&1; then
  echo "configured, although it should have said: $sentence" >&2
  exit 1
fi
# CMake folds long messages, so lines are joined before the search.
tr -s ' \n' ' ' <"$work.log" | grep -F -- "$sentence" >/dev/null || { cat "$work.log" >&2; echo "not said: $sentence" >&2; exit 1; }
[ "$(grep -c 'CMake Error' "$work.log")" = 1 ] || { cat "$work.log" >&2; echo "more than one error" >&2; exit 1; }
