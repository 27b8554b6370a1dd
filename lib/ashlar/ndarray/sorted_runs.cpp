#include "ashlar/ndarray/sorted_runs.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <type_traits>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/sort_order_detail.hpp"

namespace ashlar::runs {
namespace {

/// Digit number d of a key is byte d % 8 from the top of word d / 8.
using Key = std::array<std::uint64_t, 3>;

/// Which digits of a key a type uses, the highest first. A complex number's first is where it has NaN.
int digit_of_round(DType type, int round) {
  if (!is_complex(type)) return round;
  if (type == DType::complex128) return 7 + round;
  constexpr int digits[] = {7, 8, 9, 10, 11, 16, 17, 18, 19};
  return digits[round];
}
int shift_of_digit(int digit) { return 56 - 8 * (digit % 8); }

template <class T>
std::uint64_t word_of(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    using U = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    constexpr int top = 8 * static_cast<int>(sizeof(U)) - 1;
    if (value != value) return ~std::uint64_t{0} << (63 - top);  // in the digits that the type has
    const U bits = std::bit_cast<U>(value + T(0));  // -0.0 becomes 0.0
    const U key = bits >> top ? static_cast<U>(~bits) : static_cast<U>(bits | U{1} << top);
    return static_cast<std::uint64_t>(key) << (63 - top);
  } else {
    using U = std::make_unsigned_t<std::conditional_t<std::is_same_v<T, bool>, std::uint8_t, T>>;
    auto bits = static_cast<U>(value);
    if constexpr (std::is_signed_v<T>) bits = static_cast<U>(bits ^ U(U{1} << (8 * sizeof(U) - 1)));
    return static_cast<std::uint64_t>(bits) << (64 - 8 * sizeof(U));
  }
}
template <class T>
Key run_key(T value) {
  if constexpr (detail::is_complex_type<T>) {
    const int nans = nan_class(value);
    return {static_cast<std::uint64_t>(nans), nans & 2 ? 0 : word_of(value.real()), nans & 1 ? 0 : word_of(value.imag())};
  } else return {word_of(value), 0, 0};
}

/// A run or a piece as typed memory: the values and the places of line after line.
template <class T, class P>
struct Look {
  const T* values;
  const P* places;
};
constexpr bool values_first(std::size_t value, std::size_t place) { return value >= place; }
template <class T, class P>
Look<T, P> look_at(const std::byte* memory, index_t elements, bool has_places) {
  const std::byte* second = memory + elements * static_cast<index_t>(values_first(sizeof(T), sizeof(P)) ? sizeof(T) : sizeof(P));
  if (!has_places) return {reinterpret_cast<const T*>(memory), nullptr};
  if (values_first(sizeof(T), sizeof(P))) return {reinterpret_cast<const T*>(memory), reinterpret_cast<const P*>(second)};
  return {reinterpret_cast<const T*>(second), reinterpret_cast<const P*>(memory)};
}
template <class F>
void visit_format(Format format, F&& f) {
  visit_dtype(format.type, [&]<class T>(std::type_identity<T> type) {
    if (format.places == 8) f(type, std::type_identity<std::int64_t>{});
    else f(type, std::type_identity<std::uint32_t>{});
  });
}

Shape with_last(Shape shape, index_t last) {
  shape[shape.size() - 1] = last;
  return shape;
}
index_t lines_of(const Block& block) {
  index_t lines = 1;
  for (std::size_t i = 0; i + 1 < block.shape().size(); ++i) lines *= block.shape()[i];
  return lines;
}
index_t last_of(const Block& block) { return block.shape()[block.shape().size() - 1]; }

/// The first of n ascending elements from `begin` on whose key is not before (`or_equal`: is behind) another.
template <class T>
index_t bound(const T* x, index_t begin, index_t end, const Key& key, bool or_equal) {
  return std::partition_point(x + begin, x + end, [&](T value) { return or_equal ? run_key(value) <= key : run_key(value) < key; }) - x;
}
Key key_of_state(const std::int64_t* state) { return {static_cast<std::uint64_t>(state[0]), static_cast<std::uint64_t>(state[1]), static_cast<std::uint64_t>(state[2])}; }

template <class T, class P>
void sort_line(const T* from, const std::int64_t* numbers, index_t n, T* values, P* places) {
  if (!places) {
    std::copy(from, from + n, values);
    T* const end = std::partition(values, values + n, [](T v) { return nan_class(v) == 0; });
    if constexpr (detail::is_complex_type<T>) {
      std::sort(values, end, [](T a, T b) { return before(a, b); });
      std::sort(end, values + n, [](T a, T b) { return before(a, b); });
    } else std::sort(values, end);
    return;
  }
  struct Item {
    T value;
    P place;
  };
  const std::unique_ptr<Item[]> items(new Item[static_cast<std::size_t>(n)]);
  for (index_t i = 0; i < n; ++i) items[static_cast<std::size_t>(i)] = {from[i], static_cast<P>(numbers ? numbers[i] : i)};
  std::stable_sort(items.get(), items.get() + n, [](const Item& a, const Item& b) { return before(a.value, b.value); });
  for (index_t i = 0; i < n; ++i) {
    values[i] = items[static_cast<std::size_t>(i)].value;
    places[i] = items[static_cast<std::size_t>(i)].place;
  }
}

/// Neighbouring stretches [ends[i - 1], ends[i]) are in order; afterwards all is. Stable.
template <class T, class P>
void merge_stretches(T* values, P* places, std::vector<index_t> ends) {
  const index_t n = ends.back();
  const std::unique_ptr<T[]> other_values(new T[static_cast<std::size_t>(n)]);
  const std::unique_ptr<P[]> other_places(places ? new P[static_cast<std::size_t>(n)] : nullptr);
  T *from = values, *to = other_values.get();
  P *from_places = places, *to_places = other_places.get();
  while (ends.size() > 1) {
    std::vector<index_t> merged;
    index_t begin = 0;
    for (std::size_t s = 0; s < ends.size(); s += 2) {
      const index_t middle = ends[s], end = s + 1 < ends.size() ? ends[s + 1] : middle;
      index_t a = begin, b = middle;
      for (index_t at = begin; at < end; ++at) {
        const bool second = b < end && (a == middle || before(from[b], from[a]));
        const index_t taken = second ? b++ : a++;
        to[at] = from[taken];
        if (places) to_places[at] = from_places[taken];
      }
      merged.push_back(end);
      begin = end;
    }
    ends = std::move(merged);
    std::swap(from, to);
    std::swap(from_places, to_places);
  }
  if (from == values) return;
  std::copy(from, from + n, values);
  if (places) std::copy(from_places, from_places + n, places);
}

}  // namespace

