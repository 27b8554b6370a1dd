#include "ashlar/base/options.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "ashlar/base/error.hpp"

namespace ashlar {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

// Splits "1.5 GiB" into 1.5 and "gib".
std::pair<double, std::string> number_and_unit(std::string_view text, std::string_view wanted) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  double number = 1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} && !(end == text.data() && !text.empty() && std::isalpha(static_cast<unsigned char>(text.front()))))
    throw ValueError("not " + std::string(wanted) + ": \"" + std::string(text) + "\"");
  std::string unit;
  for (const char* c = end; c != text.data() + text.size(); ++c)
    if (!std::isspace(static_cast<unsigned char>(*c))) unit += static_cast<char>(std::tolower(static_cast<unsigned char>(*c)));
  return {number, unit};
}

template <std::size_t N>
double scaled(std::string_view text, std::string_view wanted, const std::array<Unit, N>& units) {
  const auto [number, unit] = number_and_unit(text, wanted);
  for (const Unit& u : units)
    if (u.name == unit) return number * u.factor;
  throw ValueError("not " + std::string(wanted) + ": \"" + std::string(text) + "\"");
}

}  // namespace

double Seconds::parse(std::string_view text) {
  static constexpr std::array<Unit, 22> units = {{{"", 1},           {"s", 1},          {"sec", 1},      {"second", 1},  {"seconds", 1}, {"ms", 1e-3},
                                                  {"millisecond", 1e-3}, {"milliseconds", 1e-3}, {"us", 1e-6}, {"microsecond", 1e-6}, {"microseconds", 1e-6},
                                                  {"ns", 1e-9},      {"m", 60},         {"min", 60},     {"minute", 60}, {"minutes", 60}, {"h", 3600},
                                                  {"hour", 3600},    {"hours", 3600},   {"d", 86400},    {"day", 86400}, {"days", 86400}}};
  return scaled(text, "a duration such as \"5s\" or \"10 ms\"", units);
}

std::int64_t parse_bytes(std::string_view text) {
  static constexpr std::array<Unit, 17> units = {{{"", 1}, {"b", 1}, {"k", 1e3}, {"kb", 1e3}, {"m", 1e6}, {"mb", 1e6}, {"g", 1e9}, {"gb", 1e9}, {"t", 1e12},
                                                  {"tb", 1e12}, {"kib", 1024.0}, {"mib", 1048576.0}, {"gib", 1073741824.0}, {"tib", 1099511627776.0},
                                                  {"ki", 1024.0}, {"mi", 1048576.0}, {"gi", 1073741824.0}}};
  const double value = scaled(text, "a number of bytes such as \"64 MiB\" or \"1.5GB\"", units);
  if (!(value >= 0) || value > 9e18) throw ValueError("not a number of bytes: \"" + std::string(text) + "\"");
  return static_cast<std::int64_t>(value);
}

std::string format_bytes(std::int64_t nbytes) {
  char text[64];
  static constexpr std::array<Unit, 5> units = {{{"PiB", 0x1p50}, {"TiB", 0x1p40}, {"GiB", 0x1p30}, {"MiB", 0x1p20}, {"kiB", 0x1p10}}};
  for (const Unit& u : units)
    if (static_cast<double>(nbytes) >= u.factor * 0.9) {
      std::snprintf(text, sizeof text, "%.2f %s", static_cast<double>(nbytes) / u.factor, u.name.data());
      return text;
    }
  return std::to_string(nbytes) + " B";
}

std::string format_time(double seconds) {
  char text[64];
  if (seconds > 600)
    std::snprintf(text, sizeof text, "%dm %ds", static_cast<int>(seconds / 60), static_cast<int>(std::fmod(seconds, 60)));
  else if (seconds >= 1)
    std::snprintf(text, sizeof text, "%.2f s", seconds);
  else if (seconds >= 1e-3)
    std::snprintf(text, sizeof text, "%.2f ms", seconds * 1e3);
  else
    std::snprintf(text, sizeof text, "%.2f us", seconds * 1e6);
  return text;
}

}  // namespace ashlar
