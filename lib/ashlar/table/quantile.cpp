#include <algorithm>
#include <cmath>

#include "ashlar/table/column_builder_detail.hpp"
#include "ashlar/table/key_index.hpp"
#include "ashlar/table/quantile_detail.hpp"
#include "ashlar/table/type_dispatch_detail.hpp"

namespace ashlar::table {
namespace {

// The pair of rows nearest to q and what lies between them. T: double for numbers, std::int64_t for times.
template <class T>
T quantile_of(T* first, std::size_t n, double q) {
  const double place = q * static_cast<double>(n - 1);
  const auto below = static_cast<std::size_t>(place);
  const double part = place - static_cast<double>(below);
  T* middle = first + below;
  std::nth_element(first, middle, first + n);
  if (part == 0) return *middle;
  const T above = *std::min_element(middle + 1, first + n);
  if constexpr (std::is_same_v<T, double>) {
    // As NumPy's: exact at both ends, and no infinity minus infinity between equal ones.
    if (*middle == above) return above;
    const double step = above - *middle;
    if (!std::isfinite(step)) return *middle * (1 - part) + above * part;
    return part < 0.5 ? *middle + step * part : above - step * (1 - part);
  } else {
    return *middle + static_cast<T>(static_cast<long double>(above - *middle) * static_cast<long double>(part));
  }
}

template <class T>
class QuantileAccumulator final : public Accumulator {
 public:
  QuantileAccumulator(double q, ColumnType result) : q_(q), result_(result) {}
  void resize(std::int64_t groups) override { ngroups_ = groups; }
  void update(const Column& values, const std::uint32_t* groups) override {
    const auto room = values_.size() + static_cast<std::size_t>(values.size());
    values_.reserve(room);
    groups_.reserve(room);
    dispatch_fixed(values.type(), [&]<class From>(std::type_identity<From>) {
      const From* from = static_cast<const From*>(values.address());
      for (std::int64_t i = 0; i < values.size(); ++i) {
        if ((groups && groups[i] == KeyIndex::dropped) || values.is_null(i)) continue;
        groups_.push_back(groups ? groups[i] : 0);
        values_.push_back(static_cast<T>(from[i]));
      }
    });
  }
  void merge(const Accumulator& later, const std::uint32_t* mapping) override {
    const auto& other = static_cast<const QuantileAccumulator&>(later);
    values_.insert(values_.end(), other.values_.begin(), other.values_.end());
    groups_.reserve(values_.size());
    for (const std::uint32_t g : other.groups_) groups_.push_back(mapping[g]);
  }
  Column finish() const override {
    // The values of each group side by side.
    const auto n = static_cast<std::size_t>(ngroups_);
    std::vector<std::size_t> ends(n + 1);
    for (const std::uint32_t g : groups_) ++ends[g + 1];
    for (std::size_t g = 0; g < n; ++g) ends[g + 1] += ends[g];
    std::vector<T> sorted(values_.size());
    std::vector<std::size_t> next(ends.begin(), ends.end() - 1);
    for (std::size_t i = 0; i < values_.size(); ++i) sorted[next[groups_[i]]++] = values_[i];
    FixedBuilder<T> builder(std::is_same_v<T, double> ? ColumnType::float64 : result_);
    for (std::size_t g = 0; g < n; ++g) {
      T* first = sorted.data() + ends[g];
      const std::size_t size = ends[g + 1] - ends[g];
      if (size == 0) {
        builder.append_null();
        continue;
      }
      if constexpr (std::is_same_v<T, double>) {
        // NaN has no place in an order.
        if (const double* nan = std::find_if(first, first + size, [](double x) { return std::isnan(x); }); nan != first + size) {
          builder.append(*nan);
          continue;
        }
      }
      builder.append(quantile_of(first, size, q_));
    }
    const Column out = builder.finish();
    return out.type() == result_ ? out : out.cast(result_);
  }
  void encode(Writer& out) const override {
    out.put(ngroups_);
    out.array(groups_);
    out.array(values_);
  }
  void decode(Reader& in) override {
    ngroups_ = in.get<std::int64_t>();
    groups_ = in.array<std::uint32_t>();
    values_ = in.array<T>();
  }
  std::int64_t nbytes() const override { return static_cast<std::int64_t>(values_.size() * (sizeof(T) + sizeof(std::uint32_t))); }

 private:
  double q_;
  ColumnType result_;
  std::int64_t ngroups_ = 0;
  std::vector<std::uint32_t> groups_;
  std::vector<T> values_;
};

}  // namespace

std::unique_ptr<Accumulator> make_quantile_accumulator(double q, ColumnType type, ColumnType result) {
  if (!(q >= 0 && q <= 1)) throw ValueError("a quantile wants q between 0 and 1, found " + format_double(q));
  if (is_temporal(type)) return std::make_unique<QuantileAccumulator<std::int64_t>>(q, result);
  return std::make_unique<QuantileAccumulator<double>>(q, result);
}

}  // namespace ashlar::table
