#include "ashlar/ndarray/order.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <vector>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/kernels_detail.hpp"
#include "ashlar/ndarray/kernels_element_detail.hpp"
#include "ashlar/ndarray/sort_order_detail.hpp"

namespace ashlar {
namespace {

constexpr int digit_bits = 11;
constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

int shift_of(int round) { return 64 - digit_bits * (round + 1); }

// A last round of fewer than 11 bits counts them in the upper part of its digit.
std::uint64_t digit_of(std::uint64_t key, int round) {
  const int shift = shift_of(round);
  return (shift >= 0 ? key >> shift : key << -shift) & (static_cast<std::uint64_t>(order_digits) - 1);
}
std::uint64_t settled_bits(int round) { return round == 0 ? 0 : ~std::uint64_t{0} << (64 - digit_bits * round); }

template <class T>
std::uint64_t key_of(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (value != value) return ~std::uint64_t{0};
    const auto bits = std::bit_cast<std::uint64_t>(static_cast<double>(value) + 0.0);  // -0.0 becomes 0.0
    return bits ^ (static_cast<std::uint64_t>(static_cast<std::int64_t>(bits) >> 63) | std::uint64_t{1} << 63);
  } else {
    using U = std::make_unsigned_t<std::conditional_t<std::is_same_v<T, bool>, std::uint8_t, T>>;
    auto bits = static_cast<U>(value);
    if constexpr (std::is_signed_v<T>) bits ^= U(U{1} << (8 * sizeof(U) - 1));
    return static_cast<std::uint64_t>(bits) << (64 - 8 * sizeof(U));
  }
}

double value_of(std::uint64_t key, DType type) {
  if (is_floating(type)) {
    if (key == ~std::uint64_t{0}) return nothing;
    // Bits that no round settles are those of zeros, turned where the number is negative.
    const int settled = digit_bits * order_rounds(type);
    if (settled < 64 && key >> 63 == 0) key |= ~std::uint64_t{0} >> settled;
    return std::bit_cast<double>(key >> 63 ? key & ~(std::uint64_t{1} << 63) : ~key);
  }
  const int bits = type == DType::bool_ ? 8 : static_cast<int>(8 * itemsize(type));
  if (is_signed(type)) return static_cast<double>(static_cast<std::int64_t>(key ^ std::uint64_t{1} << 63) >> (64 - bits));
  return static_cast<double>(key >> (64 - bits));
}

/// Where a quantile lies among n elements: the places before and behind it, and how far it is from the first.
struct Place {
  index_t before = 0, behind = 0;
  double part = 0;
};
Place place_of(double quantile, index_t n) {
  const double at = static_cast<double>(n - 1) * quantile;
  Place place;
  place.before = std::clamp<index_t>(static_cast<index_t>(std::floor(at)), 0, n - 1);
  place.behind = std::min(place.before + 1, n - 1);
  place.part = at - static_cast<double>(place.before);
  return place;
}

double between(double a, double b, double part, Interpolation how) {
  switch (how) {
    case Interpolation::lower: return a;
    case Interpolation::higher: return part > 0 ? b : a;
    case Interpolation::midpoint:
      if (part > 0) part = 0.5;
      break;
    case Interpolation::mean: return part > 0 ? (a + b) / 2 : a;
    case Interpolation::closest: return part > 0.5 ? b : a;
    case Interpolation::linear: break;
  }
  if (part == 0 || a == b) return a;  // infinities among them: 0 times one is no number
  return part >= 0.5 ? b - (b - a) * (1 - part) : a + (b - a) * part;
}
/// Half to even, as NumPy rounds: the place before is taken at a half when its number is even.
double between(double a, double b, const Place& place, Interpolation how) {
  if (how == Interpolation::closest && place.part == 0.5) return place.before % 2 == 0 ? a : b;
  return between(a, b, place.part, how);
}

/// The keys that agree with a prefix are few after two rounds: vectors find them, and only they are counted.
template <class T>
void count_floats(const T* x, index_t n, const std::vector<std::uint64_t>& prefixes, int round, std::int64_t* counts) {
  constexpr index_t block = 1024;
  double values[block];
  std::uint64_t keys[block + kernels::key_room];
  // Neighbours often have the same digit: counted in turn in four tables they do not wait for each other.
  constexpr index_t tables = 4, most = index_t{1} << 31;
  std::vector<std::uint32_t> table(static_cast<std::size_t>(tables * order_digits));
  for (std::size_t p = 0; p < prefixes.size(); ++p, counts += order_digits)
    for (index_t begin = 0; begin < n; begin += most) {  // of 32 bits
      const index_t end = std::min(n, begin + most);
      std::fill(table.begin(), table.end(), 0u);
      for (index_t at = begin; at < end; at += block) {
        const index_t length = std::min(block, end - at);
        const double* from;
        if constexpr (std::is_same_v<T, double>) from = x + at;
        else from = (std::copy_n(x + at, length, values), values);
        const index_t found = kernels::matching_keys(length, from, settled_bits(round), prefixes[p], keys);
        if (found == 0) continue;
        std::uint64_t differ = 0;
        for (index_t i = 0; i < found; ++i) differ |= keys[i] ^ keys[0];
        if (digit_of(differ, round) == 0) {
          counts[digit_of(keys[0], round)] += found;
          continue;
        }
        index_t i = 0;
        for (; i + tables <= found; i += tables)
          for (index_t t = 0; t < tables; ++t) ++table[static_cast<std::size_t>(t * order_digits) + digit_of(keys[i + t], round)];
        for (; i < found; ++i) ++table[digit_of(keys[i], round)];
      }
      for (index_t d = 0; d < order_digits; ++d)
        for (index_t t = 0; t < tables; ++t) counts[d] += table[static_cast<std::size_t>(t * order_digits + d)];
    }
}

template <class T>
void count_digits(const T* x, index_t n, const std::vector<std::uint64_t>& prefixes, int round, std::int64_t* counts) {
  const std::uint64_t mask = settled_bits(round);
  if constexpr (std::is_floating_point_v<T>)
    if (prefixes.size() <= 4) return count_floats(x, n, prefixes, round, counts);
  if (prefixes.size() == 1 && round == 0) {
    // Neighbours often have the same digit: counted in turn they do not wait for each other.
    std::vector<std::int64_t> others(order_digits);
    index_t i = 0;
    for (; i + 2 <= n; i += 2) {
      ++counts[digit_of(key_of(x[i]), 0)];
      ++others[digit_of(key_of(x[i + 1]), 0)];
    }
    if (i < n) ++counts[digit_of(key_of(x[i]), 0)];
    for (index_t d = 0; d < order_digits; ++d) counts[d] += others[static_cast<std::size_t>(d)];
    return;
  }
  const std::uint64_t *first = prefixes.data(), *last = first + prefixes.size();
  if (prefixes.size() <= 4) {
    for (index_t i = 0; i < n; ++i) {
      const std::uint64_t key = key_of(x[i]), prefix = key & mask;
      for (const std::uint64_t* p = first; p != last; ++p)
        if (*p == prefix) ++counts[(p - first) * order_digits + static_cast<index_t>(digit_of(key, round))];
    }
    return;
  }
  for (index_t i = 0; i < n; ++i) {
    const std::uint64_t key = key_of(x[i]);
    const std::uint64_t* p = std::lower_bound(first, last, key & mask);
    if (p != last && *p == (key & mask)) ++counts[(p - first) * order_digits + static_cast<index_t>(digit_of(key, round))];
  }
}

}  // namespace

