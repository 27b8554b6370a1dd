#include "ashlar/table/time_bins.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace ashlar::table {
namespace {

using std::chrono::days;
using std::chrono::nanoseconds;

struct Unit {
  std::string_view name;
  std::int64_t ns;
};
constexpr std::int64_t second = 1'000'000'000;
constexpr std::array units = {Unit{"D", 86400 * second}, Unit{"h", 3600 * second}, Unit{"H", 3600 * second}, Unit{"min", 60 * second}, Unit{"T", 60 * second},
                              Unit{"s", second},         Unit{"S", second},        Unit{"ms", 1'000'000},    Unit{"us", 1000},         Unit{"ns", 1}};
constexpr std::array<std::string_view, 7> week_days = {"W-SUN", "W-MON", "W-TUE", "W-WED", "W-THU", "W-FRI", "W-SAT"};

[[noreturn]] void refuse(std::string_view rule, const std::string& why) {
  throw ValueError("resample wants a rule such as \"D\", \"2h\", \"15min\", \"s\", \"ms\", \"W\", \"W-MON\" or \"ME\", found \"" + std::string(rule) + "\"" + why);
}

std::chrono::sys_days last_of_month(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  return date.year() / date.month() / std::chrono::last;
}

}  // namespace

TimeBins::TimeBins(std::string_view rule) {
  std::int64_t n = 1;
  const char *begin = rule.data(), *end = begin + rule.size();
  const auto [behind, error] = std::from_chars(begin, end, n);
  const bool counted = behind != begin;
  if (error == std::errc::result_out_of_range) refuse(rule, ": the number is too large");
  if (n < 1) refuse(rule, ": the number is not positive");
  const std::string_view unit(behind, static_cast<std::size_t>(end - behind));
  for (const Unit& one : units)
    if (one.name == unit) {
      if (n > std::numeric_limits<std::int64_t>::max() / one.ns) refuse(rule, ": that is longer than 292 years");
      length_ = nanoseconds(n * one.ns);
      return;
    }
  if (unit == "ME" || unit == "M") {
    kind_ = Kind::month;
  } else {
    kind_ = Kind::week;
    while (last_day_ < 7 && unit != week_days[last_day_]) ++last_day_;
    if (unit == "W") last_day_ = 0;
    if (last_day_ == 7) refuse(rule, "");
  }
  if (counted && n != 1) refuse(rule, ": weeks and months come one by one");
}

bool TimeBins::fixed() const { return kind_ != Kind::length || days(1) % length_ == nanoseconds(0); }

void TimeBins::start_at(timestamp first) { origin_ = std::chrono::floor<days>(first).time_since_epoch(); }

timestamp TimeBins::label(timestamp t) const {
  if (kind_ == Kind::length) {
    const nanoseconds since = t.time_since_epoch() - origin_;
    nanoseconds within = since % length_;
    if (within < nanoseconds(0)) within += length_;
    return t - within;
  }
  const auto day = std::chrono::floor<days>(t);
  if (kind_ == Kind::month) return last_of_month(day);
  return day + (std::chrono::weekday(last_day_) - std::chrono::weekday(day));
}

timestamp TimeBins::next(timestamp label) const {
  if (kind_ == Kind::length) return label + length_;
  if (kind_ == Kind::week) return label + days(7);
  return last_of_month(std::chrono::floor<days>(label) + days(1));
}

Table with_all_bins(const TimeBins& bins, const Table& groups) {
  if (groups.nrows() == 0) return groups;
  const auto labels = groups.at(0).values<timestamp>();
  std::vector<timestamp> all;
  std::vector<std::int64_t> rows;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    // One behind another's label may not fit into the type once the last is reached.
    if (i > 0)
      for (timestamp t = bins.next(labels[i - 1]); t < labels[i]; t = bins.next(t)) {
        if (all.size() >= std::size_t{1} << 31)
          throw ValueError("resample would give more than 2^31 bins from " + Value(labels.front()).to_string() + " to " + Value(labels.back()).to_string());
        all.push_back(t);
        rows.push_back(-1);
      }
    all.push_back(labels[i]);
    rows.push_back(static_cast<std::int64_t>(i));
  }
  std::vector<Column> columns = {Column(all)};
  for (std::int64_t k = 1; k < groups.ncols(); ++k) columns.push_back(groups.at(k).take(rows));
  return Table(groups.columns(), std::move(columns));
}

}  // namespace ashlar::table
