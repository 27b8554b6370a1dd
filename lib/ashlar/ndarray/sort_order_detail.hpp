#pragma once
// NumPy's order of the elements of every type: NaN last; complex numbers by real, then imaginary part, those with a NaN in the imaginary part behind
// all without one, then those with one in the real part, then those with two, each by what is a number in them.

#include <complex>

#include "ashlar/ndarray/dtype.hpp"

namespace ashlar::runs {

template <class T>
constexpr int nan_class(T a) {
  if constexpr (detail::is_complex_type<T>) return (a.real() != a.real() ? 2 : 0) + (a.imag() != a.imag() ? 1 : 0);
  else if constexpr (std::is_floating_point_v<T>) return a != a ? 1 : 0;
  else return 0;
}
template <class T>
constexpr bool before(T a, T b) {
  if constexpr (detail::is_complex_type<T>) {
    const int left = nan_class(a), right = nan_class(b);
    if (left != right) return left < right;
    if (left & 2) return !(left & 1) && a.imag() < b.imag();
    if (a.real() != b.real()) return a.real() < b.real();
    return !(left & 1) && a.imag() < b.imag();
  } else if constexpr (std::is_floating_point_v<T>) return b != b ? a == a : a < b;
  else return a < b;
}
/// Neither before the other; of complex numbers as well any two that hold a NaN, as NumPy's unique counts them.
template <class T>
constexpr bool alike(T a, T b) {
  return a == b || (nan_class(a) != 0 && nan_class(b) != 0);
}

}  // namespace ashlar::runs
