#!/usr/bin/env bash
# Breaks the scheduler, the worker, the arrays or the dataframes on purpose, one fault at a time, and sees whether the tests notice.
#   scripts/mutations.sh [--build FOLDER] [NAME…]
# Each tests/mutations/NAME.patch is applied to a copy of the tree, the tests that should notice are built there and run. Says which test
# caught which fault. Ends with 1 when a patch does not apply any more, a mutated tree does not build, or a fault survives.
# --build FOLDER   where the copy and its build live (kept; default: a temporary folder, removed at the end)
# NAME             only these faults
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# The machines, on paper and in the simulator; arrays against loops over elements; tables and frames against loops over plain rows.
machines=(worker_state_test worker_data_test worker_orders_test scheduler_state_test scheduler_invariants_test scheduler_errors_test scheduler_place_test
  simulation_cluster_test simulation_stress_test)
arrays=(ndarray_slice_test ndarray_program_test ndarray_chains_test ndarray_reduction_test array_expression_property_test)
frames=(table_join_test table_group_test dataframe_exchange_test dataframe_pipeline_test)
targets=()
targets_of() { # by the floor that the patch breaks
  case $(sed -n 's|^+++ b/lib/ashlar/\([^/]*\)/.*|\1|p' "$root/tests/mutations/$1.patch" | head -1) in
    ndarray | array) targets=("${arrays[@]}") ;;
    table | dataframe) targets=("${frames[@]}") ;;
    *) targets=("${machines[@]}") ;;
  esac
}

# A fault may ask for all memory there is: programs get so much of it (KiB of addresses), and fail when they want more.
limit=$((6 << 20))
run() { # SECONDS PROGRAM
  (ulimit -v $limit && exec timeout "$1" "$2" --gtest_brief=1) >"$log" 2>&1
}

folder=
names=()
while [ $# -gt 0 ]; do
  case $1 in
    --build)
      folder=$2
      shift
      ;;
    -h | --help)
      sed -n '2,7s/^# //p' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *) names+=("$1") ;;
  esac
  shift
done
if [ ${#names[@]} -eq 0 ]; then
  for patch in "$root"/tests/mutations/*.patch; do names+=("$(basename "$patch" .patch)"); done
fi
if [ -z "$folder" ]; then
  folder=$(mktemp -d "${TMPDIR:-/tmp}/ashlar-mutations-XXXXXX")
  trap 'rm -rf "$folder"' EXIT
fi
log=$folder/log

mkdir -p "$folder/tree"
# Only what is newer: a file that was mutated and put back is newer than what was built from it.
cp -au "$root"/{CMakeLists.txt,lib,scripts,tests} "$folder/tree/"
mkdir -p "$folder/tree/apps"
export CCACHE_NOHASHDIR=1 CCACHE_BASEDIR="$folder"
# A hunk is found by its text, wherever it stands and however far it is indented: it must be there exactly once.
mutate() {
  python3 - "$folder/tree" "$1" <<'PYTHON'
import re
import sys

tree, patch = sys.argv[1:]
text = open(patch).read()
for part in re.split(r"^(?=--- a/)", text, flags=re.M)[1:]:
    path = tree + "/" + re.search(r"^\+\+\+ b/(.*)$", part, re.M).group(1)
    lines = open(path).read().split("\n")
    for hunk in re.split(r"^@@.*\n", part, flags=re.M)[1:]:
        hunk = hunk.rstrip("\n").split("\n")
        old = [line[1:].strip() for line in hunk if line[0] != "+"]
        new = [line[1:] for line in hunk if line[0] != "-"]
        found = [i for i in range(len(lines)) if [line.strip() for line in lines[i:i + len(old)]] == old]
        if len(found) != 1:
            sys.exit(f"{path}: wanted exactly once, found {len(found)} times:\n" + "\n".join(old))
        lines[found[0]:found[0] + len(old)] = new
    open(path, "w").write("\n".join(lines))
PYTHON
}
build() { cmake --build "$folder/tree/build" --target "${targets[@]}" >"$log" 2>&1 </dev/null; }
echo "building the tests without any fault"
all=()
for name in "${names[@]}"; do
  targets_of "$name"
  all+=("${targets[@]}")
done
mapfile -t targets < <(printf '%s\n' "${all[@]}" | sort -u)
# Built as the tree itself is, inside the copy: what is not mutated comes out of ccache.
if ! cmake -G Ninja -S "$folder/tree" -B "$folder/tree/build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DASHLAR_BUILD_APPS=OFF >"$log" 2>&1 </dev/null || ! build; then
  tail -40 "$log"
  echo "FAILED: the tree does not build as it is"
  exit 1
fi
for target in "${targets[@]}"; do
  program=$(find "$folder/tree/build/tests" -type f -name "$target")
  if ! run 300 "$program"; then
    tail -20 "$log"
    echo "FAILED: $target fails without any fault"
    exit 1
  fi
done

failed=0
for name in "${names[@]}"; do
  targets_of "$name"
  if ! mutate "$root/tests/mutations/$name.patch" >"$log" 2>&1; then
    cat "$log"
    echo "FAILED: $name: the patch does not apply (any more)"
    failed=1
    continue
  fi
  if ! build; then
    grep -m 5 error "$log" || tail -20 "$log"
    echo "FAILED: $name: the mutated tree does not build"
    failed=1
  else
    caught=
    for target in "${targets[@]}"; do
      # A fault may also make a test wait for ever or crash: that is noticed too.
      program=$(find "$folder/tree/build/tests" -type f -name "$target")
      code=0
      run 120 "$program" || code=$?
      [ $code -eq 0 ] && continue
      test=$(sed -n 's/^\[  FAILED  \] \([^ ,]*\).*/\1/p' "$log" | head -1)
      case $code in
        124) test="${test:-it} does not end" ;;
        1) ;;
        *) test="${test:-it} ends with code $code" ;;
      esac
      caught="$target: ${test:-$(tail -1 "$log")}"
      break
    done
    if [ -n "$caught" ]; then
      echo "$name: caught by $caught"
    else
      echo "FAILED: $name survives: no test notices it"
      failed=1
    fi
  fi
  # As it was, with a new time: what was built from the mutated file must be built again.
  while read -r file; do cp "$root/$file" "$folder/tree/$file"; done < <(sed -n 's|^+++ b/||p' "$root/tests/mutations/$name.patch")
done
exit $failed
