#pragma once
// Random expressions with their numbers: shapes, chunks, slices of any step, broadcasting, reductions. Values are small whole numbers, so that
// sums are exact and results equal whatever the order of additions.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>

#include "array/graph_runs.hpp"
#include "array/plain_array.hpp"
#include "ashlar/array/creation.hpp"
#include "ashlar/array/manipulation.hpp"
#include "ashlar/array/map_blocks.hpp"
#include "ashlar/array/reductions.hpp"

namespace ashlar::test {

template <class T>
struct Both {
  Array<T> array;
  Plain<T> plain;
};

template <class T>
class Expressions {
 public:
  /// `persists`: some arrays are results that exist, instead of expressions.
  explicit Expressions(std::uint64_t seed, bool persists = true) : engine_(seed), persists_(persists) {}

  long draw(long low, long high) { return std::uniform_int_distribution<long>(low, high)(engine_); }
  bool flip_coin() { return draw(0, 1) == 1; }

  Chunks some_chunks(const Lengths& shape) {
    Chunks chunks;
    for (long n : shape) {
      std::vector<index_t> sizes;
      for (long left = n; left > 0;) {
        const long size = std::min(left, draw(1, std::max(1L, n / 2 + 1)));
        sizes.push_back(size);
        left -= size;
      }
      if (sizes.empty()) sizes.push_back(0);
      chunks.push_back(sizes);
    }
    return chunks;
  }

  Lengths some_shape() {
    Lengths shape;
    const long ndim = draw(0, 3);
    for (long i = 0; i < ndim; ++i) shape.push_back(draw(0, 12) == 0 ? 0 : draw(1, 9));
    return shape;
  }

  Both<T> leaf(const Lengths& shape) {
    const Chunks chunks = some_chunks(shape);
    const Shape given(shape);
    switch (draw(0, 4)) {
      case 0: {
        const T value = static_cast<T>(draw(-5, 5));
        return {full<T>(given, value, {.chunks = chunks}), make<T>(shape, [&](const Lengths&) { return value; })};
      }
      case 1: {
        const long n = count_of(shape), start = draw(-9, 9), step = flip_coin() ? 1 : -2;
        Both<T> flat{arange<T>(start, start + step * n, step, {.chunks = std::max(1L, n / 3)}), {}};
        long i = 0;
        Plain<T> plain = make<T>(shape, [&](const Lengths&) { return static_cast<T>(start + step * i++); });
        Array<T> shaped = flat.array.reshape(given);
        return {flip_coin() ? shaped.rechunk(chunks) : shaped, plain};
      }
      default: {
        Plain<T> plain = make<T>(shape, [&](const Lengths&) { return static_cast<T>(draw(-9, 9)); });
        Array<T> array = from_array(NDArray<T>(given, plain.values), {.chunks = chunks});
        if (flip_coin() && persists_) array = array.persist();
        return {array, plain};
      }
    }
  }

  Index some_index(long length, std::vector<long>& positions, bool& list_used, bool& dropped) {
    dropped = false;
    const long kind = draw(0, 9);
    if (kind == 0 && length > 0) {
      const long i = draw(-length, length - 1);
      positions = {i < 0 ? i + length : i};
      dropped = true;
      return Index(i);
    }
    if (kind == 1 && length > 0 && !list_used) {
      list_used = true;
      std::vector<long> list;
      for (long n = draw(1, 6); n > 0; --n) list.push_back(draw(-length, length - 1));
      for (long i : list) positions.push_back(i < 0 ? i + length : i);
      return Index(list);
    }
    const bool has_start = flip_coin(), has_stop = flip_coin();
    const long start = draw(-length - 2, length + 2), stop = draw(-length - 2, length + 2);
    long step = draw(-3, 3);
    if (step == 0) step = 1;
    positions = sliced(length, has_start, start, has_stop, stop, step);
    return Index(range(has_start ? Bound(start) : Bound(_), has_stop ? Bound(stop) : Bound(_), step));
  }

