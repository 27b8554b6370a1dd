// Functions of the element's number: arange and random.
//
// Random numbers are Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) of the counter k / 2 under
// the key `seed`; the block's first half serves even k, its second odd k. Logarithm, sine and cosine are written out here in plain
// multiplications and additions, so that every instruction set gives the same bits.
#include "ashlar/ndarray/kernels_targets_detail.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ashlar/ndarray/kernels_sources.cpp"
#include "hwy/foreach_target.h"
//
#include <algorithm>
#include <cstring>

#include "hwy/highway.h"
//
#include "ashlar/ndarray/kernels_loops-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ashlar::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using U64 = hn::ScalableTag<std::uint64_t>;
using F64 = hn::ScalableTag<double>;
using VU = hn::Vec<U64>;
using VF = hn::Vec<F64>;

template <class T>
void arange_of(double start, double step, index_t k, index_t stride, index_t n, void* out) {
  T* r = static_cast<T*>(out);
  constexpr index_t exact = index_t(1) << 53;
  index_t last;
  if (__builtin_mul_overflow(stride, n, &last) || __builtin_add_overflow(last, k, &last)) last = exact;
  if (std::max(k < 0 ? -k : k, last < 0 ? -last : last) < exact && n < (index_t(1) << 31)) {
    // Whole numbers below 2^53: adding them as doubles is exact.
    const double first = static_cast<double>(k), stride_real = static_cast<double>(stride);
    const std::int32_t count = static_cast<std::int32_t>(n);
#pragma GCC ivdep
    for (std::int32_t i = 0; i < count; ++i) r[i] = static_cast<T>(start + step * (first + stride_real * static_cast<double>(i)));
  } else {
    for (index_t i = 0; i < n; ++i) r[i] = static_cast<T>(start + step * static_cast<double>(k + i * stride));
  }
}
template <class T>
void arange_of(std::uint64_t start, std::uint64_t step, index_t k, index_t stride, index_t n, void* out) {
  T* r = static_cast<T*>(out);
  std::uint64_t value = start + step * static_cast<std::uint64_t>(k);
  const std::uint64_t increment = step * static_cast<std::uint64_t>(stride);
#pragma GCC ivdep
  for (index_t i = 0; i < n; ++i) r[i] = static_cast<T>(value + increment * static_cast<std::uint64_t>(i));
}

void arange_dispatched(DType type, const ScalarValue& start, const ScalarValue& step, index_t k, index_t stride, index_t n, void* out) {
  visit_dtype(type, [&]<class T>(std::type_identity<T>) {
    if constexpr (is_cplx<T>) {
      using Part = typename T::value_type;
      const std::complex<double> a = start.as<std::complex<double>>(), b = step.as<std::complex<double>>();
      for (index_t i = 0; i < n; ++i) {
        const double number = static_cast<double>(k + i * stride);
        static_cast<T*>(out)[i] = T(static_cast<Part>(a.real() + b.real() * number), static_cast<Part>(a.imag() + b.imag() * number));
      }
    } else if constexpr (is_float<T>) {
      arange_of<T>(start.as<double>(), step.as<double>(), k, stride, n, out);
    } else {
      arange_of<T>(static_cast<std::uint64_t>(start.as<std::int64_t>()), static_cast<std::uint64_t>(step.as<std::int64_t>()), k, stride, n, out);
    }
  });
}

struct Words {
  VU even, odd;
};

HWY_INLINE VU multiply_low_words(VU a, VU b) {
#if HWY_TARGET == HWY_SCALAR
  const VU low = hn::Set(U64(), 0xFFFFFFFFu);
  return hn::Mul(hn::And(a, low), hn::And(b, low));
#else
  const hn::Repartition<std::uint32_t, U64> d32;
  return hn::MulEven(hn::BitCast(d32, a), hn::BitCast(d32, b));
#endif
}

/// Two words a round, made once: setting a vector from memory is free, from a register it is not.
struct RoundKeys {
  std::uint64_t words[20];
  explicit RoundKeys(std::uint64_t seed) {
    auto k0 = static_cast<std::uint32_t>(seed), k1 = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round) {
      words[2 * round] = k0;
      words[2 * round + 1] = k1;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
  }
};