int order_rounds(DType type) {
  // A float32 as float64 has 11 + 1 + 23 bits that are not 0.
  const int bits = type == DType::float32 ? 35 : type == DType::bool_ ? 8 : static_cast<int>(8 * itemsize(type));
  return (bits + digit_bits - 1) / digit_bits;
}

Block order_start(std::span<const double> quantiles, index_t count, index_t nans, bool skip) {
  const index_t n = skip ? count - nans : count;
  const auto rows = static_cast<index_t>(quantiles.size());
  Block state = Block::zeros(DType::int64, Shape{2 * rows + 1, 2});
  auto* to = reinterpret_cast<std::int64_t*>(state.make_writable());
  if (n > 0)
    for (index_t i = 0; i < rows; ++i) {
      const Place place = place_of(quantiles[static_cast<std::size_t>(i)], n);
      to[4 * i + 1] = place.before;
      to[4 * i + 3] = place.behind;
    }
  to[4 * rows] = n;
  to[4 * rows + 1] = !skip && nans > 0;
  return state;
}

Block order_counts(const Block& values, const Block& state, int round) {
  const Block from = values.contiguous(), at = state.contiguous();
  const index_t wanted = at.shape()[0] - 1;
  const auto* rows = at.as<std::int64_t>();
  std::vector<std::uint64_t> prefixes;
  for (index_t i = 0; i < wanted; ++i) prefixes.push_back(static_cast<std::uint64_t>(rows[2 * i]));
  std::sort(prefixes.begin(), prefixes.end());
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
  std::vector<std::int64_t> counts(prefixes.size() * order_digits);
  visit_dtype(from.dtype(), [&]<class T>(std::type_identity<T>) {
    if constexpr (!detail::is_complex_type<T>) count_digits(from.as<T>(), from.size(), prefixes, round, counts.data());
  });
  Block result = Block::allocate(DType::int64, Shape{1, wanted * order_digits});
  auto* to = reinterpret_cast<std::int64_t*>(result.make_writable());
  for (index_t i = 0; i < wanted; ++i) {
    const auto found = std::lower_bound(prefixes.begin(), prefixes.end(), static_cast<std::uint64_t>(rows[2 * i])) - prefixes.begin();
    std::copy_n(counts.data() + found * order_digits, order_digits, to + i * order_digits);
  }
  return result;
}

