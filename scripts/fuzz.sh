#!/usr/bin/env bash
# Feeds the CSV scanner with what libFuzzer thinks of, under the address and undefined-behaviour sanitizers.
#   scripts/fuzz.sh [--runs N] [--build FOLDER]
# --runs N         executions (default 1000000)
# --build FOLDER   where the program, what it found and its corpus live (kept; default: a temporary folder, removed at the end)
# Starts from tests/fuzz/csv_corpus and prints edge coverage. Ends with 1 when an input was found that breaks it; the input is named.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
runs=1000000
folder=
while [ $# -gt 0 ]; do
  case $1 in
    --runs) runs=$2; shift ;;
    --build) folder=$2; shift ;;
    *) sed -n '2,6s/^# //p' "${BASH_SOURCE[0]}"; exit 2 ;;
  esac
  shift
done
if [ -z "$folder" ]; then
  folder=$(mktemp -d "${TMPDIR:-/tmp}/ashlar-fuzz-XXXXXX")
  trap 'rm -rf "$folder"' EXIT
fi
mkdir -p "$folder/objects" "$folder/corpus"
flags=(-std=c++20 -O2 -g1 -fno-omit-frame-pointer "-fsanitize=address,undefined" -fno-sanitize-recover=all -I"$root/lib")
# Edges are counted where CSV is read, not in all that it stands on: what libFuzzer does for each execution grows with what it counts.
# shellcheck disable=SC2016 # the inner shell expands its arguments
for source in "$root"/lib/ashlar/{base,table}/*.cpp; do
  object=$folder/objects/$(basename "$(dirname "$source")")_$(basename "$source" .cpp).o
  printf '%s\0%s\0' "$source" "$object"
done | xargs -0 -n 2 -P 2 sh -c 'flags=$1; case $2 in */csv_*) flags="$1 -fsanitize=fuzzer-no-link" ;; esac; [ "$3" -nt "$2" ] || clang++ $flags -c "$2" -o "$3"' sh "${flags[*]}"
clang++ "${flags[@]}" -fsanitize=fuzzer "$root/tests/fuzz/csv_fuzz.cpp" "$folder"/objects/*.o -ldl -lpthread -o "$folder/csv_fuzz"
# The first folder takes what is new, the second is only read.
cd "$folder"
# Most of an execution is memory asked for and given back: the sanitizer need not remember by whom. The entropic schedule costs more than it finds.
export ASAN_OPTIONS=malloc_context_size=0:quarantine_size_mb=8:detect_stack_use_after_return=0
./csv_fuzz -runs="$runs" -max_len=400 -entropic=0 -print_final_stats=1 -dict="$root/tests/fuzz/csv.dict" corpus "$root/tests/fuzz/csv_corpus"