/// Words live in the lower half of each lane; upper halves hold garbage that no step looks at.
HWY_INLINE Words philox(VU counter, const RoundKeys& keys) {
  const U64 d;
  const VU m0 = hn::Set(d, 0xD2511F53u), m1 = hn::Set(d, 0xCD9E8D57u);
  VU c0 = counter, c1 = hn::ShiftRight<32>(counter), c2 = hn::Zero(d), c3 = hn::Zero(d);
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    const VU p0 = multiply_low_words(m0, c0), p1 = multiply_low_words(m1, c2);
    c0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p1), c1), hn::Set(d, keys.words[2 * round]));
    c1 = p1;
    c2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), c3), hn::Set(d, keys.words[2 * round + 1]));
    c3 = p0;
  }
  const VU low = hn::Set(d, 0xFFFFFFFFu);
  return {hn::Or(hn::And(c0, low), hn::ShiftLeft<32>(c1)), hn::Or(hn::And(c2, low), hn::ShiftLeft<32>(c3))};
}

HWY_INLINE VF real(VU bits) { return hn::BitCast(F64(), bits); }
HWY_INLINE VF constant(double value) { return hn::Set(F64(), value); }

/// A whole number below 2^53 as a double: both halves are placed in the mantissas of powers of two.
HWY_INLINE VF whole(VU n) {
  const U64 d;
  const VF low = real(hn::Or(hn::And(n, hn::Set(d, 0xFFFFFFFFu)), hn::Set(d, 0x4330000000000000u)));   // 2^52 + low
  const VF high = real(hn::Or(hn::ShiftRight<32>(n), hn::Set(d, 0x4530000000000000u)));                 // 2^84 + high * 2^32
  return hn::Add(hn::Sub(high, constant(0x1.00000001p84)), low);
}

/// Logarithm of (0, 1], normal numbers. log(2^e m) = e log 2 + 2 artanh((m - 1) / (m + 1)), m in [sqrt(1/2), sqrt 2).
HWY_INLINE VF logarithm(VF u) {
  const U64 d;
  const VU bits = hn::BitCast(d, u);
  // Subtracting sqrt(1/2) moves the exponent's step there.
  const VU shifted = hn::Sub(bits, hn::Set(d, 0x3FE6A09E667F3BCDu));
  const VU biased = hn::ShiftRight<52>(hn::Add(shifted, hn::Set(d, 0x4000000000000000u)));  // e + 1024
  const VF e = hn::Sub(real(hn::Or(biased, hn::Set(d, 0x4330000000000000u))), constant(4503599627370496.0 + 1024.0));
  const VF m = real(hn::Add(hn::And(shifted, hn::Set(d, 0x000FFFFFFFFFFFFFu)), hn::Set(d, 0x3FE6A09E667F3BCDu)));
  const VF s = hn::Div(hn::Sub(m, constant(1)), hn::Add(m, constant(1)));
  const VF z = hn::Mul(s, s);
  VF p = constant(2.0 / 21);
  p = hn::Add(hn::Mul(p, z), constant(2.0 / 19));
  p = hn::Add(hn::Mul(p, z), constant(2.0 / 17));
  p = hn::Add(hn::Mul(p, z), constant(2.0 / 15));
  p = hn::Add(hn::Mul(p, z), constant(2.0 / 13));
  p = hn::Add(hn::Mul(p, z), constant(2.0 / 11));
  p = hn::Add(hn::Mul(p, z), constant(2.0 / 9));
  p = hn::Add(hn::Mul(p, z), constant(2.0 / 7));
  p = hn::Add(hn::Mul(p, z), constant(2.0 / 5));
  p = hn::Add(hn::Mul(p, z), constant(2.0 / 3));
  const VF artanh = hn::Add(hn::Mul(hn::Mul(p, z), s), hn::Add(s, s));
  return hn::Add(hn::Mul(e, constant(0.693147180559945309417)), artanh);
}

struct Pair {
  VF first, second;
};

