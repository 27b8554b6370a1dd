#!/usr/bin/env bash
# Compiles every installed header alone, with the flags that pkg-config gives, warnings as errors; two at a time.
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
count=$(find ashlar -name '*.hpp' | wc -l)
[ "$count" -gt 0 ] || { echo "no header is installed in $PWD/ashlar" >&2; exit 1; }
# A machine that builds Ashlar has these libraries' headers; one that only uses it need not.
if grep -rnE '^\s*#\s*include\s*[<"](hwy/|hdf5|H5|toml|gvc|graphviz/|cgraph|CLI/|nlohmann/|fast_float|xxh|cblas|lapack|gtest|ashlar/.*(_detail|-inl)\.hpp)' ashlar; then
  echo "an installed header includes what its users may not have" >&2
  exit 1
fi
find ashlar -name '*.hpp' -print0 | sort -z | xargs -0 -P 2 -I{} bash -c 'compile_alone {}'
echo "$count headers compile alone"
