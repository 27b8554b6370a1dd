#!/usr/bin/env bash
# Builds everything and runs every test; ends with ctest's own closing lines and its exit code.
#   scripts/test.sh [--long] [--no-sanitizers] [ctest arguments…]
# --long           full counts (ASHLAR_TEST_LONG=1) instead of reduced ones
# --no-sanitizers  leaves out the address, undefined-behaviour and thread sanitizers
# ctest arguments  for example: -R rechunk, or -L mpi
# Builds in build/, build/asan and build/tsan. Installs missing Debian packages first.
set -euo pipefail
export CI=${CI:-true}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

sanitizers=yes
limit=2400 # seconds for ctest
ctest_arguments=()
for argument in "$@"; do
  case $argument in
    --long)
      export ASHLAR_TEST_LONG=1
      limit=28800
      ;;
    --no-sanitizers) sanitizers= ;;
    -h | --help)
      sed -n '2,7s/^# //p' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *) ctest_arguments+=("$argument") ;;
  esac
done

"$root/scripts/install_packages.sh" test
export CCACHE_NOHASHDIR=1 # tests/package builds the library a second time elsewhere, out of the same cache
cd "$root"

# Only the tests of the floors without MPI, and those labelled tsan, are built with sanitizers: the rest is MPI's memory, not ours.
# Their tests are two entries (sanitizers.asan, sanitizers.tsan) of the one ctest.
sanitizer_builds=(-DASHLAR_ASAN_BUILD= -DASHLAR_TSAN_BUILD=)
if [ -n "$sanitizers" ]; then
  sanitizer_builds=(-DASHLAR_ASAN_BUILD="$root/build/asan" -DASHLAR_TSAN_BUILD="$root/build/tsan")
fi
cmake -G Ninja -S . -B build -DCMAKE_BUILD_TYPE=RelWithDebInfo -DASHLAR_QUICK_BUILD=ON "${sanitizer_builds[@]}" </dev/null
cmake --build build </dev/null
if [ -n "$sanitizers" ]; then
  # Compiled while the tests run, which wait more than they compute. The entries sanitizers.* of ctest come last, take the same locks, and build what
  # is not built by then.
  for kind in asan tsan; do
    case $kind in
      asan) sanitize=address,undefined ;;
      tsan) sanitize=thread ;;
    esac
    cmake -G Ninja -S . -B build/$kind -DASHLAR_SANITIZE="$sanitize" -DCMAKE_BUILD_TYPE=Sanitize -DCMAKE_CXX_FLAGS_SANITIZE="-O1 -g1" \
      -DASHLAR_BUILD_APPS=OFF </dev/null
  done
  set -m # a group of its own, to be stopped with the script
  for kind in asan tsan; do
    nice -n 19 tests/sanitizers.sh build build/$kind ${kind}_tests || true # the entry says what is wrong
  done </dev/null >/dev/null 2>&1 &
  set +m
  trap 'kill -- -'$!' 2>/dev/null || true' EXIT
fi

cd build
jobs=$(nproc)
[ "$jobs" -ge 2 ] || jobs=2
# MPI tests claim as many processors as they have ranks, so on a small machine each runs alone.
timeout --kill-after=30 "$limit" ctest -j "$jobs" --output-on-failure --timeout 300 ${ctest_arguments[@]+"${ctest_arguments[@]}"} </dev/null