Block order_next(const Block& state, const Block& counts, int round) {
  Block next = state.contiguous();
  auto* rows = reinterpret_cast<std::int64_t*>(next.make_writable());
  const Block all = counts.contiguous();
  const int shift = shift_of(round);
  for (index_t i = 0, wanted = next.shape()[0] - 1; i < wanted; ++i) {
    const auto* digits = all.as<std::int64_t>() + i * order_digits;
    std::int64_t rank = rows[2 * i + 1];
    index_t digit = 0;
    while (digit + 1 < order_digits && rank >= digits[digit]) rank -= digits[digit++];
    const auto bits = static_cast<std::uint64_t>(digit);
    rows[2 * i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(rows[2 * i]) | (shift >= 0 ? bits << shift : bits >> -shift));
    rows[2 * i + 1] = rank;
  }
  return next;
}

Block order_end(const Block& state, DType type, std::span<const double> quantiles, Interpolation how) {
  const Block at = state.contiguous();
  const auto* rows = at.as<std::int64_t>();
  const auto count = static_cast<index_t>(quantiles.size());
  const index_t n = rows[4 * count];
  Block result = Block::allocate(DType::float64, Shape{count});
  auto* to = reinterpret_cast<double*>(result.make_writable());
  for (index_t i = 0; i < count; ++i) {
    if (n == 0 || rows[4 * count + 1]) {
      to[i] = nothing;
      continue;
    }
    const double a = value_of(static_cast<std::uint64_t>(rows[4 * i]), type), b = value_of(static_cast<std::uint64_t>(rows[4 * i + 2]), type);
    to[i] = between(a, b, place_of(quantiles[static_cast<std::size_t>(i)], n), how);
  }
  return result;
}

