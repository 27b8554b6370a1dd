#include "ashlar/ndarray/dtype.hpp"

#include <algorithm>
#include <array>

#include "ashlar/base/error.hpp"

namespace ashlar {
namespace {

constexpr std::array<std::string_view, dtype_count> kNames{"bool",   "int8",   "int16",   "int32",   "int64",     "uint8",     "uint16",
                                                           "uint32", "uint64", "float32", "float64", "complex64", "complex128"};
constexpr std::array<std::int64_t, dtype_count> kSizes{1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 8, 16};

DType signed_of(std::int64_t nbytes) {
  return nbytes == 1 ? DType::int8 : nbytes == 2 ? DType::int16 : nbytes == 4 ? DType::int32 : DType::int64;
}

DType promote_integers(DType a, DType b) {
  if (is_signed(a) == is_signed(b)) return itemsize(a) >= itemsize(b) ? a : b;
  const DType plus = is_signed(a) ? a : b, other = is_signed(a) ? b : a;
  if (itemsize(plus) > itemsize(other)) return plus;
  // No integer holds both int64 and uint64.
  return other == DType::uint64 ? DType::float64 : signed_of(2 * itemsize(other));
}

/// The smallest float that NumPy pairs with an integer type: 24 bits of fraction hold 16-bit integers exactly.
DType float_for(DType type) {
  if (is_floating(type)) return type;
  if (is_complex(type)) return type == DType::complex64 ? DType::float32 : DType::float64;
  return itemsize(type) <= 2 ? DType::float32 : DType::float64;
}

}  // namespace

std::int64_t itemsize(DType type) { return kSizes[static_cast<std::size_t>(type)]; }
std::string_view dtype_name(DType type) { return kNames[static_cast<std::size_t>(type)]; }

DType dtype_named(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found != kNames.end()) return static_cast<DType>(found - kNames.begin());
  std::string all;
  for (const auto& known : kNames) all.append(all.empty() ? "" : " ").append(known);
  throw TypeError("no such element type: \"" + std::string(name) + "\"; there are " + all);
}

bool is_integer(DType type) { return type >= DType::int8 && type <= DType::uint64; }
bool is_signed(DType type) { return type >= DType::int8 && type <= DType::int64; }
bool is_floating(DType type) { return type == DType::float32 || type == DType::float64; }
bool is_complex(DType type) { return type == DType::complex64 || type == DType::complex128; }

DType promote(DType a, DType b) {
  if (a == b || b == DType::bool_) return a;
  if (a == DType::bool_) return b;
  if (is_integer(a) && is_integer(b)) return promote_integers(a, b);
  const DType part = std::max(float_for(a), float_for(b));
  if (!is_complex(a) && !is_complex(b)) return part;
  return part == DType::float32 ? DType::complex64 : DType::complex128;
}

DType true_divide_type(DType type) { return is_integer(type) || type == DType::bool_ ? DType::float64 : type; }

DType sum_type(DType type) {
  if (type == DType::bool_ || is_signed(type)) return DType::int64;
  return is_integer(type) ? DType::uint64 : type;
}

template <class T>
T ScalarValue::as() const {
  return visit_dtype(type, [&]<class From>(std::type_identity<From>) {
    From value;
    __builtin_memcpy(&value, bytes, sizeof value);
    return detail::cast_element<T>(value);
  });
}

#define ASHLAR_AS(T) template T ScalarValue::as<T>() const;
ASHLAR_AS(bool)
ASHLAR_AS(std::int8_t)
ASHLAR_AS(std::int16_t)
ASHLAR_AS(std::int32_t)
ASHLAR_AS(std::int64_t)
ASHLAR_AS(std::uint8_t)
ASHLAR_AS(std::uint16_t)
ASHLAR_AS(std::uint32_t)
ASHLAR_AS(std::uint64_t)
ASHLAR_AS(float)
ASHLAR_AS(double)
ASHLAR_AS(std::complex<float>)
ASHLAR_AS(std::complex<double>)
// The integer types that no <cstdint> name stands for on this platform.
ASHLAR_AS(char)
ASHLAR_AS(long long)
ASHLAR_AS(unsigned long long)
#undef ASHLAR_AS

ScalarValue ScalarValue::cast(DType to) const {
  if (to == type) return *this;
  return visit_dtype(to, [&]<class To>(std::type_identity<To>) { return of<To>(as<To>()); });
}

}  // namespace ashlar
