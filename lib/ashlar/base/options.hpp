#pragma once
// Spelling helpers of the public interface: what makes `x.sum({.axis = {0}})`, `{.on = {"a", "b"}}` and `{.timeout = 5s}` compile.
//
// Options structs: the first field is ASHLAR_OPTIONS (so that a positional `{0, 1}` does not fit), every optional field has `= …`,
// fields stand in the order of Dask's (else NumPy's, pandas') signature, the struct at namespace scope.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ashlar {
namespace detail {

struct named_only {
  explicit constexpr named_only() = default;
};
template <class T>
concept integer = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>;
template <class T>
concept text_like = std::convertible_to<T, std::string_view> && !std::same_as<std::remove_cvref_t<T>, std::nullptr_t>;

}  // namespace detail

#define ASHLAR_OPTIONS [[no_unique_address]] ::ashlar::detail::named_only only_named_ = ::ashlar::detail::named_only{}

/// A real number given as any arithmetic type, without a narrowing error: `{.loc = 0}`.
struct Real {
  double v;
  template <class A>
    requires std::is_arithmetic_v<A>
  constexpr Real(A a) : v(static_cast<double>(a)) {}
};

/// A duration: seconds as a number, a std::chrono duration, or text as Dask takes it ("5s", "10 ms"). Empty: no limit.
struct Seconds {
  std::optional<double> v;
  Seconds() = default;
  template <class A>
    requires std::is_arithmetic_v<A>
  Seconds(A a) : v(static_cast<double>(a)) {}
  template <class R, class P>
  Seconds(std::chrono::duration<R, P> d) : v(std::chrono::duration<double>(d).count()) {}
  template <detail::text_like S>
  Seconds(const S& text) : v(parse(std::string_view(text))) {}

  /// "5", "5s", "10 ms", "2 minutes"… in seconds. ValueError for anything else.
  static double parse(std::string_view text);
};

/// One name. Never std::string itself: its iterator-pair constructor would swallow {"a", "b"}.
struct Name {
  std::string v;
  template <detail::text_like S>
  Name(const S& s) : v(std::string_view(s)) {}
};
/// One or several names: "a", {"a", "b"}, a vector of strings.
struct Names {
  std::vector<std::string> v;
  Names() = default;
  Names(std::initializer_list<Name> l) {
    for (const auto& n : l) v.push_back(n.v);
  }
  template <detail::text_like S>
  Names(const S& s) : v{std::string(std::string_view(s))} {}
  Names(std::vector<std::string> s) : v(std::move(s)) {}
};
/// One or several booleans: `.ascending = false`, `.ascending = {true, false}`.
struct Flags {
  std::vector<bool> v;
  Flags() = default;
  template <std::same_as<bool> B>
  Flags(B b) : v{b} {}
  Flags(std::initializer_list<bool> l) : v(l) {}
  Flags(std::vector<bool> b) : v(std::move(b)) {}
};

/// Bytes as text: "64 MiB" -> 67108864, "1.5GB", "100". ValueError for anything else.
std::int64_t parse_bytes(std::string_view text);
/// Bytes for people, as Dask prints them: 6400000000 -> "5.96 GiB".
std::string format_bytes(std::int64_t nbytes);
/// Seconds for people: 0.0032 -> "3.20 ms".
std::string format_time(double seconds);

}  // namespace ashlar