Block line_quantiles(const Block& block, int inner, std::span<const double> quantiles, Interpolation how, bool skip) {
  Shape shape{static_cast<index_t>(quantiles.size())};
  index_t lines = 1, length = 1;
  for (std::size_t i = 0; i < block.shape().size(); ++i) {
    const bool line = static_cast<int>(i) >= block.ndim() - inner;
    (line ? length : lines) *= block.shape()[i];
    if (!line) shape.v.push_back(block.shape()[i]);
  }
  const Block from = block.astype(DType::float64).contiguous();
  Block result = Block::allocate(DType::float64, shape);
  auto* to = reinterpret_cast<double*>(result.make_writable());
  std::vector<double> line(static_cast<std::size_t>(length));
  for (index_t l = 0; l < lines; ++l) {
    const double* x = from.as<double>() + l * length;
    const auto end = std::copy_if(x, x + length, line.begin(), [](double v) { return v == v; });
    const index_t n = end - line.begin();
    const bool none = n == 0 || (!skip && n < length);
    if (!none && quantiles.size() > 2) std::sort(line.begin(), end);
    for (std::size_t q = 0; q < quantiles.size(); ++q) {
      double& out = to[static_cast<index_t>(q) * lines + l];
      if (none) {
        out = nothing;
        continue;
      }
      const Place place = place_of(quantiles[q], n);
      if (quantiles.size() <= 2) {
        std::nth_element(line.begin(), line.begin() + place.before, end);
        if (place.behind > place.before) std::iter_swap(line.begin() + place.behind, std::min_element(line.begin() + place.behind, end));
      }
      out = between(line[static_cast<std::size_t>(place.before)], line[static_cast<std::size_t>(place.behind)], place, how);
    }
  }
  return result;
}

Block sorted_lines(const Block& block, int axis, bool positions) {
  const auto along = static_cast<std::size_t>(axis);
  const index_t length = block.shape()[along];
  const Block from = block.contiguous();
  Block result = Block::allocate(positions ? DType::int64 : block.dtype(), block.shape());
  std::byte* memory = result.make_writable();
  index_t outer = 1, inner = 1;
  for (std::size_t i = 0; i < along; ++i) outer *= block.shape()[i];
  for (std::size_t i = along + 1; i < block.shape().size(); ++i) inner *= block.shape()[i];
  visit_dtype(block.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto size = static_cast<std::size_t>(std::max<index_t>(length, 1));
    const std::unique_ptr<T[]> line(new T[size]);  // std::vector<bool> is no array
    std::vector<std::int64_t> order(positions ? size : 0);
    for (index_t o = 0; o < outer; ++o)
      for (index_t j = 0; j < inner; ++j) {
        const auto at = [&](index_t i) { return (o * length + i) * inner + j; };
        for (index_t i = 0; i < length; ++i) line[static_cast<std::size_t>(i)] = from.as<T>()[at(i)];
        if (positions) {
          std::iota(order.begin(), order.end(), std::int64_t{0});
          std::stable_sort(order.begin(), order.begin() + length,
                           [&](std::int64_t a, std::int64_t b) { return runs::before(line[static_cast<std::size_t>(a)], line[static_cast<std::size_t>(b)]); });
          for (index_t i = 0; i < length; ++i) reinterpret_cast<std::int64_t*>(memory)[at(i)] = order[static_cast<std::size_t>(i)];
        } else {
          // Which of two equal elements comes first does not show.
          T* const end = std::partition(line.get(), line.get() + length, [](T v) { return runs::nan_class(v) == 0; });
          if constexpr (detail::is_complex_type<T>) {
            std::sort(line.get(), end, [](T a, T b) { return runs::before(a, b); });
            std::sort(end, line.get() + length, [](T a, T b) { return runs::before(a, b); });
          } else std::sort(line.get(), end);
          for (index_t i = 0; i < length; ++i) reinterpret_cast<T*>(memory)[at(i)] = line[static_cast<std::size_t>(i)];
        }
      }
  });
  return result;
}

}  // namespace ashlar
