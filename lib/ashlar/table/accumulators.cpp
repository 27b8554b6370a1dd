// The states behind each aggregation.

#include <cmath>

#include "ashlar/table/aggregation.hpp"
#include "ashlar/table/column_builder_detail.hpp"
#include "ashlar/table/key_index.hpp"
#include "ashlar/table/quantile_detail.hpp"
#include "ashlar/table/type_dispatch_detail.hpp"

namespace ashlar::table {
namespace {

using wide = __int128;

// A sum and what rounding took from it (two-sum). The plain sum alone says what infinities and NaN make of it.
struct CompensatedSum {
  double sum = 0, lost = 0;
  void add(double x) {
    const double total = sum + x, part = total - sum;
    lost += (sum - (total - part)) + (x - part);
    sum = total;
  }
  void add(const CompensatedSum& other) {
    add(other.sum);
    lost += other.lost;
  }
  double value() const {
    const double corrected = sum + lost;
    return std::isfinite(corrected) ? corrected : sum;
  }
};

template <class Fn>
void for_each_valid(const Column& column, const std::uint32_t* groups, Fn fn) {
  const std::int64_t n = column.size();
  if (!groups) {
    if (!column.null_count())
      for (std::int64_t i = 0; i < n; ++i) fn(std::uint32_t{0}, i);
    else
      for (std::int64_t i = 0; i < n; ++i)
        if (column.is_valid(i)) fn(std::uint32_t{0}, i);
    return;
  }
  if (!column.null_count()) {
    for (std::int64_t i = 0; i < n; ++i)
      if (groups[i] != KeyIndex::dropped) fn(groups[i], i);
    return;
  }
  for (std::int64_t i = 0; i < n; ++i)
    if (groups[i] != KeyIndex::dropped && column.is_valid(i)) fn(groups[i], i);
}

template <class State>
class StateAccumulator : public Accumulator {
 public:
  void resize(std::int64_t groups) override { states_.resize(static_cast<std::size_t>(groups)); }
  void merge(const Accumulator& later, const std::uint32_t* mapping) override {
    const auto& from = static_cast<const StateAccumulator&>(later).states_;
    for (std::size_t g = 0; g < from.size(); ++g) states_[mapping[g]].merge(from[g]);
  }
  void encode(Writer& out) const override { out.array(states_); }
  void decode(Reader& in) override { states_ = in.array<State>(); }
  std::int64_t nbytes() const override { return static_cast<std::int64_t>(states_.size() * sizeof(State)); }

 protected:
  std::vector<State> states_;
};

struct Count {
  std::int64_t n = 0;
  void merge(const Count& later) { n += later.n; }
};

class CountAccumulator : public StateAccumulator<Count> {
 public:
  explicit CountAccumulator(bool nulls_too) : nulls_too_(nulls_too) {}
  void update(const Column& values, const std::uint32_t* groups) override {
    if (!groups) {
      states_[0].n += values.size() - (nulls_too_ ? 0 : values.null_count());
    } else if (nulls_too_) {
      for (std::int64_t i = 0; i < values.size(); ++i)
        if (groups[i] != KeyIndex::dropped) ++states_[groups[i]].n;
    } else {
      for_each_valid(values, groups, [&](std::uint32_t g, std::int64_t) { ++states_[g].n; });
    }
  }
  Column finish() const override {
    FixedBuilder<std::int64_t> builder;
    for (const Count& c : states_) builder.append(c.n);
    return builder.finish();
  }

 private:
  bool nulls_too_;
};

// Sum: std::uint64_t for integers (wraps), CompensatedSum for floats, wide for means of integers.
template <class Sum>
struct SumState {
  Sum sum{};
  std::int64_t n = 0;
  void merge(const SumState& later) {
    if constexpr (std::is_same_v<Sum, CompensatedSum>)
      sum.add(later.sum);
    else
      sum += later.sum;
    n += later.n;
  }
};

template <class Sum>
class SumAccumulator : public StateAccumulator<SumState<Sum>> {
 public:
  SumAccumulator(bool mean, ColumnType result) : mean_(mean), result_(result) {}
  void update(const Column& values, const std::uint32_t* groups) override {
    auto& states = this->states_;
    dispatch_fixed(values.type(), [&]<class T>(std::type_identity<T>) {
      const T* from = static_cast<const T*>(values.address());
      if constexpr (std::is_same_v<Sum, CompensatedSum>) {
        if (!groups && !values.null_count()) return sum_in_lanes(from, values.size());
        for_each_valid(values, groups, [&](std::uint32_t g, std::int64_t i) {
          states[g].sum.add(static_cast<double>(from[i]));
          ++states[g].n;
        });
      } else {
        for_each_valid(values, groups, [&](std::uint32_t g, std::int64_t i) {
          states[g].sum += static_cast<Sum>(from[i]);
          ++states[g].n;
        });
      }
    });
  }
  Column finish() const override {
    if (is_floating(result_)) {
      FixedBuilder<double> builder;
      for (const auto& s : this->states_) {
        if (mean_ && s.n == 0) {
          builder.append_null();
        } else if constexpr (std::is_same_v<Sum, CompensatedSum>) {
          builder.append(mean_ ? s.sum.value() / static_cast<double>(s.n) : s.sum.value());
        } else {
          builder.append(static_cast<double>(static_cast<long double>(s.sum) / static_cast<long double>(s.n)));
        }
      }
      return builder.finish().cast(result_);
    }
    if constexpr (std::is_same_v<Sum, CompensatedSum>) {
      throw InternalError("a float sum has an integer result");
    } else {
      FixedBuilder<std::int64_t> builder(result_);
      for (const auto& s : this->states_) {
        if (!mean_)
          builder.append(static_cast<std::int64_t>(s.sum));
        else if (s.n == 0)
          builder.append_null();
        else
          builder.append(static_cast<std::int64_t>(static_cast<wide>(s.sum) / s.n));
      }
      return builder.finish();
    }
  }

