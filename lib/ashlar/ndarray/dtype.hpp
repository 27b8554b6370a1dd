#pragma once
// Element types of arrays and what NumPy 2 makes of two of them.

#include <complex>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace ashlar {

enum class DType : std::uint8_t {
  bool_, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, complex64, complex128
};
inline constexpr int dtype_count = 13;

/// Bytes of one element.
std::int64_t itemsize(DType type);
/// NumPy's name: "float64", "bool".
std::string_view dtype_name(DType type);
/// The inverse of `dtype_name`; TypeError names the types there are.
DType dtype_named(std::string_view name);

bool is_integer(DType type);   ///< signed or unsigned, not bool
bool is_signed(DType type);
bool is_floating(DType type);  ///< float32, float64
bool is_complex(DType type);

/// Result type of an operation on two arrays, as NumPy 2: int64 with float32 is float64, int32 with uint32 is int64, …
DType promote(DType a, DType b);
/// Result type of `/` and `mean`: integers and bool become float64, others stay.
DType true_divide_type(DType type);
/// Result type of `sum` and `prod`: bool and small integers become (u)int64, others stay.
DType sum_type(DType type);

namespace detail {
template <class T>
constexpr DType dtype_of_type() {
  if constexpr (std::is_same_v<T, bool>) return DType::bool_;
  else if constexpr (std::is_same_v<T, float>) return DType::float32;
  else if constexpr (std::is_same_v<T, double>) return DType::float64;
  else if constexpr (std::is_same_v<T, std::complex<float>>) return DType::complex64;
  else if constexpr (std::is_same_v<T, std::complex<double>>) return DType::complex128;
  else {
    static_assert(std::is_integral_v<T>, "ashlar: an array's element type must be bool, an integer, float, double, complex<float> or complex<double>");
    if constexpr (std::is_signed_v<T>) return sizeof(T) == 1 ? DType::int8 : sizeof(T) == 2 ? DType::int16 : sizeof(T) == 4 ? DType::int32 : DType::int64;
    else return sizeof(T) == 1 ? DType::uint8 : sizeof(T) == 2 ? DType::uint16 : sizeof(T) == 4 ? DType::uint32 : DType::uint64;
  }
}
}  // namespace detail

/// The DType of a C++ type: dtype_of<double> is DType::float64.
template <class T>
inline constexpr DType dtype_of = detail::dtype_of_type<T>();

/// Calls `f(std::type_identity<T>{})` with the C++ type of `type`.
template <class F>
decltype(auto) visit_dtype(DType type, F&& f) {
  switch (type) {
    case DType::bool_: return f(std::type_identity<bool>{});
    case DType::int8: return f(std::type_identity<std::int8_t>{});
    case DType::int16: return f(std::type_identity<std::int16_t>{});
    case DType::int32: return f(std::type_identity<std::int32_t>{});
    case DType::int64: return f(std::type_identity<std::int64_t>{});
    case DType::uint8: return f(std::type_identity<std::uint8_t>{});
    case DType::uint16: return f(std::type_identity<std::uint16_t>{});
    case DType::uint32: return f(std::type_identity<std::uint32_t>{});
    case DType::uint64: return f(std::type_identity<std::uint64_t>{});
    case DType::float32: return f(std::type_identity<float>{});
    case DType::float64: return f(std::type_identity<double>{});
    case DType::complex64: return f(std::type_identity<std::complex<float>>{});
    case DType::complex128: break;
  }
  return f(std::type_identity<std::complex<double>>{});
}

namespace detail {
template <class T>
inline constexpr bool is_complex_type = false;
template <class T>
inline constexpr bool is_complex_type<std::complex<T>> = true;

/// One element cast as NumPy casts, without undefined behaviour: complex to real drops the imaginary part, anything but zero is
/// true, integers wrap, a float outside its integer type becomes what x86 makes of it (the smallest number, then wrapped).
template <class To, class From>
inline To cast_element(From value) {
  if constexpr (std::is_same_v<To, From>) return value;
  else if constexpr (is_complex_type<To>) {
    using Part = typename To::value_type;
    if constexpr (is_complex_type<From>) return To(static_cast<Part>(value.real()), static_cast<Part>(value.imag()));
    else return To(static_cast<Part>(value), Part(0));
  } else if constexpr (std::is_same_v<To, bool>) return value != From(0);
  else if constexpr (is_complex_type<From>) return cast_element<To>(value.real());
  else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if constexpr (sizeof(To) < 4) return static_cast<To>(cast_element<std::int32_t>(value));
    else if constexpr (std::is_same_v<To, std::uint32_t>) return static_cast<To>(cast_element<std::int64_t>(value));
    else if constexpr (std::is_unsigned_v<To>) {  // 64 bits
      if (value >= From(9223372036854775808.0) && value < From(18446744073709551616.0)) return static_cast<To>(value);
      return static_cast<To>(cast_element<std::int64_t>(value));
    } else {
      constexpr To lowest = To(To(1) << (8 * sizeof(To) - 2)) * -2;
      // Compared in double: 2^31 - 1 is not a float.
      return static_cast<double>(value) > static_cast<double>(lowest) - (sizeof(To) == 4 ? 1 : 0) && static_cast<double>(value) < -static_cast<double>(lowest)
                 ? static_cast<To>(value)
                 : lowest;
    }
  } else return static_cast<To>(value);
}
}  // namespace detail

/// One element of any type, held by value: constants of programs, fill values.
struct ScalarValue {
  DType type = DType::float64;
  alignas(16) std::byte bytes[16] = {};

  template <class T>
  static ScalarValue of(T value) {
    ScalarValue s;
    s.type = dtype_of<T>;
    __builtin_memcpy(s.bytes, &value, sizeof value);
    return s;
  }
  /// The value when T is its type, else converted as `static_cast` does (complex to real drops the imaginary part).
  template <class T>
  T as() const;
  /// Converted to another element type.
  ScalarValue cast(DType to) const;
  /// As NumPy prints a scalar: "1.5", "True", "1e-05", "(1+2j)".
  std::string text() const;
};

}  // namespace ashlar
