#include "ashlar/table/string_kernels.hpp"

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

}  // namespace

Column upper(const Column& a) {
  return to_text(a, "upper", [](std::string_view t) { return changed(t, 'a', 'z', 'A' - 'a'); });
}
Column lower(const Column& a) {
  return to_text(a, "lower", [](std::string_view t) { return changed(t, 'A', 'Z', 'a' - 'A'); });
}
Column strip(const Column& a) {
  return to_text(a, "strip", [](std::string_view t) {
    const auto begin = t.find_first_not_of(" \t\r\n\v\f");
    return begin == std::string_view::npos ? std::string_view() : t.substr(begin, t.find_last_not_of(" \t\r\n\v\f") - begin + 1);
  });
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

}  // namespace ashlar::table
