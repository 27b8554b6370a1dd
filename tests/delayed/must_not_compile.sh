#!/bin/sh
# must_not_compile.sh COMPILER INCLUDE_FOLDER
# Each program below is wrong in one place; the first error the compiler prints must be a sentence of ours.
compiler=$1
include=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

# All programs include the same: compiled once, it makes the test ten times shorter.
cat > "$work/everything.hpp" <<'HEADERS'
#include <mutex>
#include <span>
#include <thread>
#include "ashlar/delayed/delayed.hpp"
namespace al = ashlar;
struct View { std::string_view text; std::string own; };
struct Object { int method(int) const { return 1; } };
HEADERS
"$compiler" -std=c++20 -I"$include" -x c++-header "$work/everything.hpp" -o "$work/everything.hpp.gch" || exit 1

refuse() { # NAME STATEMENT WANTED
  printf '#include "everything.hpp"\nvoid f(std::string s, int n) { (void)s, (void)n; %s }\n' "$2" > "$work/$1.cpp"
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

argument='ashlar: an argument of this task cannot be sent to another rank'
result='ashlar: the result of this task cannot be sent to another rank'
refuse nothing_wrong 'auto z = al::delayed([n](int x, std::string t) { return x + n + (int)t.size(); })(1, "t") + 1; z.compute();' ''
refuse thread 'al::delayed([](const std::thread&) {})(std::thread());' "$argument"
refuse mutex 'std::mutex m; al::delayed([](int) {})(m);' "$argument"
refuse pointer 'al::delayed([](int* p) { return *p; })(&n);' "$argument"
refuse view 'al::delayed([](std::string_view v) { return v.size(); })(std::string_view(s));' "$argument"
refuse span 'al::delayed([](std::span<char> v) { return v.size(); })(std::span<char>(s));' "$argument"
refuse vector_of_views 'al::delayed([](std::vector<std::string_view> v) { return v.size(); })(std::vector<std::string_view>{s});' "$argument"
refuse struct_with_view 'al::delayed([](View v) { return v.own; })(View{});' "$argument"
refuse function_argument 'al::delayed([](int (*g)(int)) { return g(1); })(+[](int x) { return x; });' "$argument"
refuse value 'al::delayed(std::thread());' "$argument"
refuse capture 'al::delayed([s](int x) { return x + (int)s.size(); });' "ashlar: a task's lambda may only capture trivially copyable values"
refuse std_function 'al::delayed(std::function<int(int)>([](int x) { return x; }));' "ashlar: a task's lambda may only capture trivially copyable values"
refuse member 'al::delayed(&Object::method);' 'ashlar: a pointer to a member function cannot be a task'
refuse arguments 'al::delayed([](int x) { return x; })(std::string("no number"));' 'ashlar: this task cannot be called with these arguments'
refuse too_few 'al::delayed([](int x, int y) { return x + y; })(1);' 'ashlar: this task cannot be called with these arguments'
refuse delayed_argument 'al::delayed([](int x) { return x; })(al::delayed("text"));' 'ashlar: this task cannot be called with these arguments'
refuse result_pointer 'al::delayed([](int) { return "text"; })(1);' "$result"
refuse result_view 'al::delayed([](std::string t) { return std::string_view(t); })("text");' "$result"
refuse result_thread 'al::delayed([](int) { return std::thread(); })(1);' "$result"
refuse result_delayed 'al::delayed([](int x) { return al::delayed(x); })(1);' "$result"
exit $failed
