#include "ashlar/dataframe/resample.hpp"

#include <algorithm>

#include "ashlar/dataframe/dataframe.hpp"

namespace ashlar {

namespace {

table::TimeBins bins_of(const DataFrame& frame, const std::string& key, const std::string& rule) {
  const Series times = frame.column(Name(key));
  const ColumnType type = frame.node()->table()[key].type();
  if (type != ColumnType::timestamp) throw TypeError("resample wants a column of timestamps, found " + std::string(name(type)) + " (\"" + key + "\")");
  table::TimeBins bins(rule);
  if (bins.fixed()) return bins;
  const Value first = times.min().compute();
  if (!first.is_null()) bins.start_at(first.as<timestamp>());
  return bins;
}

// The frame with the label of its bin in the place of each time.
DataFrame labelled(const DataFrame& frame, const std::string& key, const table::TimeBins& bins) {
  return frame.assign(Name(key), frame.column(Name(key)).map([bins](timestamp t) { return bins.label(t); }));
}

// What a function gives where there are no values; null: nothing.
Value of_nothing(std::string_view function) {
  if (function == "prod") return Value(std::int64_t{1});
  const bool zero = function == "sum" || function == "count" || function == "size" || function == "nunique";
  return zero ? Value(std::int64_t{0}) : Value();
}

}  // namespace

Resampler::Resampler(const DataFrame& frame, const std::string& key, const std::string& rule)
    : key_(key), bins_(bins_of(frame, key, rule)), groups_(labelled(frame, key, bins_).groupby({key})) {}

Resampler Resampler::operator[](const Names& columns) const {
  if (std::find(columns.v.begin(), columns.v.end(), key_) != columns.v.end())
    throw ValueError("resample calls its bins \"" + key_ + "\": that column cannot be aggregated too; assign it under another name before");
  Resampler out = *this;
  out.groups_ = groups_[columns];
  return out;
}

// `instead`: of each column behind the labels, what stands in bins without rows; one for all of them, or one each.
DataFrame Resampler::filled(const DataFrame& groups, const Values& instead) const {
  DataFrame out = groups.map_partitions([bins = bins_](Table t) { return table::with_all_bins(bins, t); });
  for (std::size_t k = 1; k < out.columns().size(); ++k) {
    const Value& value = instead.v.size() == 1 ? instead.v[0] : instead.v.at(k - 1);
    if (value.is_null()) continue;
    const Name name(out.columns()[k]);
    const bool spans = out.dtypes()[k] == ColumnType::duration;
    out = out.assign(name, out.column(name).fillna(spans ? Value(duration(0)) : value));
  }
  return DataFrame(dataframe::with_index(out.node(), key_, {}));
}

DataFrame Resampler::agg(std::initializer_list<Agg> aggregations) const {
  Values instead;
  for (const Agg& a : aggregations) {
    if (a.column.v == key_) (*this)[Names{a.column}];
    for (const std::string& function : a.functions.v) instead.v.push_back(of_nothing(function));
  }
  return filled(groups_.agg(aggregations), instead);
}
DataFrame Resampler::agg(const Names& functions) const {
  const DataFrame groups = groups_.agg(functions);
  // Of several functions the column's name ends with that of its function: "x_sum".
  Values instead;
  for (std::size_t k = 1; k < groups.columns().size(); ++k) {
    const std::string& column = groups.columns()[k];
    Value value = of_nothing(functions.v.size() == 1 ? functions.v[0] : column == "size" ? column : column.substr(column.rfind('_') + 1));
    instead.v.push_back(std::move(value));
  }
  return filled(groups, instead);
}
DataFrame Resampler::sum() const { return filled(groups_.sum(), {of_nothing("sum")}); }
DataFrame Resampler::mean() const { return filled(groups_.mean(), {Value()}); }
DataFrame Resampler::min() const { return filled(groups_.min(), {Value()}); }
DataFrame Resampler::max() const { return filled(groups_.max(), {Value()}); }
DataFrame Resampler::count() const { return filled(groups_.count(), {of_nothing("count")}); }
DataFrame Resampler::std(const DdofOptions& o) const { return filled(groups_.std(o), {Value()}); }
DataFrame Resampler::var(const DdofOptions& o) const { return filled(groups_.var(o), {Value()}); }
DataFrame Resampler::first() const { return filled(groups_.first(), {Value()}); }
DataFrame Resampler::last() const { return filled(groups_.last(), {Value()}); }
DataFrame Resampler::nunique() const { return filled(groups_.nunique(), {of_nothing("nunique")}); }
DataFrame Resampler::prod() const { return filled(groups_.prod(), {of_nothing("prod")}); }
DataFrame Resampler::median() const { return filled(groups_.median(), {Value()}); }
DataFrame Resampler::quantile(const QuantileOptions& o) const { return filled(groups_.quantile(o), {Value()}); }
DataFrame Resampler::size() const { return filled(groups_.size(), {of_nothing("size")}); }

namespace {
// The column behind the labels.
Series only_column(const DataFrame& frame) { return frame.column(Name(frame.columns().at(1))); }
}  // namespace

Series SeriesResampler::sum() const { return only_column(of_frame_.sum()); }
Series SeriesResampler::mean() const { return only_column(of_frame_.mean()); }
Series SeriesResampler::min() const { return only_column(of_frame_.min()); }
Series SeriesResampler::max() const { return only_column(of_frame_.max()); }
Series SeriesResampler::count() const { return only_column(of_frame_.count()); }
Series SeriesResampler::std(const DdofOptions& o) const { return only_column(of_frame_.std(o)); }
Series SeriesResampler::var(const DdofOptions& o) const { return only_column(of_frame_.var(o)); }
Series SeriesResampler::first() const { return only_column(of_frame_.first()); }
Series SeriesResampler::last() const { return only_column(of_frame_.last()); }
Series SeriesResampler::nunique() const { return only_column(of_frame_.nunique()); }
Series SeriesResampler::prod() const { return only_column(of_frame_.prod()); }
Series SeriesResampler::median() const { return only_column(of_frame_.median()); }
Series SeriesResampler::quantile(const QuantileOptions& o) const { return only_column(of_frame_.quantile(o)); }
Series SeriesResampler::size() const { return only_column(of_frame_.size()); }

Resampler DataFrame::resample(const std::string& rule, const ResampleOptions& options) const {
  if (!options.on.empty()) return Resampler(*this, options.on, rule);
  if (!node_->index) throw ValueError("resample wants an index of times or .on, the frame has no index: set_index(\"column\") makes one");
  return Resampler(*this, node_->index->column, rule);
}

SeriesResampler Series::resample(const std::string& rule) const {
  if (!node_->index) throw ValueError("resample of a column wants one of a frame with an index of times: set_index(\"column\") makes one");
  const std::string key = node_->index->column, value = name().empty() ? "0" : name();
  if (value == key) throw ValueError("resample calls its bins \"" + key + "\": that column cannot be aggregated too");
  const DataFrame frame = Series(node_->index->values ? node_->index->values : node_).to_frame(Name(key)).assign(Name(value), *this);
  return SeriesResampler(Resampler(frame, key, rule)[Names{value}]);
}

}  // namespace ashlar
