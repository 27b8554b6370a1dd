#include "ashlar/table/aggregation.hpp"

#include <array>

namespace ashlar::table {
namespace {
constexpr std::array<std::string_view, 16> kAggregationNames = {"sum",  "mean",    "min", "max", "count",  "size", "std",     "var",
                                                                "first", "last", "nunique", "any", "all", "median", "prod", "quantile"};
}

std::string_view name(Aggregation function) { return kAggregationNames.at(static_cast<std::size_t>(function)); }

Aggregation aggregation_from_name(std::string_view text) {
  for (std::size_t i = 0; i < kAggregationNames.size(); ++i)
    if (kAggregationNames[i] == text) return static_cast<Aggregation>(i);
  std::string known;
  for (const auto& n : kAggregationNames) known += (known.empty() ? "" : ", ") + std::string(n);
  throw ValueError("not the name of an aggregation: \"" + std::string(text) + "\"; there are " + known);
}

ColumnType aggregation_type(Aggregation function, ColumnType type) {
  if (type == ColumnType::category) type = ColumnType::string;
  const bool number = is_numeric(type);
  switch (function) {
    case Aggregation::count:
    case Aggregation::size:
    case Aggregation::nunique: return ColumnType::int64;
    case Aggregation::min:
    case Aggregation::max:
    case Aggregation::first:
    case Aggregation::last: return type;
    case Aggregation::any:
    case Aggregation::all:
      if (number) return ColumnType::boolean;
      break;
    case Aggregation::sum:
      if (is_floating(type) || type == ColumnType::duration) return type;
      if (is_unsigned_integer(type)) return ColumnType::uint64;
      if (number) return ColumnType::int64;
      break;
    case Aggregation::prod:
      if (is_floating(type)) return type;
      if (is_unsigned_integer(type)) return ColumnType::uint64;
      if (number) return ColumnType::int64;
      break;
    case Aggregation::mean:
    case Aggregation::median:
    case Aggregation::quantile:
      if (is_temporal(type)) return type;
      [[fallthrough]];
    case Aggregation::std:
    case Aggregation::var:
      if (number) return type == ColumnType::float32 ? ColumnType::float32 : ColumnType::float64;
      break;
  }
  throw TypeError("there is no " + std::string(name(function)) + " of a " + std::string(ashlar::name(type)) + " column");
}

Column aggregated_as(Aggregation function, const Column& column) {
  const bool counted = function == Aggregation::count || function == Aggregation::size || function == Aggregation::nunique;
  return column.type() == ColumnType::category && !counted ? column.cast(ColumnType::string) : column;
}

Reduction Reduction::build(Aggregation function, const Column& of, int ddof, double q) {
  const Column column = aggregated_as(function, of);
  Reduction out;
  out.function_ = function;
  out.type_ = column.type();
  out.ddof_ = ddof;
  out.q_ = q;
  out.state_ = make_accumulator(function, column.type(), ddof, q);
  out.state_->resize(1);
  out.state_->update(column, nullptr);
  return out;
}

void Reduction::merge(const Reduction& later) {
  if (function_ != later.function_ || type_ != later.type_ || ddof_ != later.ddof_ || q_ != later.q_)
    throw TypeError("reductions of different kinds do not merge: " + std::string(name(function_)) + " of " + std::string(ashlar::name(type_)) + " and " +
                    std::string(name(later.function_)) + " of " + std::string(ashlar::name(later.type_)));
  const std::uint32_t mapping[] = {0};
  if (state_.use_count() > 1) {  // a copy of this one keeps what it had
    auto own = make_accumulator(function_, type_, ddof_, q_);
    own->resize(1);
    own->merge(*state_, mapping);
    state_ = std::move(own);
  }
  state_->merge(*later.state_, mapping);
}

Value Reduction::finish() const { return state_->finish().value(0); }

void Reduction::encode(Writer& out) const {
  out.put(function_);
  out.put(type_);
  out.put(ddof_);
  out.put(q_);
  state_->encode(out);
}

Reduction Reduction::decode(Reader& in) {
  Reduction out;
  out.function_ = in.get<Aggregation>();
  out.type_ = in.get<ColumnType>();
  out.ddof_ = in.get<int>();
  out.q_ = in.get<double>();
  out.state_ = make_accumulator(out.function_, out.type_, out.ddof_, out.q_);
  out.state_->decode(in);
  return out;
}

}  // namespace ashlar::table
