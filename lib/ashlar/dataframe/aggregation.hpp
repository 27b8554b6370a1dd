#pragma once
// Aggregations of groups made of users' functions: pandas and Dask's Aggregation with typed elements.

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/base/codec.hpp"
#include "ashlar/dataframe/element_function.hpp"

namespace ashlar {

/// What a group's values come to, from three functions: `chunk` makes a state of one value, `agg` one state of two (the second of later rows), `finalize`
/// the result of the state of the whole group. Values are combined in their order within a partition, then the partitions in theirs; `agg` must not care
/// how they are bracketed. Missing values are passed over (unless chunk takes a std::optional); a group without values gives null.
/// A state is anything that goes over the wire: numbers, text, std::pair, std::vector, …
///
/// Example   al::Aggregation range("range", [](double x) { return std::pair(x, x); },
///                              [](std::pair<double, double> a, std::pair<double, double> b) {
///                                return std::pair(std::min(a.first, b.first), std::max(a.second, b.second)); },
///                              [](std::pair<double, double> s) { return s.second - s.first; });
///           df.groupby({"country"}).agg("elevation", range)      // columns "country", "elevation_range"
template <class Chunk, class Agg, class Finalize>
class Aggregation {
 public:
  using Signature = dataframe::ElementSignature<Chunk>;
  static_assert(Signature::arity == 1, "ashlar: chunk of an Aggregation wants a function of one element");
  using Argument = std::tuple_element_t<0, typename Signature::arguments>;
  using State = typename Signature::result;
  static_assert(std::is_invocable_r_v<State, Agg&, State, State>, "ashlar: agg of an Aggregation wants a function of two states that gives one");
  static_assert(std::is_invocable_v<Finalize&, State>, "ashlar: finalize of an Aggregation wants a function of one state");
  using Final = std::remove_cvref_t<std::invoke_result_t<Finalize&, State>>;
  using Result = dataframe::element_of<typename dataframe::ElementType<Final>::plain>;

  Aggregation(std::string name, Chunk chunk, Agg agg, Finalize finalize)
      : name(std::move(name)), chunk(std::move(chunk)), agg(std::move(agg)), finalize(std::move(finalize)) {}

  std::string name;
  Chunk chunk;
  Agg agg;
  Finalize finalize;
};

namespace dataframe {

/// The groups of a table whose last column holds what is aggregated: how the functions of an Aggregation see a partition.
class AggregatedGroups {
 public:
  /// `options`: what `write_options` wrote.
  AggregatedGroups(Reader& options, Table rows);
  static void write_options(Writer& out, bool dropna);
  const std::vector<std::vector<std::int64_t>>& groups() const { return groups_; }
  const Column& values() const;
  /// One row for each group: its keys and this element.
  Table with(Column of_groups) const;

 private:
  Table rows_;
  std::vector<std::vector<std::int64_t>> groups_;
};

/// First half: rows to keys and states as bytes.
template <class Chunk, class Agg>
struct OfValues {
  using State = typename ElementSignature<Chunk>::result;
  static Table call(std::span<const std::byte> closure, Table&& rows, Reader&) {
    Reader in(closure);
    const AggregatedGroups all(in, std::move(rows));
    detail::ReadClosure<Chunk> chunk(in);
    detail::ReadClosure<Agg> agg(in);
    const ElementsOf<std::tuple_element_t<0, typename ElementSignature<Chunk>::arguments>> values(all.values());
    std::vector<std::optional<std::string>> states;
    for (const auto& group : all.groups()) {
      std::optional<State> state;
      for (const std::int64_t row : group) {
        if (values.missing(row)) continue;
        State one = chunk.function()(values.get(row));
        state = state ? State(agg.function()(std::move(*state), std::move(one))) : std::move(one);
      }
      states.push_back(state ? std::optional(bytes_of(*state)) : std::nullopt);
    }
    return all.with(Column(states));
  }
  static std::string bytes_of(const State& state) {
    Writer out;
    detail::encode_value<State>(out, state);
    const Bytes bytes = out.head();
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  static constinit inline TableFunctionDescriptor record{type_name<OfValues>(), &OfValues::call};
};

/// Second half: keys and states of all partitions to keys and results.
template <class State, class Agg, class Finalize, class Result>
struct OfStates {
  static Table call(std::span<const std::byte> closure, Table&& rows, Reader&) {
    Reader in(closure);
    const AggregatedGroups all(in, std::move(rows));
    detail::ReadClosure<Agg> agg(in);
    detail::ReadClosure<Finalize> finalize(in);
    std::vector<std::optional<Result>> results;
    for (const auto& group : all.groups()) {
      std::optional<State> state;
      for (const std::int64_t row : group) {
        if (all.values().is_null(row)) continue;
        const std::string_view bytes = all.values().text(row);
        Reader of_state(std::span(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()));
        State one = detail::decode_value<State>(of_state);
        state = state ? State(agg.function()(std::move(*state), std::move(one))) : std::move(one);
      }
      results.push_back(state ? std::optional<Result>(finalize.function()(std::move(*state))) : std::nullopt);
    }
    return all.with(Column(results));
  }
  static constinit inline TableFunctionDescriptor record{type_name<OfStates>(), &OfStates::call};
};

}  // namespace dataframe
}  // namespace ashlar
