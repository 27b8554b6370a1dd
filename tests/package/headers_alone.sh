#!/usr/bin/env bash
# Compiles installed headers alone, with the flags that pkg-config gives, warnings as errors; two at a time. Those that the one header of
# users includes; with ASHLAR_TEST_LONG every one.
# In the environment: ASHLAR_PREFIX, PKG_CONFIG_PATH, CXX.
set -euo pipefail
ASHLAR_FLAGS=$(pkg-config --cflags ashlar)
export ASHLAR_FLAGS CXX

compile_alone() {
  local flags
  read -ra flags <<<"$ASHLAR_FLAGS"
  printf '#include <%s>\n' "$1" | "$CXX" -std=c++20 -Wall -Wextra -Wno-missing-field-initializers -Werror -fsyntax-only "${flags[@]}" -x c++ - ||
    { echo "$1 does not compile alone" >&2; return 1; }
}
export -f compile_alone

cd "$ASHLAR_PREFIX/include"
headers=$(find ashlar -name '*.hpp' | sort)
[ -n "$headers" ] || { echo "no header is installed in $PWD/ashlar" >&2; exit 1; }
# A machine that builds Ashlar has these libraries' headers; one that only uses it need not.
if grep -rnE '^\s*#\s*include\s*[<"](hwy/|hdf5|H5|toml|gvc|graphviz/|cgraph|CLI/|nlohmann/|fast_float|xxh|cblas|lapack|gtest|ashlar/.*(_detail|-inl)\.hpp)' ashlar; then
  echo "an installed header includes what its users may not have" >&2
  exit 1
fi
if [ -z "${ASHLAR_TEST_LONG:-}" ]; then
  headers=$(sed -nE 's/^#include "(ashlar\/[^"]*)".*/\1/p' ashlar/ashlar.hpp && echo ashlar/ashlar.hpp)
fi
[ "$(wc -l <<<"$headers")" -ge 10 ] || { echo "ashlar.hpp includes too little: $headers" >&2; exit 1; }
xargs -P 2 -I{} bash -c 'compile_alone {}' <<<"$headers"
echo "$(wc -l <<<"$headers") headers compile alone"
