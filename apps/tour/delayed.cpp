// Ordinary functions made lazy, and a loop that runs in parallel.
#include <chrono>
#include <numeric>
#include <thread>

#include "tour.hpp"

using namespace std::chrono_literals;

namespace tour {

void delayed(const Options& options) {
  chapter("Delayed functions");

  say("Three functions that take their time. What a lambda captures by value travels with it.");
  const auto pause = options.quick ? 100ms : 500ms;
  STEP(auto slow_inc = [pause](int x) { std::this_thread::sleep_for(pause); return x + 1; });
  STEP(auto slow_dec = [pause](int x) { std::this_thread::sleep_for(pause); return x - 1; });
  STEP(auto slow_add = [pause](int a, int b) { std::this_thread::sleep_for(pause); return a + b; });

  say("One after the other, as C++ does:");
  PRINT(slow_add(slow_inc(1), slow_dec(2)));

  say("Made lazy, a call only notes what is to be done. The two inner calls need not wait for each other.");
  STEP(auto inc = al::delayed(slow_inc); auto dec = al::delayed(slow_dec); auto add = al::delayed(slow_add));
  STEP(auto z = add(inc(1), dec(2)));
  STEP(int three = z.compute());
  PRINT(three);
  check(three == 3, "1 + 1 + 2 - 1");

  say("The graph behind it:");
  const std::string drawing = options.output / "z.svg";
  STEP(z.visualize(drawing, {.rankdir = "LR"}));
}

void loop(const Options& options) {
  chapter("Loops that run in parallel");
  const auto pause = options.quick ? 1ms : 5ms;
  auto inc = al::delayed([pause](int x) { std::this_thread::sleep_for(pause); return x + 1; });
  auto dec = al::delayed([pause](int x) { std::this_thread::sleep_for(pause); return x - 1; });
  auto add = al::delayed([pause](int a, int b) { std::this_thread::sleep_for(pause); return a + b; });

  say("256 times three calls, each asleep for " + std::to_string(pause.count()) + " ms: " + std::to_string(3 * 256 * pause.count()) +
      " ms one after the other.");
  STEP(std::vector<al::Delayed<int>> zs);
  STEP(for (int i = 0; i < 256; ++i) { auto x = inc(i); auto y = dec(x); zs.push_back(add(x, y)); });

  say("persist starts them all, and returns at once: the results stay on the workers.");
  STEP(zs = al::persist(zs));
  STEP(auto total = al::delayed([](std::vector<int> values) { return std::accumulate(values.begin(), values.end(), 0); })(zs));
  STEP(int sum = total.compute());
  PRINT(sum);
  check(sum == 256 * 256, "the sum of the first 256 odd numbers");

  say("The same sum as a tree: neighbours are added until one is left.");
  STEP(auto level = zs);
  STEP(while (level.size() > 1) {
    std::vector<al::Delayed<int>> next;
    for (std::size_t i = 0; i < level.size(); i += 2) next.push_back(add(level[i], level[i + 1]));
    level = next;
  });
  STEP(int root = level[0].compute());
  PRINT(root);
  check(root == sum, "the sum by a tree");

  say("Eight of these iterations, drawn:");
  std::vector<al::Delayed<int>> few;
  for (int i = 0; i < 8; ++i) few.push_back(add(inc(i), dec(i)));
  const std::string drawing = options.output / "loop.svg";
  STEP(al::delayed([](std::vector<int> v) { return v.size(); })(few).visualize(drawing));
}

}  // namespace tour