/// Cosine and sine of w / 2^64 turns.
HWY_INLINE Pair turn(VU w) {
  const U64 d;
  const VU rounded = hn::Add(w, hn::Set(d, std::uint64_t(1) << 61));  // to the nearest quarter
  const VU quarter = hn::ShiftRight<62>(rounded);
  const VU rest = hn::ShiftRight<10>(hn::And(rounded, hn::Set(d, (std::uint64_t(1) << 62) - 1)));
  const VF offset = hn::Sub(real(hn::Or(rest, hn::Set(d, 0x4330000000000000u))), constant(4503599627370496.0 + 2251799813685248.0));
  const VF x = hn::Mul(offset, constant(1.57079632679489661923 * 0x1p-52));
  const VF z = hn::Mul(x, x);
  VF s = constant(-1.0 / 1307674368000);
  s = hn::Add(hn::Mul(s, z), constant(1.0 / 6227020800));
  s = hn::Add(hn::Mul(s, z), constant(-1.0 / 39916800));
  s = hn::Add(hn::Mul(s, z), constant(1.0 / 362880));
  s = hn::Add(hn::Mul(s, z), constant(-1.0 / 5040));
  s = hn::Add(hn::Mul(s, z), constant(1.0 / 120));
  s = hn::Add(hn::Mul(s, z), constant(-1.0 / 6));
  const VF sine = hn::Add(hn::Mul(hn::Mul(s, z), x), x);
  VF c = constant(1.0 / 20922789888000);
  c = hn::Add(hn::Mul(c, z), constant(-1.0 / 87178291200));
  c = hn::Add(hn::Mul(c, z), constant(1.0 / 479001600));
  c = hn::Add(hn::Mul(c, z), constant(-1.0 / 3628800));
  c = hn::Add(hn::Mul(c, z), constant(1.0 / 40320));
  c = hn::Add(hn::Mul(c, z), constant(-1.0 / 720));
  c = hn::Add(hn::Mul(c, z), constant(1.0 / 24));
  c = hn::Add(hn::Mul(c, z), constant(-1.0 / 2));
  const VF cosine = hn::Add(hn::Mul(c, z), constant(1));
  const F64 f;
  const auto odd = hn::MaskFromVec(real(hn::Sub(hn::Zero(d), hn::And(quarter, hn::Set(d, 1)))));
  const VU cos_sign = hn::ShiftLeft<63>(hn::Xor(quarter, hn::ShiftRight<1>(quarter)));       // quarters 1 and 2
  const VU sin_sign = hn::ShiftLeft<63>(hn::ShiftRight<1>(quarter));                          // quarters 2 and 3
  (void)f;
  return {hn::Xor(hn::IfThenElse(odd, sine, cosine), real(cos_sign)), hn::Xor(hn::IfThenElse(odd, cosine, sine), real(sin_sign))};
}

struct Uniform {  // 53 random bits
  VF a, width;
  explicit Uniform(const RandomSource& s) : a(constant(s.a)), width(constant(s.b - s.a)) {}
  HWY_INLINE VF one(VU w) const { return hn::Add(a, hn::Mul(width, hn::Mul(whole(hn::ShiftRight<11>(w)), constant(0x1p-53)))); }
  HWY_INLINE Pair of(Words w) const { return {one(w.even), one(w.odd)}; }
};
struct UniformShort {  // 24 random bits, so that rounding to float32 does not reach the upper end
  VF a, width;
  explicit UniformShort(const RandomSource& s) : a(constant(s.a)), width(constant(s.b - s.a)) {}
  HWY_INLINE VF one(VU w) const { return hn::Add(a, hn::Mul(width, hn::Mul(whole(hn::ShiftRight<40>(w)), constant(0x1p-24)))); }
  HWY_INLINE Pair of(Words w) const { return {one(w.even), one(w.odd)}; }
};
HWY_INLINE VF positive_uniform(VU w) {  // (0, 1]
  return hn::Mul(whole(hn::Add(hn::ShiftRight<11>(w), hn::Set(U64(), 1))), constant(0x1p-53));
}
struct Normal {  // Box and Muller
  VF a, b;
  explicit Normal(const RandomSource& s) : a(constant(s.a)), b(constant(s.b)) {}
  HWY_INLINE Pair of(Words w) const {
    const VF radius = hn::Sqrt(hn::Mul(constant(-2), logarithm(positive_uniform(w.even))));
    const Pair angle = turn(w.odd);
    return {hn::Add(a, hn::Mul(b, hn::Mul(radius, angle.first))), hn::Add(a, hn::Mul(b, hn::Mul(radius, angle.second)))};
  }
};
struct Exponential {
  VF scale;
  explicit Exponential(const RandomSource& s) : scale(constant(-s.a)) {}
  HWY_INLINE Pair of(Words w) const {
    return {hn::Mul(scale, logarithm(positive_uniform(w.even))), hn::Mul(scale, logarithm(positive_uniform(w.odd)))};
  }
};
struct Bits {
  explicit Bits(const RandomSource&) {}
  HWY_INLINE Pair of(Words w) const { return {real(w.even), real(w.odd)}; }
};

