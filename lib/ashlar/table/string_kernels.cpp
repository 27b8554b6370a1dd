#include "ashlar/table/string_kernels.hpp"

#include <algorithm>

#include "ashlar/table/column_builder_detail.hpp"
#include "ashlar/table/timestamp_text.hpp"

namespace ashlar::table {
namespace {

void require(const Column& a, ColumnType wanted, std::string_view what) {
  if (a.type() != wanted) throw TypeError(std::string(what) + " wants a " + std::string(name(wanted)) + " column, found " + std::string(name(a.type())));
}

template <class Out, class Fn>
Column from_text(const Column& a, std::string_view what, Fn fn) {
  require(a, ColumnType::string, what);
  Buffer buffer;
  Out* to = fresh<Out>(buffer, a.size());
  for (std::int64_t i = 0; i < a.size(); ++i) to[i] = fn(a.text(i));
  return Column::from_buffers(column_type_of<Out>, a.size(), std::move(buffer), validity_copy(a));
}

template <class Fn>
Column to_text(const Column& a, std::string_view what, Fn fn) {
  require(a, ColumnType::string, what);
  StringBuilder builder;
  builder.reserve(a.size(), static_cast<std::size_t>(a.nbytes()));
  for (std::int64_t i = 0; i < a.size(); ++i) a.is_valid(i) ? builder.append(fn(a.text(i))) : builder.append_null();
  return builder.finish();
}

std::string changed(std::string_view text, char first, char last, int by) {
  std::string out(text);
  for (char& c : out)
    if (c >= first && c <= last) c = static_cast<char>(c + by);
  return out;
}

template <class Fn>
Column from_time(const Column& a, std::string_view what, Fn fn) {
  require(a, ColumnType::timestamp, what);
  Buffer buffer;
  auto* to = fresh<std::int32_t>(buffer, a.size());
  const auto from = a.values<timestamp>();
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = fn(from[i]);
  return Column::from_buffers(ColumnType::int32, a.size(), std::move(buffer), validity_copy(a));
}

std::int32_t seconds_of_day(timestamp when) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(when);
  return static_cast<std::int32_t>((seconds - std::chrono::floor<std::chrono::days>(seconds)).count());
}

std::int64_t nanoseconds_of_second(timestamp when) { return (when - std::chrono::floor<std::chrono::seconds>(when)).count(); }

std::chrono::year_month_day date_of(timestamp when) { return std::chrono::floor<std::chrono::days>(when); }

constexpr std::string_view blanks = " \t\r\n\v\f";
std::string_view stripped(std::string_view t, bool left, bool right) {
  if (left) t.remove_prefix(std::min(t.find_first_not_of(blanks), t.size()));
  if (right) t.remove_suffix(t.size() - std::min(t.find_last_not_of(blanks) + 1, t.size()));
  return t;
}

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::string with_replaced(std::string_view text, std::string_view part, std::string_view by) {
  std::string out;
  if (part.empty()) {
    for (const char c : text) {
      if (begins_character(c)) out += by;
      out += c;
    }
    return out += by;
  }
  std::size_t at = 0;
  for (std::size_t found; (found = text.find(part, at)) != std::string_view::npos; at = found + part.size()) out.append(text, at, found - at).append(by);
  return out.append(text, at);
}

// As Python's slice.indices().
std::string sliced(std::string_view text, std::optional<std::int64_t> start, std::optional<std::int64_t> stop, std::int64_t step) {
  std::vector<std::size_t> begins;  // of each character, and the end
  for (std::size_t i = 0; i < text.size(); ++i)
    if (begins_character(text[i]) || begins.empty()) begins.push_back(i);
  const auto n = static_cast<std::int64_t>(begins.size());
  begins.push_back(text.size());
  const std::int64_t lowest = step > 0 ? 0 : -1, highest = step > 0 ? n : n - 1;
  const auto place = [&](std::int64_t i) { return std::clamp(i < 0 ? i + n : i, lowest, highest); };
  const std::int64_t first = start ? place(*start) : step > 0 ? lowest : highest, last = stop ? place(*stop) : step > 0 ? highest : lowest;
  std::string out;
  for (std::int64_t i = first; step > 0 ? i < last : i > last; i += step) {
    const auto at = static_cast<std::size_t>(i);
    out.append(text, begins[at], begins[at + 1] - begins[at]);
    if (step > n || -step > n) break;
  }
  return out;
}

}  // namespace