int rounds(DType type) { return type == DType::complex64 ? 9 : type == DType::complex128 ? 17 : type == DType::bool_ ? 1 : static_cast<int>(itemsize(type)); }

Block sorted(const Block& block, Format format, const Block* numbers) {
  const Block from = block.contiguous(), given = numbers ? numbers->contiguous() : Block();
  const index_t n = last_of(from), lines = lines_of(from);
  Block run = Block::allocate(DType::uint8, with_last(from.shape(), n * format.width()));
  std::byte* memory = run.make_writable();
  visit_format(format, [&]<class T, class P>(std::type_identity<T>, std::type_identity<P>) {
    const auto to = look_at<T, P>(memory, lines * n, format.places != 0);
    for (index_t line = 0; line < lines; ++line)
      sort_line(from.as<T>() + line * n, numbers ? given.as<std::int64_t>() + line * n : nullptr, n, const_cast<T*>(to.values) + line * n,
                to.places ? const_cast<P*>(to.places) + line * n : nullptr);
  });
  return run;
}

Block digit_counts(const Block& run, Format format, const Block* state, index_t cuts, int round) {
  const Block from = run.contiguous(), at = state ? state->contiguous() : Block();
  const index_t n = last_of(from) / format.width(), lines = lines_of(from);
  Block result = Block::zeros(DType::int64, with_last(from.shape(), cuts * digit_values));
  auto* counts = reinterpret_cast<std::int64_t*>(result.make_writable());
  const int digit = digit_of_round(format.type, round), shift = shift_of_digit(digit);
  const auto word = static_cast<std::size_t>(digit / 8);
  visit_format(format, [&]<class T, class P>(std::type_identity<T>, std::type_identity<P>) {
    const auto all = look_at<T, P>(from.as<std::byte>(), lines * n, format.places != 0);
    for (index_t line = 0; line < lines; ++line) {
      const T* x = all.values + line * n;
      for (index_t cut = 0; cut < cuts; ++cut, counts += digit_values) {
        if (!state && cut > 0) {  // nothing is settled: all cuts count the same
          std::copy(counts - digit_values, counts, counts);
          continue;
        }
        Key low = state ? key_of_state(at.as<std::int64_t>() + (line * cuts + cut) * state_width) : Key{};
        Key high = low;
        high[word] |= shift == 56 ? ~std::uint64_t{0} : (std::uint64_t{1} << (shift + 8)) - 1;
        for (std::size_t w = word + 1; w < high.size(); ++w) high[w] = ~std::uint64_t{0};
        index_t begin = state ? bound(x, 0, n, low, false) : 0;
        const index_t end = state ? bound(x, begin, n, high, true) : n;
        for (std::uint64_t value = 0; begin < end; ++value) {
          index_t next = end;
          if (value + 1 < static_cast<std::uint64_t>(digit_values)) {
            Key border = low;
            border[word] |= (value + 1) << shift;
            next = bound(x, begin, end, border, false);
          }
          counts[value] = next - begin;
          begin = next;
        }
      }
    }
  });
  return result;
}

