#include "ashlar/ndarray/bins.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/sort_order_detail.hpp"

namespace ashlar {
namespace {

/// Runs over elements with the bin of each (negative: none), counting or adding weights.
template <class BinOf>
Block counted(index_t size, index_t bins, const Block* weights, BinOf&& bin_of) {
  Block result = Block::zeros(weights ? DType::float64 : DType::int64, Shape{bins});
  std::byte* to = result.make_writable();
  const Block w = weights ? weights->contiguous() : Block();
  for (index_t i = 0; i < size; ++i) {
    const index_t bin = bin_of(i);
    if (bin < 0) continue;
    if (weights) reinterpret_cast<double*>(to)[bin] += w.as<double>()[i];
    else ++reinterpret_cast<std::int64_t*>(to)[bin];
  }
  return result;
}

}  // namespace

Block histogram_counts(const Block& values, std::span<const double> edges, bool uniform, const Block* weights) {
  const Block doubles = values.astype(DType::float64).contiguous();
  const double *x = doubles.as<double>(), first = edges.front(), last = edges.back();
  const auto bins = static_cast<index_t>(edges.size()) - 1;
  const double width = last - first;
  return counted(doubles.size(), bins, weights, [&](index_t i) -> index_t {
    const double value = x[i];
    if (!(value >= first && value <= last)) return -1;
    index_t bin;
    if (uniform) {
      bin = std::min(static_cast<index_t>((value - first) / width * static_cast<double>(bins)), bins - 1);
      while (bin > 0 && value < edges[static_cast<std::size_t>(bin)]) --bin;
      while (bin + 1 < bins && value >= edges[static_cast<std::size_t>(bin) + 1]) ++bin;
    } else {
      bin = std::min(std::upper_bound(edges.begin(), edges.end(), value) - edges.begin() - 1, bins - 1);
    }
    return bin;
  });
}

Block bin_counts(const Block& values, index_t length, const Block* weights) {
  const Block whole = values.astype(DType::int64).contiguous();
  const auto* x = whole.as<std::int64_t>();
  return counted(whole.size(), length, weights, [&](index_t i) -> index_t {
    if (x[i] < 0) throw ValueError("bincount needs elements of at least 0, found " + std::to_string(x[i]));
    return x[i] < length ? x[i] : -1;
  });
}

Block sorted_positions(const Block& sorted, const Block& values, bool right) {
  const Block from = sorted.contiguous(), what = values.contiguous();
  Block result = Block::allocate(DType::int64, values.shape());
  auto* to = reinterpret_cast<std::int64_t*>(result.make_writable());
  visit_dtype(from.dtype(), [&]<class T>(std::type_identity<T>) {
    const T *begin = from.as<T>(), *end = begin + from.size();
    for (index_t i = 0; i < what.size(); ++i) {
      const T value = what.as<T>()[i];
      to[i] = (right ? std::upper_bound(begin, end, value, [](T a, T b) { return runs::before(a, b); }) : std::lower_bound(begin, end, value, [](T a, T b) { return runs::before(a, b); })) - begin;
    }
  });
  return result;
}

Block extremes(const Block& block, int axis, index_t k, bool largest) {
  const auto along = static_cast<std::size_t>(axis);
  const index_t length = block.shape()[along], kept = std::min(k, length);
  Shape shape = block.shape();
  shape[along] = kept;
  const Block from = block.contiguous();
  Block result = Block::allocate(block.dtype(), shape);
  std::byte* memory = result.make_writable();
  index_t outer = 1, inner = 1;
  for (std::size_t i = 0; i < along; ++i) outer *= shape[i];
  for (std::size_t i = along + 1; i < shape.size(); ++i) inner *= shape[i];
  visit_dtype(block.dtype(), [&]<class T>(std::type_identity<T>) {
    // Not std::vector<T>: of bool that is no array.
    const std::unique_ptr<T[]> line(new T[static_cast<std::size_t>(std::max<index_t>(length, 1))]);
    const auto before = [largest](T a, T b) { return largest ? runs::before(b, a) : runs::before(a, b); };
    for (index_t o = 0; o < outer; ++o)
      for (index_t j = 0; j < inner; ++j) {
        for (index_t i = 0; i < length; ++i) line[static_cast<std::size_t>(i)] = from.as<T>()[(o * length + i) * inner + j];
        std::partial_sort(line.get(), line.get() + kept, line.get() + length, before);
        for (index_t i = 0; i < kept; ++i) reinterpret_cast<T*>(memory)[(o * kept + i) * inner + j] = line[static_cast<std::size_t>(i)];
      }
  });
  return result;
}

Block numbered_extremes(const Block& block, const Block& numbers, int axis, index_t k, bool largest, bool want_numbers) {
  const auto along = static_cast<std::size_t>(axis);
  const index_t length = block.shape()[along], kept = std::min(k, length);
  Shape shape = block.shape();
  shape[along] = kept;
  const Block from = block.contiguous(), given = numbers.contiguous();
  Block result = Block::allocate(want_numbers ? DType::int64 : block.dtype(), shape);
  std::byte* memory = result.make_writable();
  index_t outer = 1, inner = 1;
  for (std::size_t i = 0; i < along; ++i) outer *= shape[i];
  for (std::size_t i = along + 1; i < shape.size(); ++i) inner *= shape[i];
  visit_dtype(block.dtype(), [&]<class T>(std::type_identity<T>) {
    std::vector<std::pair<T, std::int64_t>> line(static_cast<std::size_t>(length));
    const auto before = [largest](const auto& a, const auto& b) {
      const T first = largest ? b.first : a.first, second = largest ? a.first : b.first;
      if (runs::before(first, second)) return true;
      return !runs::before(second, first) && a.second < b.second;
    };
    for (index_t o = 0; o < outer; ++o)
      for (index_t j = 0; j < inner; ++j) {
        for (index_t i = 0; i < length; ++i) {
          const index_t at = (o * length + i) * inner + j;
          line[static_cast<std::size_t>(i)] = {from.as<T>()[at], given.as<std::int64_t>()[at]};
        }
        std::partial_sort(line.begin(), line.begin() + kept, line.end(), before);
        for (index_t i = 0; i < kept; ++i) {
          const auto& [value, number] = line[static_cast<std::size_t>(i)];
          const index_t at = (o * kept + i) * inner + j;
          if (want_numbers) reinterpret_cast<std::int64_t*>(memory)[at] = number;
          else reinterpret_cast<T*>(memory)[at] = value;
        }
      }
  });
  return result;
}

}  // namespace ashlar