  Both<T> step(const Both<T>& a) {
    const auto& shape = a.plain.shape;
    const int ndim = static_cast<int>(shape.size());
    switch (draw(0, 12)) {
      case 0: return {-a.array, map<T>(a.plain, [](T v) { return static_cast<T>(-v); })};
      case 1: {  // the same array twice, once reversed
        Array<T> other = flip(a.array);
        std::vector<std::vector<long>> back;
        for (long n : shape) back.push_back(sliced(n, false, 0, false, 0, -1));
        return {a.array + other, zip<T>(a.plain, select(a.plain, back), [](T x, T y) { return static_cast<T>(x + y); })};
      }
      case 2: {  // broadcasting with a new leaf
        Lengths other;
        for (long n : shape) other.push_back(flip_coin() ? 1 : n);
        other.erase(other.begin(), other.begin() + draw(0, ndim));
        const Both<T> b = leaf(other);
        if (flip_coin()) return {a.array - b.array, zip<T>(a.plain, b.plain, [](T x, T y) { return static_cast<T>(x - y); })};
        // Kept small, so that sums stay exact in float32.
        return {remainder(a.array * b.array, T(17)), zip<T>(a.plain, b.plain, [](T x, T y) {
                  const T v = static_cast<T>(x * y);
                  if constexpr (std::is_integral_v<T>) return static_cast<T>((v % 17 + 17) % 17);
                  else return v - T(17) * std::floor(v / T(17));
                })};
      }
      case 3: return {where(a.array > T(2), a.array, T(1)), map<T>(a.plain, [](T v) { return v > T(2) ? v : T(1); })};
      case 4: return {clip(a.array, T(-3), T(4)), map<T>(a.plain, [](T v) { return std::min(std::max(v, T(-3)), T(4)); })};
      case 5:
      case 6: {
        if (ndim == 0) return a;
        std::vector<Index> indices;
        std::vector<std::vector<long>> axes;
        std::vector<bool> drops;
        bool list_used = false;
        for (long n : shape) {
          std::vector<long> positions;
          bool dropped = false;
          indices.push_back(some_index(n, positions, list_used, dropped));
          axes.push_back(positions);
          drops.push_back(dropped);
        }
        Plain<T> plain = select(a.plain, axes);
        Lengths left;
        for (std::size_t i = 0; i < drops.size(); ++i)
          if (!drops[i]) left.push_back(plain.shape[i]);
        plain.shape = left;
        return {Array<T>(expression::slice(a.array.node(), indices)), plain};
      }
      case 7: {
        std::vector<int> order(shape.size());
        std::iota(order.begin(), order.end(), 0);
        std::shuffle(order.begin(), order.end(), engine_);
        return {a.array.transpose(order), transposed(a.plain, order)};
      }
      case 8: return {a.array.rechunk(some_chunks(shape)), a.plain};
      case 9: {  // any shape with as many elements
        Lengths to;
        long left = count_of(shape);
        for (long d = 2; d <= 7 && left > 1; ++d)
          if (left % d == 0 && flip_coin()) {
            to.push_back(d);
            left /= d;
          }
        to.insert(to.begin() + draw(0, static_cast<long>(to.size())), left);
        if (flip_coin()) to.insert(to.begin() + draw(0, static_cast<long>(to.size())), 1);
        Plain<T> plain = a.plain;
        plain.shape = to;
        return {a.array.reshape(Shape(to)), plain};
      }
      case 10: {
        if (ndim == 0) return a;
        const auto axis = static_cast<std::size_t>(draw(0, ndim - 1));
        Lengths other = shape;
        other[axis] = draw(0, 4);
        const Both<T> b = leaf(other);
        return {concatenate({a.array, b.array}, {.axis = static_cast<int>(axis)}), joined(a.plain, b.plain, axis)};
      }
      case 11: {
        std::vector<int> axes;
        for (int i = 0; i < ndim; ++i)
          if (flip_coin()) axes.push_back(i);
        if (axes.empty()) return a;
        const bool keepdims = flip_coin();
        const auto nothing = [&] { return std::any_of(axes.begin(), axes.end(), [&](int i) { return shape[static_cast<std::size_t>(i)] == 0; }); };
        const int split = static_cast<int>(draw(0, 2)) * 2;
        if (flip_coin() && !nothing())
          return {a.array.max({.axis = axes, .keepdims = keepdims, .split_every = split}),
                  reduced<T>(a.plain, axes, keepdims, [](const std::vector<T>& v) { return *std::max_element(v.begin(), v.end()); })};
        Array<detail::sum_of<T>> sum = a.array.sum({.axis = axes, .keepdims = keepdims, .split_every = split});
        return {remainder(sum, T(101)).template astype<T>(), reduced<T>(a.plain, axes, keepdims, [](const std::vector<T>& v) {
                  const T total = std::accumulate(v.begin(), v.end(), T(0));
                  if constexpr (std::is_integral_v<T>) return static_cast<T>((total % 101 + 101) % 101);
                  else return total - T(101) * std::floor(total / T(101));
                })};
      }
      default: return {a.array.map_blocks([](NDArray<T> block) { return block + T(1); }), map<T>(a.plain, [](T v) { return static_cast<T>(v + 1); })};
    }
  }

 private:
  std::mt19937_64 engine_;
  bool persists_;
};

}  // namespace ashlar::test
