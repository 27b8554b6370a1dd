// Transposing by tiles in vector registers.
#include "ashlar/ndarray/kernels_targets_detail.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ashlar/ndarray/kernels_transpose.cpp"
#include "hwy/foreach_target.h"
//
#include <algorithm>
#include <cstring>

#include "ashlar/ndarray/kernels_detail.hpp"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ashlar::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR || HWY_HAVE_SCALABLE

bool transpose_of(std::int64_t, const std::byte*, index_t, std::byte*, index_t, index_t, index_t) { return false; }

#else

// A tile is a line of cache wide in both memories. Vectors are seen as blocks of 16 bytes, as many as fit: what the n elements of the blocks of n vectors
// hold is transposed by the instructions that interleave, within all blocks at once, and the blocks come from source lines n apart.
constexpr index_t line = 64, block = 16;

using Block16 = hn::Full128<std::uint8_t>;
HWY_INLINE hn::Vec<Block16> load_block(const std::byte* from) { return hn::LoadU(Block16(), reinterpret_cast<const std::uint8_t*>(from)); }

/// A vector's blocks from memory `step` bytes apart.
#if HWY_MAX_BYTES >= 64
using Bytes = hn::FixedTag<std::uint8_t, 64>;
HWY_INLINE hn::Vec<Bytes> load_blocks(const std::byte* from, index_t step) {
  const hn::FixedTag<std::uint8_t, 32> half;
  return hn::Combine(Bytes(), hn::Combine(half, load_block(from + 3 * step), load_block(from + 2 * step)),
                     hn::Combine(half, load_block(from + step), load_block(from)));
}
#elif HWY_MAX_BYTES >= 32
using Bytes = hn::FixedTag<std::uint8_t, 32>;
HWY_INLINE hn::Vec<Bytes> load_blocks(const std::byte* from, index_t step) { return hn::Combine(Bytes(), load_block(from + step), load_block(from)); }
#else
using Bytes = Block16;
HWY_INLINE hn::Vec<Bytes> load_blocks(const std::byte* from, index_t) { return load_block(from); }
#endif

/// One step of a perfect shuffle of the vectors' elements, block by block. After log2(count) of them element j of vector i is what was element i of vector j.
template <class T, std::size_t count>
HWY_INLINE void interleave(hn::Vec<Bytes> (&v)[count]) {
  const hn::Repartition<T, Bytes> d;
  const Bytes bytes;
  hn::Vec<Bytes> w[count];
  for (std::size_t i = 0; i < count / 2; ++i) {
    const auto a = hn::BitCast(d, v[i]), b = hn::BitCast(d, v[i + count / 2]);
    w[2 * i] = hn::BitCast(bytes, hn::InterleaveLower(d, a, b));
    w[2 * i + 1] = hn::BitCast(bytes, hn::InterleaveUpper(d, a, b));
  }
  for (std::size_t i = 0; i < count; ++i) v[i] = w[i];
}

/// One tile; strides in bytes.
template <index_t size>
HWY_INLINE void transpose_tile(const std::byte* from, index_t from_stride, std::byte* to, index_t to_stride) {
  constexpr index_t n = block / size, vector = hn::MaxLanes(Bytes());
  for (index_t p = 0; p < line; p += block) {
    for (index_t q = 0; q < line; q += vector) {
      hn::Vec<Bytes> v[n];
      for (index_t i = 0; i < n; ++i) v[i] = load_blocks(from + (q / size + i) * from_stride + p, n * from_stride);
      if constexpr (size == 1) for (int step = 0; step < 4; ++step) interleave<std::uint8_t>(v);
      if constexpr (size == 2) for (int step = 0; step < 3; ++step) interleave<std::uint16_t>(v);
      if constexpr (size == 4) for (int step = 0; step < 2; ++step) interleave<std::uint32_t>(v);
      if constexpr (size == 8) interleave<std::uint64_t>(v);
      for (index_t i = 0; i < n; ++i) hn::StoreU(v[i], Bytes(), reinterpret_cast<std::uint8_t*>(to + (p / size + i) * to_stride + q));
    }
  }
}

/// Column by column of tiles, so that `to` is written in `side` streams. The lines of `from` lie far apart, which no processor foresees: they are asked
/// for well before, into L2. Where they share their sets of the caches with those before, what is fetched would be gone before it is read, and
/// so would be the next line that comes along with each: then not so far ahead, and eight tiles side by side.
/// Tiles are always whole: the last ones overlap those before.
template <index_t size>
void transpose_all(const std::byte* from, index_t from_stride, std::byte* to, index_t to_stride, index_t rows, index_t columns) {
  constexpr index_t side = line / size;
  const bool shared_sets = from_stride % 4096 == 0;
  const index_t together = shared_sets ? 8 : 1, ahead = shared_sets ? 16 : 64;
  for (index_t top = 0; top < rows; top += together * side) {
    const index_t bottom = std::min(rows, top + together * side), width = (bottom - top) * size;
    for (index_t left = 0; left < columns; left += side) {
      for (index_t i = left + ahead; i < left + ahead + side; ++i) {
        index_t c = i, r = top;
        if (c >= columns) c -= columns, r = bottom;
        if (c >= columns || r == rows) break;
        const std::byte* next = from + c * from_stride + r * size;
        for (index_t at = 0; at < width; at += line) __builtin_prefetch(next + at, 0, 2);
        __builtin_prefetch(next + width - 1, 0, 2);
      }
      const index_t c = std::min(left, columns - side);
      for (index_t r0 = top; r0 < bottom; r0 += side) {
        const index_t r = std::min(r0, rows - side);
        const std::byte* f = from + c * from_stride + r * size;
        std::byte* t = to + r * to_stride + c * size;
        if constexpr (side > 8) {  // more lines than a set of L1 holds
          alignas(line) std::byte square[side * line];
          for (index_t i = 0; i < side; ++i) std::memcpy(square + i * line, f + i * from_stride, line);
          transpose_tile<size>(square, line, t, to_stride);
        } else {
          transpose_tile<size>(f, from_stride, t, to_stride);
        }
      }
    }
  }
}

bool transpose_of(std::int64_t itemsize, const std::byte* from, index_t from_stride, std::byte* to, index_t to_stride, index_t rows, index_t columns) {
  from_stride *= itemsize, to_stride *= itemsize;
  switch (itemsize) {
    case 1: transpose_all<1>(from, from_stride, to, to_stride, rows, columns); break;
    case 2: transpose_all<2>(from, from_stride, to, to_stride, rows, columns); break;
    case 4: transpose_all<4>(from, from_stride, to, to_stride, rows, columns); break;
    case 8: transpose_all<8>(from, from_stride, to, to_stride, rows, columns); break;
    case 16: transpose_all<16>(from, from_stride, to, to_stride, rows, columns); break;
  }
  return true;
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace ashlar::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ashlar::kernels {
HWY_EXPORT(transpose_of);
bool transpose(std::int64_t itemsize, const std::byte* from, index_t from_stride, std::byte* to, index_t to_stride, index_t rows, index_t columns) {
  return HWY_DYNAMIC_DISPATCH(transpose_of)(itemsize, from, from_stride, to, to_stride, rows, columns);
}
}  // namespace ashlar::kernels
#endif