Block settle(const Block& counts, const Block* state, std::span<const index_t> ranks, DType type, int round) {
  const Block all = counts.contiguous();
  const auto cuts = static_cast<index_t>(ranks.size());
  const index_t lines = lines_of(all);
  Block next = state ? state->contiguous() : Block::zeros(DType::int64, with_last(all.shape(), cuts * state_width));
  auto* rows = reinterpret_cast<std::int64_t*>(next.make_writable());
  const int digit = digit_of_round(type, round), shift = shift_of_digit(digit);
  for (index_t i = 0; i < lines * cuts; ++i, rows += state_width) {
    const auto* values = all.as<std::int64_t>() + i * digit_values;
    std::int64_t rank = state ? rows[3] : ranks[static_cast<std::size_t>(i % cuts)];
    index_t value = 0;
    while (value + 1 < digit_values && rank >= values[value]) rank -= values[value++];
    rows[digit / 8] = static_cast<std::int64_t>(static_cast<std::uint64_t>(rows[digit / 8]) | static_cast<std::uint64_t>(value) << shift);
    rows[3] = rank;
  }
  return next;
}

Block ties(const Block& run, Format format, const Block& state) {
  const Block from = run.contiguous(), at = state.contiguous();
  const index_t n = last_of(from) / format.width(), lines = lines_of(from), cuts = last_of(at) / state_width;
  Block result = Block::allocate(DType::int64, with_last(from.shape(), cuts));
  auto* to = reinterpret_cast<std::int64_t*>(result.make_writable());
  visit_format(format, [&]<class T, class P>(std::type_identity<T>, std::type_identity<P>) {
    const auto all = look_at<T, P>(from.as<std::byte>(), lines * n, format.places != 0);
    for (index_t i = 0; i < lines * cuts; ++i) {
      const T* x = all.values + i / cuts * n;
      const Key key = key_of_state(at.as<std::int64_t>() + i * state_width);
      const index_t begin = bound(x, 0, n, key, false);
      to[i] = bound(x, begin, n, key, true) - begin;
    }
  });
  return result;
}