 private:
  // Four chains instead of one: an addition waits for the one before it in its own chain only.
  template <class T>
  void sum_in_lanes(const T* from, std::int64_t n) {
    if constexpr (std::is_same_v<Sum, CompensatedSum>) {
      CompensatedSum lanes[4];
      std::int64_t i = 0;
      for (; i + 4 <= n; i += 4)
        for (int lane = 0; lane < 4; ++lane) lanes[lane].add(static_cast<double>(from[i + lane]));
      for (; i < n; ++i) lanes[i & 3].add(static_cast<double>(from[i]));
      for (const auto& lane : lanes) this->states_[0].sum.add(lane);
      this->states_[0].n += n;
    }
  }

  bool mean_;
  ColumnType result_;
};

// Count, mean and sum of squared deviations (Welford; merged after Chan, Golub and LeVeque).
struct Moments {
  std::int64_t n = 0;
  double mean = 0, m2 = 0;
  void add(double x) {
    ++n;
    const double delta = x - mean;
    mean += delta / static_cast<double>(n);
    m2 += delta * (x - mean);
  }
  void merge(const Moments& later) {
    if (later.n == 0) return;
    if (n == 0) {
      *this = later;
      return;
    }
    const double total = static_cast<double>(n + later.n), delta = later.mean - mean;
    m2 += later.m2 + delta * delta * (static_cast<double>(n) * static_cast<double>(later.n) / total);
    mean += delta * (static_cast<double>(later.n) / total);
    n += later.n;
  }
};

class VarAccumulator : public StateAccumulator<Moments> {
 public:
  VarAccumulator(bool root, int ddof, ColumnType result) : root_(root), ddof_(ddof), result_(result) {}
  void update(const Column& values, const std::uint32_t* groups) override {
    dispatch_numeric(values.type(), [&]<class T>(std::type_identity<T>) {
      const T* from = static_cast<const T*>(values.address());
      for_each_valid(values, groups, [&](std::uint32_t g, std::int64_t i) { states_[g].add(static_cast<double>(from[i])); });
    });
  }
  Column finish() const override {
    FixedBuilder<double> builder;
    for (const Moments& m : states_) {
      if (m.n <= ddof_ || m.n == 0) {
        builder.append_null();
        continue;
      }
      const double variance = m.m2 / static_cast<double>(m.n - ddof_);
      builder.append(root_ ? std::sqrt(variance) : variance);
    }
    return builder.finish().cast(result_);
  }

 private:
  bool root_;
  int ddof_;
  ColumnType result_;
};

// Product: std::uint64_t for integers (wraps), double for floats.
template <class Product>
struct ProductState {
  Product product = 1;
  void merge(const ProductState& later) { product *= later.product; }
};

template <class Product>
class ProductAccumulator : public StateAccumulator<ProductState<Product>> {
 public:
  explicit ProductAccumulator(ColumnType result) : result_(result) {}
  void update(const Column& values, const std::uint32_t* groups) override {
    auto& states = this->states_;
    dispatch_numeric(values.type(), [&]<class T>(std::type_identity<T>) {
      const T* from = static_cast<const T*>(values.address());
      for_each_valid(values, groups, [&](std::uint32_t g, std::int64_t i) { states[g].product *= static_cast<Product>(from[i]); });
    });
  }
  Column finish() const override {
    if constexpr (std::is_same_v<Product, double>) {
      FixedBuilder<double> builder;
      for (const auto& s : this->states_) builder.append(s.product);
      return builder.finish().cast(result_);
    } else {
      FixedBuilder<std::uint64_t> builder(result_);
      for (const auto& s : this->states_) builder.append(s.product);
      return builder.finish();
    }
  }

