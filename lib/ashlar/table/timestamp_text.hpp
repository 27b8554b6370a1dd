#pragma once
// Points in time as text (ISO 8601) and back, and their calendar fields.

#include <optional>
#include <string>
#include <string_view>

#include "ashlar/table/column_type.hpp"

namespace ashlar {

/// Reads "2020-05-12", "2020-05-12 13:14", "2020-05-12T13:14:15.123456789+02:00", "2020/05/12". Blanks around it are passed over.
/// Empty when the text is anything else, names a day that does not exist or lies outside of what nanoseconds can hold.
std::optional<timestamp> parse_timestamp(std::string_view text);
/// "2020-05-12 13:14:15.123456": as pandas prints one, fraction only where there is one, in 3, 6 or 9 digits… of what is needed.
std::string format_timestamp(timestamp when);
/// "2020-05-12"; the day only.
std::string format_date(timestamp when);
/// "1 days 02:03:04.500000": as pandas prints a Timedelta.
std::string format_duration(duration length);

/// Year, month 1–12 and day 1–31 of a point in time.
struct CalendarDay {
  std::int32_t year;
  std::int32_t month;
  std::int32_t day;
};
CalendarDay calendar_day(timestamp when);

}  // namespace ashlar