Block piece(const Block& run, Format format, const Block& state, const Block& before_run, std::span<const index_t> ranks, index_t total, index_t part) {
  const Block from = run.contiguous(), at = state.contiguous(), earlier = before_run.contiguous();
  const index_t n = last_of(from) / format.width(), lines = lines_of(from);
  const auto cuts = static_cast<index_t>(ranks.size());
  Block result;
  visit_format(format, [&]<class T, class P>(std::type_identity<T>, std::type_identity<P>) {
    const auto all = look_at<T, P>(from.as<std::byte>(), lines * n, format.places != 0);
    const auto place_of_cut = [&](index_t line, index_t cut) -> index_t {
      if (cut < 0) return 0;
      if (cut == cuts) return n;
      const index_t rank = ranks[static_cast<std::size_t>(cut)];
      if (rank <= 0) return 0;
      if (rank >= total) return n;
      const auto* row = at.as<std::int64_t>() + (line * cuts + cut) * state_width;
      const Key key = key_of_state(row);
      const T* x = all.values + line * n;
      const index_t begin = bound(x, 0, n, key, false), equal = bound(x, begin, n, key, true) - begin;
      return begin + std::clamp<index_t>(row[3] - earlier.as<std::int64_t>()[line * cuts + cut], 0, equal);
    };
    std::vector<index_t> begins, lengths;
    index_t elements = 0;
    for (index_t line = 0; line < lines; ++line) {
      begins.push_back(place_of_cut(line, part - 1));
      lengths.push_back(place_of_cut(line, part) - begins.back());
      elements += lengths.back();
    }
    const index_t head = lines * static_cast<index_t>(sizeof(index_t));
    result = Block::allocate(DType::uint8, Shape{head + elements * format.width()});
    std::byte* memory = result.make_writable();
    if (head > 0) std::memcpy(memory, lengths.data(), static_cast<std::size_t>(head));
    const auto to = look_at<T, P>(memory + head, elements, format.places != 0);
    index_t out = 0;
    for (index_t line = 0; line < lines; ++line) {
      const index_t first = line * n + begins[static_cast<std::size_t>(line)], count = lengths[static_cast<std::size_t>(line)];
      std::copy_n(all.values + first, count, const_cast<T*>(to.values) + out);
      if (to.places) std::copy_n(all.places + first, count, const_cast<P*>(to.places) + out);
      out += count;
    }
  });
  return result;
}

Block merged(std::span<const Block> pieces, Format format, const Shape& shape, bool want_places, std::span<const index_t> starts) {
  const index_t n = shape[shape.size() - 1];
  index_t lines = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) lines *= shape[i];
  std::vector<Block> held;
  for (const Block& block : pieces) held.push_back(block.contiguous());
  Block result = Block::allocate(want_places ? DType::int64 : format.type, shape);
  std::byte* memory = result.make_writable();
  visit_format(format, [&]<class T, class P>(std::type_identity<T>, std::type_identity<P>) {
    struct Source {
      const std::int64_t* lengths;
      Look<T, P> all;
      index_t at = 0;
    };
    std::vector<Source> sources;
    const index_t head = lines * static_cast<index_t>(sizeof(index_t));
    for (const Block& block : held)
      sources.push_back({block.as<std::int64_t>(), look_at<T, P>(block.as<std::byte>() + head, (block.size() - head) / format.width(), format.places != 0)});
    const std::unique_ptr<T[]> values_of_line(want_places ? new T[static_cast<std::size_t>(n)] : nullptr);
    for (index_t line = 0; line < lines; ++line) {
      T* values = want_places ? values_of_line.get() : reinterpret_cast<T*>(memory) + line * n;
      std::int64_t* places = want_places ? reinterpret_cast<std::int64_t*>(memory) + line * n : nullptr;
      std::vector<index_t> ends;
      index_t at = 0;
      for (std::size_t i = 0; i < sources.size(); ++i) {
        Source& source = sources[i];
        const index_t count = source.lengths[line];
        if (at + count > n) throw InternalError("pieces of a sorted line are longer than its chunk: " + std::to_string(at + count) + ", wanted " + std::to_string(n));
        std::copy_n(source.all.values + source.at, count, values + at);
        if (places)
          for (index_t k = 0; k < count; ++k) places[at + k] = static_cast<std::int64_t>(source.all.places[source.at + k]) + starts[i];
        source.at += count;
        at += count;
        if (count > 0) ends.push_back(at);
      }
      if (at != n) throw InternalError("pieces of a sorted line are shorter than its chunk: " + std::to_string(at) + ", wanted " + std::to_string(n));
      if (ends.size() > 1) merge_stretches(values, places, std::move(ends));
    }
  });
  return result;
}

}  // namespace ashlar::runs
