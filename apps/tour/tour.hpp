#pragma once
// The tour's chapters, and how a line of C++ is shown before it runs.

#include <ashlar/ashlar.hpp>
#include <filesystem>
#include <functional>
#include <sstream>
#include <string>

namespace al = ashlar;

namespace tour {

struct Options {
  std::string csv;
  std::filesystem::path output = "tour-output";
  double gib = 1;      ///< size of the HDF5 file
  bool quick = false;  ///< small arrays, short sleeps
};

void cluster(al::Client& client);
void dataframe(const Options& options);
void arrays(const Options& options);
void plot(const Options& options);
void delayed(const Options& options);
void loop(const Options& options);
void hdf5(const Options& options);

/// A headline; a sentence about what follows; the text of a result.
void chapter(const std::string& title);
void say(const std::string& sentence);
void result(const std::string& text);

/// Shows a line of C++; then, when it has run, how long it took (if that can be felt).
void begin(std::string code);
void end();
/// How long the last line took, in seconds.
double seconds();

/// A line that failed its check ends the tour.
void check(bool holds, const std::string& what);

template <class F>
void print(const char* code, const F& value) {
  begin(code);
  const auto& computed = value();
  end();
  std::ostringstream text;
  text.precision(10);
  text << std::boolalpha << computed;
  result(text.str());
}

}  // namespace tour

// What the tour shows is what it runs: both macros print their argument, and then it is the program.
//   STEP(auto x = al::ones({3, 4}))     a statement
//   PRINT(x.sum().compute())            an expression and its value
#define STEP(...)                  \
  ::tour::begin(#__VA_ARGS__ ";"); \
  __VA_ARGS__;                     \
  ::tour::end()
#define PRINT(...) ::tour::print(#__VA_ARGS__, [&]() -> decltype(auto) { return (__VA_ARGS__); })
