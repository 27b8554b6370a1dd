// Arithmetic, rounding and bit operations of real types.
#include "ashlar/ndarray/kernels_targets_detail.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ashlar/ndarray/kernels_arithmetic.cpp"
#include "hwy/foreach_target.h"
//
#include <bit>

#include "hwy/highway.h"
//
#include "ashlar/ndarray/kernels_loops-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ashlar::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
Elementwise arithmetic_of(Op op) {
  switch (op) {
#define ASHLAR_ONE(name) case Op::name: return loop1<element::name, T>();
#define ASHLAR_TWO(name) case Op::name: return loop2<element::name, T>();
    ASHLAR_ONE(negative) ASHLAR_ONE(positive) ASHLAR_ONE(absolute) ASHLAR_ONE(sign) ASHLAR_ONE(square) ASHLAR_ONE(invert)
    ASHLAR_ONE(conjugate) ASHLAR_ONE(floor) ASHLAR_ONE(ceil) ASHLAR_ONE(trunc) ASHLAR_ONE(rint) ASHLAR_ONE(sqrt) ASHLAR_ONE(deg2rad)
    ASHLAR_ONE(rad2deg) ASHLAR_ONE(reciprocal)
    ASHLAR_TWO(add) ASHLAR_TWO(subtract) ASHLAR_TWO(multiply) ASHLAR_TWO(divide) ASHLAR_TWO(maximum) ASHLAR_TWO(minimum)
    ASHLAR_TWO(fmax) ASHLAR_TWO(fmin) ASHLAR_TWO(bitwise_and) ASHLAR_TWO(bitwise_or) ASHLAR_TWO(bitwise_xor) ASHLAR_TWO(left_shift)
    ASHLAR_TWO(right_shift) ASHLAR_TWO(copysign)
#undef ASHLAR_ONE
#undef ASHLAR_TWO
    default: return nullptr;
  }
}

/// Bools are bytes that are 0 or 1: as such the loops are those of small integers, where each `bool` would be compared with zero once more.
struct flip {
  template <class T>
  static constexpr bool defined = true;
  template <class T>
  ASHLAR_ELEMENT T of(T a) { return static_cast<T>(a ^ 1); }
};
Elementwise arithmetic_of_bool(Op op) {
  switch (op) {
    case Op::invert: return loop1<flip, std::uint8_t>();
    case Op::add:
    case Op::maximum:
    case Op::fmax: return loop2<element::bitwise_or, std::uint8_t>();
    case Op::multiply:
    case Op::minimum:
    case Op::fmin: return loop2<element::bitwise_and, std::uint8_t>();
    case Op::absolute:
    case Op::floor:
    case Op::ceil:
    case Op::trunc:
    case Op::bitwise_and:
    case Op::bitwise_or:
    case Op::bitwise_xor: return arithmetic_of<std::uint8_t>(op);
    default: return nullptr;
  }
}

// Division of integers of at most 32 bits, rounded down, by way of float64. The quotient of two such numbers is at least 2^-32 away from the next
// whole number above or is one itself, and float64 errs by less. By one divisor b it is the product with 1/b: half a step further from zero
// in b's direction, no dividend is nearer to a whole number than half of 1/b.
template <class T>
HWY_INLINE double as_double(T a) {
  // Vectors have no conversion of unsigned numbers before AVX-512.
  if constexpr (std::is_same_v<T, std::uint32_t>) return static_cast<double>(static_cast<std::int32_t>(a ^ 0x80000000u)) + 2147483648.0;
  else return static_cast<double>(static_cast<std::int32_t>(a));
}
template <class T>
HWY_INLINE T from_double(double whole) {
  if constexpr (std::is_same_v<T, std::uint32_t>) return static_cast<std::uint32_t>(static_cast<std::int32_t>(whole - 2147483648.0)) ^ 0x80000000u;
  // The smallest number by -1 wraps.
  else return static_cast<T>(static_cast<std::int32_t>(whole > 2147483647.0 ? -2147483648.0 : whole));
}