/// Doubles (or raw 64 bits) of elements k, k + stride, …
template <class Distribution>
void generate(const RandomSource& source, index_t k, index_t stride, index_t n, double* out) {
  const Distribution distribution(source);
  const RoundKeys keys(source.seed);
  const U64 d;
  const F64 f;
  const index_t lanes = static_cast<index_t>(hn::Lanes(d));
  index_t i = 0;
  const auto scattered = [&](index_t until) HWY_ATTR {
    while (i < until) {
      HWY_ALIGN std::uint64_t counters[hn::MaxLanes(d)] = {};
      HWY_ALIGN double even[hn::MaxLanes(f)], odd[hn::MaxLanes(f)];
      const index_t count = std::min(lanes, until - i);
      for (index_t l = 0; l < count; ++l) counters[l] = static_cast<std::uint64_t>(k + (i + l) * stride) >> 1;
      const Pair y = distribution.of(philox(hn::Load(d, counters), keys));
      hn::Store(y.first, f, even);
      hn::Store(y.second, f, odd);
      for (index_t l = 0; l < count; ++l) out[i + l] = (k + (i + l) * stride) & 1 ? odd[l] : even[l];
      i += count;
    }
  };
  if (stride == 1) {
    if (k & 1) scattered(std::min<index_t>(1, n));
    VU counter = hn::Add(hn::Iota(d, 0), hn::Set(d, static_cast<std::uint64_t>(k + i) >> 1));
    const VU next = hn::Set(d, static_cast<std::uint64_t>(lanes));
    for (; i + 2 * lanes <= n; i += 2 * lanes, counter = hn::Add(counter, next)) {
      const Pair y = distribution.of(philox(counter, keys));
#if HWY_TARGET == HWY_SCALAR
      hn::StoreU(y.first, f, out + i);
      hn::StoreU(y.second, f, out + i + 1);
#else
      hn::StoreInterleaved2(y.first, y.second, f, out + i);
#endif
    }
  }
  scattered(n);
}

template <class T>
void random_of(const RandomSource& source, index_t k, index_t stride, index_t n, T* out) {
  constexpr index_t step = 256;
  alignas(64) double values[step];
  for (index_t i = 0; i < n; i += step) {
    const index_t count = std::min(step, n - i), first = k + i * stride;
    double* to = values;
    if constexpr (std::is_same_v<T, double>) to = out + i;
    switch (source.distribution) {
      case Distribution::uniform:
        if constexpr (std::is_same_v<T, float>) generate<UniformShort>(source, first, stride, count, to);
        else generate<Uniform>(source, first, stride, count, to);
        break;
      case Distribution::normal: generate<Normal>(source, first, stride, count, to); break;
      case Distribution::exponential: generate<Exponential>(source, first, stride, count, to); break;
      case Distribution::integers: {
        generate<Bits>(source, first, stride, count, to);
        const std::int64_t low = static_cast<std::int64_t>(source.a);
        const std::uint64_t range = static_cast<std::uint64_t>(static_cast<std::int64_t>(source.b)) - static_cast<std::uint64_t>(low);
        for (index_t j = 0; j < count; ++j) {
          std::uint64_t bits;
          std::memcpy(&bits, to + j, sizeof bits);
          const auto scaled = static_cast<std::uint64_t>((static_cast<unsigned __int128>(bits) * range) >> 64);
          out[i + j] = static_cast<T>(static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + scaled));
        }
        continue;
      }
    }
    if constexpr (!std::is_same_v<T, double>)
      for (index_t j = 0; j < count; ++j) out[i + j] = detail::cast_element<T>(values[j]);
  }
}

void random_dispatched(DType type, const RandomSource& source, index_t k, index_t stride, index_t n, void* out) {
  visit_dtype(type, [&]<class T>(std::type_identity<T>) {
    if constexpr (is_real<T>) random_of<T>(source, k, stride, n, static_cast<T*>(out));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace ashlar::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ashlar::kernels {
HWY_EXPORT(arange_dispatched);
HWY_EXPORT(random_dispatched);
void arange(DType type, const ScalarValue& start, const ScalarValue& step, index_t k, index_t stride, index_t n, void* out) {
  HWY_DYNAMIC_DISPATCH(arange_dispatched)(type, start, step, k, stride, n, out);
}
void random(DType type, const RandomSource& source, index_t k, index_t stride, index_t n, void* out) {
  HWY_DYNAMIC_DISPATCH(random_dispatched)(type, source, k, stride, n, out);
}
}  // namespace ashlar::kernels
#endif
