#include "ashlar/table/rolling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "ashlar/table/column_builder_detail.hpp"

namespace ashlar::table {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// Values between the two nearest, as NumPy's "linear".
double quantile_of(std::vector<double>& sorted, double q) {
  std::sort(sorted.begin(), sorted.end());
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const double part = place - static_cast<double>(below);
  return part == 0 ? sorted[below] : sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

// Of the values of one window, in order; empty where there are too few.
std::optional<double> of_window(const Rolling& how, std::vector<double>& values) {
  using enum Rolling::Function;
  const std::size_t n = values.size();
  if (how.function == count) return static_cast<double>(n);
  if (n == 0 && how.function != sum) return std::nullopt;
  if (how.function >= min && std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); })) return nan;
  double total = 0;
  for (const double v : values) total += v;
  switch (how.function) {
    case sum: return total;
    case mean: return total / static_cast<double>(n);
    case min: return *std::min_element(values.begin(), values.end());
    case max: return *std::max_element(values.begin(), values.end());
    case median: return quantile_of(values, 0.5);
    case quantile: return quantile_of(values, how.q);
    default: break;
  }
  if (n <= static_cast<std::size_t>(std::max(how.ddof, 0))) return std::nullopt;
  const double middle = total / static_cast<double>(n);
  double squares = 0;
  for (const double v : values) squares += (v - middle) * (v - middle);
  const double variance = squares / static_cast<double>(static_cast<std::int64_t>(n) - how.ddof);
  return how.function == var ? variance : std::sqrt(variance);
}

}  // namespace

std::string_view Rolling::name() const {
  static constexpr std::string_view names[] = {"sum", "mean", "min", "max", "count", "std", "var", "median", "quantile"};
  return names[static_cast<std::size_t>(function)];
}

void Rolling::check() const {
  if (window < 1) throw ValueError("a rolling window wants at least one row, found window = " + std::to_string(window));
  if (min_periods < 0 || min_periods > window)
    throw ValueError("min_periods of a rolling window lies between 0 and the window, found " + std::to_string(min_periods) + " and " + std::to_string(window));
  if (!(q >= 0 && q <= 1)) throw ValueError("a quantile lies between 0 and 1, found " + std::to_string(q));
}

Column rolling(const Rolling& how, const Column& column, const Column& before) {
  how.check();
  if (!is_numeric(column.type()))
    throw TypeError("a rolling " + std::string(how.name()) + " wants a column of numbers, found " + std::string(name(column.type())));
  const std::int64_t carried = std::min(before.size(), how.window - 1);
  const Column parts[] = {before.slice(before.size() - carried, before.size()).cast(ColumnType::float64), column.cast(ColumnType::float64)};
  const Column all = Column::concat(parts);
  const auto values = all.values<double>();
  FixedBuilder<double> out;
  out.reserve(column.size());
  std::vector<double> window;
  for (std::int64_t row = carried; row < all.size(); ++row) {
    window.clear();
    for (std::int64_t i = std::max<std::int64_t>(0, row - how.window + 1); i <= row; ++i)
      if (all.is_valid(i)) window.push_back(values[static_cast<std::size_t>(i)]);
    // count looks for rows, whether they are missing or not; all else for values.
    const std::int64_t periods = how.function == Rolling::Function::count ? std::min(row + 1, how.window) : static_cast<std::int64_t>(window.size());
    const auto result = periods < how.min_periods ? std::nullopt : of_window(how, window);
    result ? out.append(*result) : out.append_null();
  }
  return out.finish();
}

}  // namespace ashlar::table
