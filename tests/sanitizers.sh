#!/usr/bin/env bash
# Tests that are built with sanitizers, in a build tree of their own.
#   sanitizers.sh build BUILD TARGET    compiles them; scripts/test.sh does so in the background
#   sanitizers.sh test BUILD TARGET     waits for whoever is compiling, compiles what is left, and runs them
set -euo pipefail
build=$2
target=$3
exec 9>"$build/compiling"
flock 9
cmake --build "$build" --target "$target"
[ "$1" = test ] || exit 0
launcher=()
# The thread sanitizer of GCC 12 cannot place its shadow memory where the kernel spreads mappings widely (vm.mmap_rnd_bits 32).
if [ "$target" = tsan_tests ] && setarch -R true 2>/dev/null; then
  launcher=(setarch -R)
fi
${launcher[@]+"${launcher[@]}"} ctest --test-dir "$build" -L "^${target%_tests}\$" --output-on-failure --no-tests=error -j 2
