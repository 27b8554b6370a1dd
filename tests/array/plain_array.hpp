#pragma once
// The oracle: NumPy's meaning on plain vectors, one element after the other. Shares no kernel, chunk, shape or slice code with the library.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace ashlar::test {

using Lengths = std::vector<long>;

inline long count_of(const Lengths& lengths) {
  long n = 1;
  for (long l : lengths) n *= l;
  return n;
}
/// All positions of a shape, in C order.
inline std::vector<Lengths> positions(const Lengths& lengths) {
  std::vector<Lengths> all;
  const long n = count_of(lengths);
  for (long i = 0; i < n; ++i) {
    Lengths at(lengths.size());
    long rest = i;
    for (std::size_t a = lengths.size(); a-- > 0;) {
      at[a] = rest % lengths[a];
      rest /= lengths[a];
    }
    all.push_back(at);
  }
  return all;
}

template <class T>
struct Plain {
  Lengths shape;
  std::vector<T> values;

  T at(const Lengths& position) const {
    long i = 0;
    for (std::size_t a = 0; a < shape.size(); ++a) i = i * shape[a] + position[a];
    return values[static_cast<std::size_t>(i)];
  }
};

/// A new array whose element at each position is `f(position)`.
template <class T, class F>
Plain<T> make(const Lengths& shape, F&& f) {
  Plain<T> result{shape, {}};
  for (const auto& p : positions(shape)) result.values.push_back(f(p));
  return result;
}

inline Lengths broadcast(const Lengths& a, const Lengths& b) {
  Lengths result;
  const std::size_t n = std::max(a.size(), b.size());
  for (std::size_t i = 0; i < n; ++i) {
    const long x = i < n - a.size() ? 1 : a[i - (n - a.size())], y = i < n - b.size() ? 1 : b[i - (n - b.size())];
    if (x != y && x != 1 && y != 1) throw std::runtime_error("does not broadcast");
    result.push_back(x == 1 ? y : x);
  }
  return result;
}
template <class T>
T broadcast_at(const Plain<T>& a, const Lengths& position) {
  Lengths own;
  for (std::size_t i = 0; i < a.shape.size(); ++i) {
    const long p = position[i + position.size() - a.shape.size()];
    own.push_back(a.shape[i] == 1 ? 0 : p);
  }
  return a.at(own);
}
template <class R, class A, class B, class F>
Plain<R> zip(const Plain<A>& a, const Plain<B>& b, F&& f) {
  return make<R>(broadcast(a.shape, b.shape), [&](const Lengths& p) { return f(broadcast_at(a, p), broadcast_at(b, p)); });
}
template <class R, class A, class F>
Plain<R> map(const Plain<A>& a, F&& f) {
  return make<R>(a.shape, [&](const Lengths& p) { return f(a.at(p)); });
}

/// Python's slice on one axis: the positions it takes.
inline std::vector<long> sliced(long length, bool has_start, long start, bool has_stop, long stop, long step) {
  std::vector<long> list;
  if (has_start && start < 0) start += length;
  if (has_stop && stop < 0) stop += length;
  if (step > 0) {
    long i = has_start ? std::max(start, 0L) : 0;
    const long end = has_stop ? std::min(stop, length) : length;
    for (; i < end; i += step) list.push_back(i);
  } else {
    long i = has_start ? std::min(start, length - 1) : length - 1;
    const long end = has_stop ? std::max(stop, -1L) : -1;
    for (; i > end; i += step) list.push_back(i);
  }
  return list;
}
/// Elements at the given positions of each axis (outer indexing).
template <class T>
Plain<T> select(const Plain<T>& a, const std::vector<std::vector<long>>& axes) {
  Lengths shape;
  for (const auto& axis : axes) shape.push_back(static_cast<long>(axis.size()));
  return make<T>(shape, [&](const Lengths& p) {
    Lengths from;
    for (std::size_t i = 0; i < p.size(); ++i) from.push_back(axes[i][static_cast<std::size_t>(p[i])]);
    return a.at(from);
  });
}
template <class T>
Plain<T> transposed(const Plain<T>& a, const std::vector<int>& order) {
  Lengths shape;
  for (int i : order) shape.push_back(a.shape[static_cast<std::size_t>(i)]);
  return make<T>(shape, [&](const Lengths& p) {
    Lengths from(p.size());
    for (std::size_t i = 0; i < p.size(); ++i) from[static_cast<std::size_t>(order[i])] = p[i];
    return a.at(from);
  });
}
template <class T>
Plain<T> joined(const Plain<T>& a, const Plain<T>& b, std::size_t axis) {
  Lengths shape = a.shape;
  shape[axis] += b.shape[axis];
  return make<T>(shape, [&](Lengths p) {
    if (p[axis] < a.shape[axis]) return a.at(p);
    p[axis] -= a.shape[axis];
    return b.at(p);
  });
}
/// f over the elements of each output position, in C order; reduced axes are dropped, or kept with length 1.
template <class R, class T, class F>
Plain<R> reduced(const Plain<T>& a, const std::vector<int>& axes, bool keepdims, F&& f) {
  const auto is_reduced = [&](std::size_t i) { return std::find(axes.begin(), axes.end(), static_cast<int>(i)) != axes.end(); };
  Lengths kept;
  for (std::size_t i = 0; i < a.shape.size(); ++i) kept.push_back(is_reduced(i) ? 1 : a.shape[i]);
  std::vector<std::vector<T>> elements(static_cast<std::size_t>(count_of(kept)));
  for (const auto& p : positions(a.shape)) {
    long out = 0;
    for (std::size_t i = 0; i < p.size(); ++i) out = out * kept[i] + (is_reduced(i) ? 0 : p[i]);
    elements[static_cast<std::size_t>(out)].push_back(a.at(p));
  }
  Plain<R> result{kept, {}};
  for (const auto& part : elements) result.values.push_back(f(part));
  if (keepdims) return result;
  Lengths shape;
  for (std::size_t i = 0; i < a.shape.size(); ++i)
    if (!is_reduced(i)) shape.push_back(a.shape[i]);
  result.shape = shape;
  return result;
}

}  // namespace ashlar::test
