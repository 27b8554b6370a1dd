#pragma once
// One dynamic value: what a reduction of a column gives, what a column is compared with. May be null (missing).

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ashlar/base/bytes.hpp"
#include "ashlar/table/column_type.hpp"

namespace ashlar {

/// Null, or one bool, int64, uint64, double, string, timestamp or duration.
///
/// Example   df["x"].min().compute().as<double>()
class Value {
 public:
  // Not inline: g++ 12 takes the inlined copy of a variant with a string in it for a read of uninitialised memory.
  Value();
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  Value(std::nullopt_t) {}
  template <std::same_as<bool> B>
  Value(B b) : v_(b) {}
  template <detail::integer I>
  Value(I i) {
    // uint64 only where int64 cannot hold it: 5 and 5u are the same value.
    if (std::in_range<std::int64_t>(i))
      v_ = static_cast<std::int64_t>(i);
    else
      v_ = static_cast<std::uint64_t>(i);
  }
  template <std::floating_point F>
  Value(F f) : v_(static_cast<double>(f)) {}
  template <detail::text_like S>
  Value(const S& text) : v_(std::string(std::string_view(text))) {}
  template <class D>
  Value(std::chrono::sys_time<D> when) : v_(std::chrono::time_point_cast<std::chrono::nanoseconds>(when)) {}
  template <class R, class P>
  Value(std::chrono::duration<R, P> length) : v_(std::chrono::duration_cast<duration>(length)) {}
  template <class T>
  Value(const std::optional<T>& value) {
    if (value) *this = Value(*value);
  }

  bool is_null() const { return v_.index() == 0; }

  /// The value as T: bool, an integer or floating type, std::string, timestamp, a std::chrono duration.
  /// Numbers convert where the result is exact, and always to float and double; bool converts to 0 and 1.
  /// Errors    ValueError when null or when an integer cannot hold it; TypeError when it is of another kind.
  template <class T>
  T as() const {
    if constexpr (std::same_as<T, bool>)
      return as_bool();
    else if constexpr (std::floating_point<T>)
      return static_cast<T>(as_double());
    else if constexpr (detail::integer<T> && std::is_signed_v<T>) {
      const std::int64_t i = as_int64();
      if (!std::in_range<T>(i)) out_of_range(detail::column_type<T>());
      return static_cast<T>(i);
    } else if constexpr (detail::integer<T>) {
      const std::uint64_t i = as_uint64();
      if (!std::in_range<T>(i)) out_of_range(detail::column_type<T>());
      return static_cast<T>(i);
    } else if constexpr (std::same_as<T, std::string>)
      return as_string();
    else if constexpr (std::same_as<T, timestamp>)
      return as_timestamp();
    else
      return std::chrono::duration_cast<T>(as_duration());
  }
  /// As `as`, empty when null.
  template <class T>
  std::optional<T> as_optional() const {
    if (is_null()) return std::nullopt;
    return as<T>();
  }

  /// The kind, in the words of columns: bool, int64, uint64, float64, string, timestamp, duration. ValueError when null.
  ColumnType type() const;
  /// "null" or the name of `type()`: for messages.
  std::string_view type_name() const;
  /// As Python prints it: True, 5, 2.5, text, 2020-05-12 00:00:00, <NA>.
  std::string to_string() const;

  const std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, timestamp, duration>& variant() const { return v_; }

  /// Numbers are compared by value (5 == 5.0), null equals null, NaN equals nothing, different kinds are different.
  friend bool operator==(const Value& a, const Value& b) { return equal(a, b); }
  friend std::ostream& operator<<(std::ostream& out, const Value& value) { return out << value.to_string(); }

  void encode(Writer& out) const;
  static Value decode(Reader& in);

 private:
  bool as_bool() const;
  double as_double() const;
  std::int64_t as_int64() const;
  std::uint64_t as_uint64() const;
  std::string as_string() const;
  timestamp as_timestamp() const;
  duration as_duration() const;
  [[noreturn]] void out_of_range(ColumnType wanted) const;
  [[noreturn]] void wrong_kind(std::string_view wanted) const;
  static bool equal(const Value& a, const Value& b);

  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, timestamp, duration> v_;
};

/// Several values: {1, 2, 3}, {"a", "b"}, a vector of what a Value is made from.
struct Values {
  std::vector<Value> v;
  Values() = default;
  Values(std::initializer_list<Value> l) : v(l) {}
  template <class T>
  Values(const std::vector<T>& values) {
    v.reserve(values.size());
    for (const auto& each : values) v.emplace_back(static_cast<const T&>(each));
  }
};

/// The shortest text that reads back as the same double, as Python's repr: "2.5", "1e+16", "nan".
std::string format_double(double value);

}  // namespace ashlar