 private:
  ColumnType result_;
};

struct Truth {
  bool value = false, set = false;
  void merge(const Truth& later) { set |= later.set; }
};

// set: some value was true (any) or false (all).
class TruthAccumulator : public StateAccumulator<Truth> {
 public:
  explicit TruthAccumulator(bool any) : any_(any) {}
  void update(const Column& values, const std::uint32_t* groups) override {
    dispatch_numeric(values.type(), [&]<class T>(std::type_identity<T>) {
      const T* from = static_cast<const T*>(values.address());
      for_each_valid(values, groups, [&](std::uint32_t g, std::int64_t i) { states_[g].set |= (from[i] != T{}) == any_; });
    });
  }
  Column finish() const override {
    FixedBuilder<bool> builder;
    for (const Truth& t : states_) builder.append(t.set == any_);
    return builder.finish();
  }

 private:
  bool any_;
};

// Whether a later value takes the place of the one that is held.
template <class T>
bool replaces(Aggregation function, const T& held, const T& value) {
  switch (function) {
    case Aggregation::first: return false;
    case Aggregation::last: return true;
    default: break;
  }
  if constexpr (std::is_floating_point_v<T>) {
    // NaN wins and stays, as in NumPy.
    if (std::isnan(held)) return false;
    if (std::isnan(value)) return true;
  }
  return function == Aggregation::min ? value < held : held < value;
}

template <class T>
struct Picked {
  T value{};
  bool seen = false;
};

// min, max, first, last of types of fixed width.
template <class T>
class PickAccumulator : public Accumulator {
 public:
  PickAccumulator(Aggregation function, ColumnType type) : function_(function), type_(type) {}
  void resize(std::int64_t groups) override { picked_.resize(static_cast<std::size_t>(groups)); }
  void update(const Column& values, const std::uint32_t* groups) override {
    const T* from = static_cast<const T*>(values.address());
    for_each_valid(values, groups, [&](std::uint32_t g, std::int64_t i) { take(picked_[g], from[i]); });
  }
  void merge(const Accumulator& later, const std::uint32_t* mapping) override {
    const auto& from = static_cast<const PickAccumulator&>(later).picked_;
    for (std::size_t g = 0; g < from.size(); ++g)
      if (from[g].seen) take(picked_[mapping[g]], from[g].value);
  }
  Column finish() const override {
    FixedBuilder<T> builder(type_);
    for (const auto& p : picked_) p.seen ? builder.append(p.value) : builder.append_null();
    return builder.finish();
  }
  void encode(Writer& out) const override { finish().encode(out); }
  void decode(Reader& in) override {
    const Column column = Column::decode(in);
    picked_.assign(static_cast<std::size_t>(column.size()), {});
    update_each(column);
  }
  std::int64_t nbytes() const override { return static_cast<std::int64_t>(picked_.size() * sizeof(Picked<T>)); }

 private:
  void take(Picked<T>& held, T value) {
    if (held.seen && !replaces(function_, held.value, value)) return;
    held.value = value;
    held.seen = true;
  }
  void update_each(const Column& column) {
    const T* from = static_cast<const T*>(column.address());
    for (std::int64_t i = 0; i < column.size(); ++i)
      if (column.is_valid(i)) take(picked_[static_cast<std::size_t>(i)], from[i]);
  }

  Aggregation function_;
  ColumnType type_;
  std::vector<Picked<T>> picked_;
};

// The same for strings.
class PickText : public Accumulator {
 public:
  explicit PickText(Aggregation function) : function_(function) {}
  void resize(std::int64_t groups) override { picked_.resize(static_cast<std::size_t>(groups)); }
  void update(const Column& values, const std::uint32_t* groups) override {
    for_each_valid(values, groups, [&](std::uint32_t g, std::int64_t i) { take(picked_[g], values.text(i)); });
  }
  void merge(const Accumulator& later, const std::uint32_t* mapping) override {
    const auto& from = static_cast<const PickText&>(later).picked_;
    for (std::size_t g = 0; g < from.size(); ++g)
      if (from[g].seen) take(picked_[mapping[g]], from[g].value);
  }
  Column finish() const override {
    StringBuilder builder;
    for (const auto& p : picked_) p.seen ? builder.append(p.value) : builder.append_null();
    return builder.finish();
  }
  void encode(Writer& out) const override { finish().encode(out); }
  void decode(Reader& in) override {
    const Column column = Column::decode(in);
    picked_.assign(static_cast<std::size_t>(column.size()), {});
    for (std::int64_t i = 0; i < column.size(); ++i)
      if (column.is_valid(i)) take(picked_[static_cast<std::size_t>(i)], column.text(i));
  }
  std::int64_t nbytes() const override {
    std::int64_t n = 0;
    for (const auto& p : picked_) n += static_cast<std::int64_t>(sizeof p + p.value.size());
    return n;
  }

