#!/usr/bin/env bash
# What users include compiles with clang too, with the flags that pkg-config gives: the consumer and every example of the interface.
# Only looked at, not linked. In the environment: ASHLAR_SOURCE, PKG_CONFIG_PATH. Ends with 77 where there is no clang++.
set -euo pipefail
command -v clang++ >/dev/null || { echo "skipped: clang++ is not installed"; exit 77; }
clang++ --version | head -n 1
read -ra flags <<<"$(pkg-config --cflags ashlar)"
for program in package/consumer.cpp api/api_examples.cpp; do
  clang++ -std=c++20 -fsyntax-only -Wno-unused-value -Wno-unused-result "${flags[@]}" "$ASHLAR_SOURCE/tests/$program"
  echo "$program compiles"
done
# A block function with a capture, which no example has.
clang++ -std=c++20 -fsyntax-only "${flags[@]}" -x c++ - <<'PROGRAM'
#include <ashlar/ashlar.hpp>
ashlar::Array<double> scaled(ashlar::Array<double> x, double by) {
  return x.map_blocks([by](ashlar::NDArray<double> block) { return block * by; });
}
PROGRAM
echo "a block function with a capture compiles"
