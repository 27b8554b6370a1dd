#!/bin/sh
# must_not_compile.sh COMPILER INCLUDE_FOLDER
# Each program below is wrong in one place; the first error the compiler prints must be a sentence of ours.
compiler=$1
include=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

# All programs include the same: compiled once, it makes the test many times shorter.
cat > "$work/everything.hpp" <<'HEADERS'
#include "ashlar/array/creation.hpp"
#include "ashlar/array/manipulation.hpp"
#include "ashlar/array/map_blocks.hpp"
#include "ashlar/array/reductions.hpp"
namespace al = ashlar;
HEADERS
"$compiler" -std=c++20 -I"$include" -x c++-header "$work/everything.hpp" -o "$work/everything.hpp.gch" || exit 1

refuse() { # NAME STATEMENT WANTED
  {
    printf '#include "everything.hpp"\n'
    printf 'void f(al::Array<double> x, al::Array<std::int64_t> i, std::string s) { (void)x, (void)i, (void)s; %s }\n' "$2"
  } > "$work/$1.cpp"
  if "$compiler" -std=c++20 -fsyntax-only -I"$include" "$work/$1.cpp" > "$work/$1.txt" 2>&1; then
    if [ -n "$3" ]; then
      echo "$1 compiles"
      failed=1
    fi
    return
  fi
  first=$(grep -m1 'error:' "$work/$1.txt")
  case $first in
    *"$3"*) [ -n "$3" ] || { echo "$1 does not compile: $first"; failed=1; } ;;
    *) echo "$1: wanted \"$3\", the first error is: $first"; failed=1 ;;
  esac
}

refuse nothing_wrong 'x(0, al::all) + i;' ''
refuse truth 'if (x == x) return;' 'ashlar: an array has no truth value'
refuse scalar_truth 'if (x.sum() == 0) return;' 'ashlar: a lazy Scalar has no truth value'
refuse caret 'x ^ 2;' 'ashlar: & | ^ ~ << >> are NumPy'
refuse tilde '~x;' 'ashlar: & | ^ ~ << >> are NumPy'
refuse subscript 'x[1];' 'ashlar: write x(i, j), not x[i][j]'
refuse comma 'x[1, 2];' 'ashlar: write x(i, j), not x[i][j]'
refuse bool_minus '(x > 0) - (x > 1);' 'ashlar: this operation is not defined for this element type'
refuse in_place 'i += 2.5;' 'ashlar: this assignment would change the element type'
refuse capture 'x.map_blocks([s](al::NDArray<double> b) { return s.empty() ? b : b; });' 'ashlar: a block function may only capture trivially copyable values'
refuse arguments 'x.map_blocks([](int) { return al::NDArray<double>(); });' 'ashlar: a block function takes one NDArray<T> per array'
refuse result 'x.map_blocks([](al::NDArray<double>) { return 1.0; });' 'ashlar: a block function must return an NDArray<U>'
exit $failed
