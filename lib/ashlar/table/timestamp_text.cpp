#include "ashlar/table/timestamp_text.hpp"

#include <cstdio>
#include <cstdlib>

namespace ashlar {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000, kDay = 86'400 * kSecond;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes exactly `count` digits from the front.
bool digits(std::string_view& text, int count, int& value) {
  if (text.size() < static_cast<std::size_t>(count)) return false;
  value = 0;
  for (int i = 0; i < count; ++i) {
    if (!is_digit(text[static_cast<std::size_t>(i)])) return false;
    value = value * 10 + (text[static_cast<std::size_t>(i)] - '0');
  }
  text.remove_prefix(static_cast<std::size_t>(count));
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// Nanoseconds of "13:14[:15[.123]]".
bool time_of_day(std::string_view& text, std::int64_t& nanoseconds) {
  int hour = 0, minute = 0, second = 0;
  std::int64_t fraction = 0;
  if (!digits(text, 2, hour) || !take(text, ':') || !digits(text, 2, minute)) return false;
  if (take(text, ':')) {
    if (!digits(text, 2, second)) return false;
    if (take(text, '.')) {
      std::int64_t unit = kSecond / 10;
      if (text.empty() || !is_digit(text.front())) return false;
      for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), unit /= 10) {
        if (unit == 0) return false;
        fraction += unit * (text.front() - '0');
      }
    }
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  nanoseconds = (hour * 3600LL + minute * 60LL + second) * kSecond + fraction;
  return true;
}

// "Z", "+02:00", "-0530", "+02".
bool zone(std::string_view& text, std::int64_t& nanoseconds) {
  nanoseconds = 0;
  if (text.empty() || take(text, 'Z')) return true;
  const bool minus = text.front() == '-';
  if (!take(text, '+') && !take(text, '-')) return false;
  int hour = 0, minute = 0;
  if (!digits(text, 2, hour)) return false;
  take(text, ':');
  if (!text.empty() && !digits(text, 2, minute)) return false;
  if (hour > 23 || minute > 59) return false;
  nanoseconds = (hour * 3600LL + minute * 60LL) * kSecond * (minus ? -1 : 1);
  return true;
}

std::int64_t floor_days(std::int64_t nanoseconds) { return nanoseconds / kDay - (nanoseconds % kDay < 0 ? 1 : 0); }

std::string clock_text(std::int64_t nanoseconds, std::int64_t fraction_digits) {
  const std::int64_t seconds = nanoseconds / kSecond, fraction = nanoseconds % kSecond;
  char text[64];
  std::snprintf(text, sizeof text, "%02d:%02d:%02d", static_cast<int>(seconds / 3600), static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  std::string out = text;
  if (fraction_digits) {
    std::snprintf(text, sizeof text, ".%09lld", static_cast<long long>(fraction));
    out += std::string(text).substr(0, static_cast<std::size_t>(fraction_digits) + 1);
  }
  return out;
}

}  // namespace

std::optional<timestamp> parse_timestamp(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  int year = 0, month = 0, day = 0;
  if (!digits(text, 4, year) || text.empty()) return std::nullopt;
  const char separator = text.front();
  if ((separator != '-' && separator != '/') || !take(text, separator) || !digits(text, 2, month) || !take(text, separator) || !digits(text, 2, day))
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)), std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  std::int64_t clock = 0, offset = 0;
  if (!text.empty()) {
    if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
    if (!time_of_day(text, clock) || !zone(text, offset) || !text.empty()) return std::nullopt;
  }
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  std::int64_t result = 0;
  if (__builtin_mul_overflow(days, kDay, &result) || __builtin_add_overflow(result, clock - offset, &result)) return std::nullopt;
  return timestamp(duration(result));
}

CalendarDay calendar_day(timestamp when) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(floor_days(when.time_since_epoch().count())))};
  return {static_cast<int>(date.year()), static_cast<std::int32_t>(static_cast<unsigned>(date.month())), static_cast<std::int32_t>(static_cast<unsigned>(date.day()))};
}

std::string format_date(timestamp when) {
  const CalendarDay d = calendar_day(when);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", d.year, d.month, d.day);
  return text;
}

std::string format_timestamp(timestamp when) {
  const std::int64_t ns = when.time_since_epoch().count();
  const std::int64_t clock = ns - floor_days(ns) * kDay;
  // Python's isoformat: no fraction, microseconds, or (pandas) nanoseconds.
  const int fraction_digits = clock % kSecond == 0 ? 0 : clock % 1000 == 0 ? 6 : 9;
  return format_date(when) + " " + clock_text(clock, fraction_digits);
}

std::string format_duration(duration length) {
  const std::int64_t ns = length.count(), days = floor_days(ns), clock = ns - days * kDay;
  const int fraction_digits = clock % kSecond == 0 ? 0 : clock % 1000 == 0 ? 6 : 9;
  return std::to_string(days) + " days " + (days < 0 ? "+" : "") + clock_text(clock, fraction_digits);
}

}  // namespace ashlar