Column upper(const Column& a) {
  return to_text(a, "upper", [](std::string_view t) { return changed(t, 'a', 'z', 'A' - 'a'); });
}
Column lower(const Column& a) {
  return to_text(a, "lower", [](std::string_view t) { return changed(t, 'A', 'Z', 'a' - 'A'); });
}
Column strip(const Column& a) {
  return to_text(a, "strip", [](std::string_view t) { return stripped(t, true, true); });
}
Column lstrip(const Column& a) {
  return to_text(a, "lstrip", [](std::string_view t) { return stripped(t, true, false); });
}
Column rstrip(const Column& a) {
  return to_text(a, "rstrip", [](std::string_view t) { return stripped(t, false, true); });
}
Column replace(const Column& a, std::string_view part, std::string_view by) {
  return to_text(a, "replace", [&](std::string_view t) { return with_replaced(t, part, by); });
}
Column slice(const Column& a, std::optional<std::int64_t> start, std::optional<std::int64_t> stop, std::int64_t step) {
  if (step == 0) throw ValueError("a slice wants a step other than 0");
  return to_text(a, "slice", [&](std::string_view t) { return sliced(t, start, stop, step); });
}
std::vector<Column> split(const Column& a, std::string_view separator, std::int64_t n) {
  require(a, ColumnType::string, "split");
  if (separator.empty()) throw ValueError("split wants a separator of at least one character");
  if (n < 1) throw ValueError("split wants at least one column to split into, found " + std::to_string(n));
  std::vector<StringBuilder> parts(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < a.size(); ++i) {
    std::string_view left = a.text(i);
    bool more = a.is_valid(i);
    for (std::size_t k = 0; k < parts.size(); ++k) {
      if (!more) {
        parts[k].append_null();
        continue;
      }
      const auto at = k + 1 == parts.size() ? std::string_view::npos : left.find(separator);
      parts[k].append(left.substr(0, at));
      more = at != std::string_view::npos;
      if (more) left.remove_prefix(at + separator.size());
    }
  }
  std::vector<Column> out;
  for (StringBuilder& part : parts) out.push_back(part.finish());
  return out;
}
Column len(const Column& a) {
  return from_text<std::int64_t>(a, "len", [](std::string_view t) {
    std::int64_t n = 0;
    for (const char c : t) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    return n;
  });
}
Column contains(const Column& a, std::string_view part) {
  return from_text<bool>(a, "contains", [part](std::string_view t) { return t.find(part) != std::string_view::npos; });
}
Column startswith(const Column& a, std::string_view part) {
  return from_text<bool>(a, "startswith", [part](std::string_view t) { return t.starts_with(part); });
}
Column endswith(const Column& a, std::string_view part) {
  return from_text<bool>(a, "endswith", [part](std::string_view t) { return t.ends_with(part); });
}

Column year(const Column& a) {
  return from_time(a, "year", [](timestamp t) { return calendar_day(t).year; });
}
Column month(const Column& a) {
  return from_time(a, "month", [](timestamp t) { return calendar_day(t).month; });
}
Column day(const Column& a) {
  return from_time(a, "day", [](timestamp t) { return calendar_day(t).day; });
}
Column hour(const Column& a) {
  return from_time(a, "hour", [](timestamp t) { return seconds_of_day(t) / 3600; });
}
Column minute(const Column& a) {
  return from_time(a, "minute", [](timestamp t) { return seconds_of_day(t) / 60 % 60; });
}
Column second(const Column& a) {
  return from_time(a, "second", [](timestamp t) { return seconds_of_day(t) % 60; });
}

Column microsecond(const Column& a) {
  return from_time(a, "microsecond", [](timestamp t) { return static_cast<std::int32_t>(nanoseconds_of_second(t) / 1000); });
}
Column nanosecond(const Column& a) {
  return from_time(a, "nanosecond", [](timestamp t) { return static_cast<std::int32_t>(nanoseconds_of_second(t) % 1000); });
}
Column dayofweek(const Column& a) {
  return from_time(a, "dayofweek", [](timestamp t) {
    return static_cast<std::int32_t>(std::chrono::weekday(std::chrono::floor<std::chrono::days>(t)).iso_encoding()) - 1;
  });
}
Column dayofyear(const Column& a) {
  return from_time(a, "dayofyear", [](timestamp t) {
    const auto day = std::chrono::floor<std::chrono::days>(t);
    return static_cast<std::int32_t>((day - std::chrono::sys_days(date_of(t).year() / 1 / 1)).count()) + 1;
  });
}
Column quarter(const Column& a) {
  return from_time(a, "quarter", [](timestamp t) { return (calendar_day(t).month + 2) / 3; });
}
Column days_in_month(const Column& a) {
  return from_time(a, "days_in_month", [](timestamp t) {
    const auto date = date_of(t);
    return static_cast<std::int32_t>(static_cast<unsigned>((date.year() / date.month() / std::chrono::last).day()));
  });
}
Column is_leap_year(const Column& a) {
  require(a, ColumnType::timestamp, "is_leap_year");
  Buffer buffer;
  bool* to = fresh<bool>(buffer, a.size());
  const auto from = a.values<timestamp>();
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = date_of(from[i]).year().is_leap();
  return Column::from_buffers(ColumnType::boolean, a.size(), std::move(buffer), validity_copy(a));
}
Column date(const Column& a) {
  require(a, ColumnType::timestamp, "date");
  Buffer buffer;
  auto* to = fresh<timestamp>(buffer, a.size());
  const auto from = a.values<timestamp>();
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = std::chrono::floor<std::chrono::days>(from[i]);
  return Column::from_buffers(ColumnType::timestamp, a.size(), std::move(buffer), validity_copy(a));
}

}  // namespace ashlar::table