 private:
  void take(Picked<std::string>& held, std::string_view value) {
    if (held.seen && !replaces<std::string_view>(function_, held.value, value)) return;
    held.value = value;
    held.seen = true;
  }

  Aggregation function_;
  std::vector<Picked<std::string>> picked_;
};

// The different (group, value) pairs.
class NuniqueAccumulator : public Accumulator {
 public:
  explicit NuniqueAccumulator(ColumnType type) : index_({ColumnType::uint32, type}, true), values_(Column::nulls(type, 0)) {}
  void resize(std::int64_t groups) override { count_.resize(static_cast<std::size_t>(groups)); }
  void update(const Column& values, const std::uint32_t* groups) override {
    std::vector<std::optional<std::uint32_t>> of(static_cast<std::size_t>(values.size()), 0);
    if (groups)
      for (std::size_t i = 0; i < of.size(); ++i) of[i] = groups[i] == KeyIndex::dropped ? std::optional<std::uint32_t>() : groups[i];
    insert(Column(of), values);
  }
  void merge(const Accumulator& later, const std::uint32_t* mapping) override {
    const auto& from = static_cast<const NuniqueAccumulator&>(later);
    std::vector<std::uint32_t> of;
    for (const std::uint32_t g : from.groups_) of.push_back(mapping[g]);
    insert(Column(of), from.values());
  }
  Column finish() const override { return Column(count_); }
  void encode(Writer& out) const override {
    out.put<std::int64_t>(static_cast<std::int64_t>(count_.size()));
    out.array(groups_);
    values().encode(out);
  }
  void decode(Reader& in) override {
    count_.assign(static_cast<std::size_t>(in.get<std::int64_t>()), 0);
    const auto groups = in.array<std::uint32_t>();
    insert(Column(groups), Column::decode(in));
  }
  std::int64_t nbytes() const override { return static_cast<std::int64_t>((count_.size() + groups_.size()) * 8) + values().nbytes(); }

 private:
  void insert(const Column& groups, const Column& values) {
    const Column keys[] = {groups, values};
    std::vector<std::uint32_t> numbers;
    std::vector<std::int64_t> new_rows;
    index_.insert(keys, numbers, new_rows);
    const auto of = groups.values<std::uint32_t>();
    for (const std::int64_t row : new_rows) {
      groups_.push_back(of[static_cast<std::size_t>(row)]);
      ++count_[groups_.back()];
    }
    parts_.push_back(values.take(new_rows));
  }
  Column values() const {
    if (parts_.empty()) return values_;
    return Column::concat(parts_);
  }

  KeyIndex index_;
  Column values_;                      // empty, for its type
  std::vector<Column> parts_;          // together the value of each pair
  std::vector<std::uint32_t> groups_;  // the group of each pair
  std::vector<std::int64_t> count_;    // pairs of each group
};

}  // namespace

std::unique_ptr<Accumulator> make_accumulator(Aggregation function, ColumnType type, int ddof, double q) {
  const ColumnType result = aggregation_type(function, type);
  switch (function) {
    case Aggregation::count: return std::make_unique<CountAccumulator>(false);
    case Aggregation::size: return std::make_unique<CountAccumulator>(true);
    case Aggregation::sum:
    case Aggregation::mean: {
      const bool mean = function == Aggregation::mean;
      if (is_floating(type)) return std::make_unique<SumAccumulator<CompensatedSum>>(mean, result);
      if (mean) return std::make_unique<SumAccumulator<wide>>(mean, result);
      return std::make_unique<SumAccumulator<std::uint64_t>>(mean, result);
    }
    case Aggregation::std:
    case Aggregation::var: return std::make_unique<VarAccumulator>(function == Aggregation::std, ddof, result);
    case Aggregation::any:
    case Aggregation::all: return std::make_unique<TruthAccumulator>(function == Aggregation::any);
    case Aggregation::nunique: return std::make_unique<NuniqueAccumulator>(type);
    case Aggregation::prod:
      if (is_floating(type)) return std::make_unique<ProductAccumulator<double>>(result);
      return std::make_unique<ProductAccumulator<std::uint64_t>>(result);
    case Aggregation::median:
    case Aggregation::quantile: return make_quantile_accumulator(function == Aggregation::median ? 0.5 : q, type, result);
    default: break;
  }
  if (type == ColumnType::string) return std::make_unique<PickText>(function);
  return dispatch_fixed(type, [&]<class T>(std::type_identity<T>) -> std::unique_ptr<Accumulator> { return std::make_unique<PickAccumulator<T>>(function, type); });
}

}  // namespace ashlar::table