/// floor(x / b) for one b >= 2 by products of 32 bits: ceil(2^(31 + l) / b) with 2^(l - 1) < b <= 2^l has 32 bits, and its error times a number below 2^31 is
/// less than 2^(31 + l). Negative numbers are mirrored: floor(x / b) = -1 - floor((-1 - x) / b).
inline void divide_by_one(index_t n, std::int32_t* r, const std::int32_t* x, std::int32_t divisor) {
  const int l = std::bit_width(static_cast<std::uint32_t>(divisor - 1));
  const auto by = static_cast<std::uint64_t>(divisor);
  const auto factor = static_cast<std::uint32_t>(((std::uint64_t{1} << (31 + l)) + by - 1) / by);
  index_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<std::int32_t> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::Repartition<std::uint64_t, decltype(d)> dw;
  const auto factors = hn::Set(du, factor);
  const auto lanes = static_cast<index_t>(hn::Lanes(d));
  for (; i + lanes <= n; i += lanes) {
    const auto value = hn::LoadU(d, x + i), sign = hn::BroadcastSignBit(value);
    const auto size = hn::BitCast(du, hn::Xor(value, sign));
    const auto even = hn::ShiftRightSame(hn::MulEven(size, factors), 31 + l);
    const auto odd = hn::ShiftRightSame(hn::MulEven(hn::BitCast(du, hn::ShiftRight<32>(hn::BitCast(dw, size))), factors), 31 + l);
    const auto both = hn::Or(even, hn::ShiftLeft<32>(odd));
    hn::StoreU(hn::Xor(hn::BitCast(d, both), sign), d, r + i);
  }
#endif
  for (; i < n; ++i) {
    const std::int32_t sign = x[i] >> 31;
    r[i] = static_cast<std::int32_t>(static_cast<std::uint64_t>(static_cast<std::uint32_t>(x[i] ^ sign)) * factor >> (31 + l)) ^ sign;
  }
}

template <class T, bool rest>
void divide_down(index_t n, void* out, const void* a, const void* b, const void*) {
  const T *x = static_cast<const T*>(a), *y = static_cast<const T*>(b);
  T* r = static_cast<T*>(out);
  if (n == 0) return;
  const T divisor = y[0];
  T differs = 0;  // a loop that compilers vectorise
  for (index_t i = 0; i < n; ++i) differs |= y[i] ^ divisor;
  const bool one = differs == 0;
  const auto result = [](T dividend, T divisor, T quotient) HWY_ATTR {
    if constexpr (rest) return element::subtract::of<T>(dividend, element::multiply::of<T>(quotient, divisor));
    else return quotient;
  };
  if constexpr (std::is_same_v<T, std::int32_t> && !rest)
    if (one && divisor >= 2) return divide_by_one(n, r, x, divisor);
  if (one && divisor != 0) {
    const double inverse = 1 / as_double(divisor), half = divisor > 0 ? 0.5 : -0.5;
#pragma GCC ivdep
    for (index_t i = 0; i < n; ++i) r[i] = result(x[i], divisor, from_double<T>(std::floor((as_double(x[i]) + half) * inverse)));
    return;
  }
#pragma GCC ivdep
  for (index_t i = 0; i < n; ++i) {
    const T by = y[i];
    const double quotient = std::floor(as_double(x[i]) / as_double(by));
    const T value = result(x[i], by, from_double<T>(by == 0 ? 0.0 : quotient));
    r[i] = by == 0 ? T(0) : value;  // as NumPy
  }
}

template <class T>
constexpr bool divides_by_doubles = std::is_same_v<T, std::int32_t> || std::is_same_v<T, std::uint32_t>;

Elementwise arithmetic(Op op, DType type) {
  return visit_dtype(type, [op]<class T>(std::type_identity<T>) -> Elementwise {
    if constexpr (is_cplx<T>) return nullptr;
    else if constexpr (is_bool<T>) return arithmetic_of_bool(op);
    else {
      if constexpr (divides_by_doubles<T>) {
        if (op == Op::floor_divide) return &divide_down<T, false>;
        if (op == Op::remainder) return &divide_down<T, true>;
      }
      return arithmetic_of<T>(op);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace ashlar::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ashlar::kernels {
HWY_EXPORT(arithmetic);
Elementwise simd_arithmetic(Op op, DType compute) { return HWY_DYNAMIC_DISPATCH(arithmetic)(op, compute); }
}  // namespace ashlar::kernels
#endif
