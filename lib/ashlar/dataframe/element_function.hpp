#pragma once
// Functions of single elements, as they travel to the workers: what Series::map and DataFrame::apply are given.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/dataframe/table_function.hpp"

namespace ashlar::dataframe {

template <class F>
struct ElementSignature {
  static_assert(
      requires { &F::operator(); },
      "ashlar: map and apply want a function whose parameters have types that are written out: [](double x) { … }, not [](auto x) { … }");
};
template <class F>
requires requires { &F::operator(); }
struct ElementSignature<F> : ElementSignature<decltype(&F::operator())> {};
template <class C, class R, class... A>
struct ElementSignature<R (C::*)(A...) const> : ElementSignature<R (*)(A...)> {};
template <class C, class R, class... A>
struct ElementSignature<R (C::*)(A...)> : ElementSignature<R (*)(A...)> {};
template <class C, class R, class... A>
struct ElementSignature<R (C::*)(A...) const noexcept> : ElementSignature<R (*)(A...)> {};
template <class R, class... A>
struct ElementSignature<R (*)(A...)> {
  using result = std::remove_cvref_t<R>;
  using arguments = std::tuple<std::remove_cvref_t<A>...>;
  static constexpr std::size_t arity = sizeof...(A);
};

template <class T>
struct ElementType {
  static constexpr bool optional = false;
  using plain = T;
};
template <class T>
struct ElementType<std::optional<T>> {
  static constexpr bool optional = true;
  using plain = T;
};
template <class T>
constexpr auto element_type() {
  if constexpr (detail::text_like<T>)
    return std::type_identity<std::string>{};
  else if constexpr (std::is_same_v<T, bool> || !std::is_integral_v<T>)
    return std::type_identity<T>{};
  else if constexpr (std::is_signed_v<T> && sizeof(T) == 1)
    return std::type_identity<std::int8_t>{};
  else if constexpr (std::is_signed_v<T> && sizeof(T) == 2)
    return std::type_identity<std::int16_t>{};
  else if constexpr (std::is_signed_v<T> && sizeof(T) == 4)
    return std::type_identity<std::int32_t>{};
  else if constexpr (std::is_signed_v<T>)
    return std::type_identity<std::int64_t>{};
  else if constexpr (sizeof(T) == 1)
    return std::type_identity<std::uint8_t>{};
  else if constexpr (sizeof(T) == 2)
    return std::type_identity<std::uint16_t>{};
  else if constexpr (sizeof(T) == 4)
    return std::type_identity<std::uint32_t>{};
  else
    return std::type_identity<std::uint64_t>{};
}
/// The type a column holds for values of T: integers by their size, text as std::string.
template <class T>
using element_of = typename decltype(element_type<T>())::type;

/// The elements of one column as arguments of type A.
template <class A>
class ElementsOf {
 public:
  using T = element_of<typename ElementType<A>::plain>;
  explicit ElementsOf(const Column& column) : column_(column.cast(column_type_of<T>)) {}
  bool missing(std::int64_t i) const { return !ElementType<A>::optional && column_.is_null(i); }
  A get(std::int64_t i) const {
    if constexpr (ElementType<A>::optional)
      if (column_.is_null(i)) return std::nullopt;
    if constexpr (std::is_same_v<T, std::string>)
      return typename ElementType<A>::plain(column_.text(i));
    else
      return static_cast<typename ElementType<A>::plain>(static_cast<const T*>(column_.address())[i]);
  }

 private:
  Column column_;
};

/// The function over all rows: argument k is column k. Null where an argument is that the function does not take.
template <class F>
struct OfRows {
  using Signature = ElementSignature<F>;
  using Result = element_of<typename ElementType<typename Signature::result>::plain>;

  template <std::size_t... I>
  static Column run(F& fn, const Table& rows, std::index_sequence<I...>) {
    const std::tuple<ElementsOf<std::tuple_element_t<I, typename Signature::arguments>>...> arguments(
        ElementsOf<std::tuple_element_t<I, typename Signature::arguments>>(rows.at(static_cast<std::int64_t>(I)))...);
    std::vector<std::optional<Result>> out(static_cast<std::size_t>(rows.nrows()));
    for (std::int64_t i = 0; i < rows.nrows(); ++i) {
      if ((std::get<I>(arguments).missing(i) || ...)) continue;
      const auto result = fn(std::get<I>(arguments).get(i)...);
      if constexpr (ElementType<typename Signature::result>::optional) {
        if (result) out[static_cast<std::size_t>(i)] = Result(*result);
      } else {
        out[static_cast<std::size_t>(i)] = Result(result);
      }
    }
    return Column(out);
  }
  static Table call(std::span<const std::byte> closure, Table&& rows, Reader&) {
    Reader in(closure);
    detail::ReadClosure<F> fn(in);
    return Table({rows.columns().at(0)}, {run(fn.function(), rows, std::make_index_sequence<Signature::arity>())});
  }
  /// The types that the arguments are converted to.
  static std::vector<ColumnType> argument_types() {
    return []<class... A>(std::type_identity<std::tuple<A...>>) {
      return std::vector<ColumnType>{column_type_of<typename ElementsOf<A>::T>...};
    }(std::type_identity<typename Signature::arguments>{});
  }
  static constinit inline TableFunctionDescriptor record{type_name<OfRows>(), &OfRows::call};
};

}  // namespace ashlar::dataframe
