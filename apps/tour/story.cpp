// How the tour tells its story on the terminal.
#include <chrono>
#include <iostream>
#include <stdexcept>

#include "tour.hpp"

namespace tour {
namespace {

constexpr std::size_t line_width = 116;
int chapters = 0;
std::chrono::steady_clock::time_point started;
double last_seconds = 0;

// The preprocessor leaves a long lambda on one line; break it between words.
std::string wrapped(const std::string& code) {
  std::string lines;
  std::size_t column = 0, at = 0;
  while (at < code.size()) {
    const std::size_t end = std::min(code.find(' ', at), code.size());
    if (column > 0 && column + 1 + end - at > line_width) {
      lines += "\n         ";
      column = 9;
    } else if (column > 0) {
      lines += ' ';
      ++column;
    }
    lines += code.substr(at, end - at);
    column += end - at;
    at = end + 1;
  }
  return lines;
}

}  // namespace

void chapter(const std::string& title) {
  const std::string line = std::to_string(++chapters) + ". " + title;
  std::cout << "\n\n" << line << '\n' << std::string(line.size(), '=') << std::endl;
}

void say(const std::string& sentence) { std::cout << '\n' << sentence << std::endl; }

void result(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) std::cout << "     " << line << '\n';
  std::cout << std::flush;
}

void begin(std::string code) {
  if (code.ends_with("};") && (code.starts_with("for ") || code.starts_with("while "))) code.pop_back();
  std::cout << "  >  " << wrapped(code) << std::flush;
  started = std::chrono::steady_clock::now();
}

void end() {
  last_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  std::ostringstream text;
  text.precision(3);
  if (last_seconds >= 0.001) text << "   // " << std::fixed << last_seconds << " s";
  std::cout << text.str() << std::endl;
}

double seconds() { return last_seconds; }

void check(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error("the tour found a wrong result: " + what);
}

}  // namespace tour
