// What a stranger's first program looks like: one header, delayed tasks and an array, on whatever ranks there are.
#include <ashlar/ashlar.hpp>
#include <iostream>

namespace al = ashlar;

int main(int argc, char** argv) {
  return al::run(argc, argv, [](al::Client&) {
    auto inc = al::delayed([](int x) { return x + 1; });
    auto add = al::delayed([](int a, int b) { return a + b; });
    auto x = al::ones<double>({300, 20}, {.chunks = {100, 10}});
    std::cout << "delayed " << add(inc(1), inc(2)).compute() << " sum " << x.sum().compute() << std::endl;
  });
}
