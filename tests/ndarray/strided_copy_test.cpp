#include "ashlar/ndarray/strided_copy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ashlar/ndarray/program.hpp"

using namespace ashlar;

namespace {

/// The sets of instructions that this machine has, each as wide as one target, and the baseline.
std::vector<std::int64_t> instruction_sets() {
  std::vector<std::int64_t> sets;
  for (std::int64_t bit = 1; bit > 0 && bit < (std::int64_t(1) << 62); bit <<= 1)
    if (simd_targets() & bit) sets.push_back(~(bit - 1));
  sets.push_back(0);
  return sets;
}

/// Two dimensions and where index (0, 0) lies, in elements.
struct Layout {
  index_t start, strides[2];

  /// Dense along one axis, `gap` unused elements after each run of it; either axis may be numbered backwards.
  static Layout of(index_t dense, index_t other, int dense_axis, index_t gap, bool dense_backwards, bool other_backwards) {
    Layout layout{0, {}};
    const index_t stride = dense + gap;
    layout.strides[dense_axis] = dense_backwards ? -1 : 1;
    layout.strides[1 - dense_axis] = other_backwards ? -stride : stride;
    if (dense_backwards) layout.start += dense - 1;
    if (other_backwards) layout.start += stride * (other - 1);
    return layout;
  }
};

/// Copies a matrix that is dense along axis 0 to one that is dense along axis 1 and compares each byte of the destination's memory.
testing::AssertionResult copies(std::int64_t size, index_t rows, index_t columns, Layout from, Layout to, index_t from_elements, index_t to_elements,
                                index_t shift) {
  std::vector<std::byte> source(static_cast<std::size_t>((from_elements + shift) * size));
  for (std::size_t i = 0; i < source.size(); ++i) source[i] = static_cast<std::byte>((i * 0x9E3779B97F4A7C15) >> 56);
  std::vector<std::byte> wanted(static_cast<std::size_t>((to_elements + 2 * shift) * size), std::byte{0xA5}), found = wanted;
  from.start += shift, to.start += shift;
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < columns; ++c)
      std::copy_n(source.data() + (from.start + r * from.strides[0] + c * from.strides[1]) * size, size,
                  wanted.data() + (to.start + r * to.strides[0] + c * to.strides[1]) * size);
  strided_copy(found.data() + to.start * size, to.strides, source.data() + from.start * size, from.strides, Shape{rows, columns}, size);
  if (found == wanted) return testing::AssertionSuccess();
  const auto at = std::mismatch(found.begin(), found.end(), wanted.begin()).first - found.begin();
  return testing::AssertionFailure() << rows << " x " << columns << " of " << size << " bytes on " << simd_target_name() << ": byte " << at
                                     << " of the destination";
}

}  // namespace

TEST(StridedCopy, transposes_every_size_around_the_borders_of_tiles) {
  for (std::int64_t set : instruction_sets()) {
    restrict_simd_targets(set);
    for (std::int64_t size : {1, 2, 4, 8, 16}) {
      const index_t side = 64 / size;  // of a tile
      int number = 0;
      for (index_t rows : {side - 1, side, side + 1, 2 * side, 3 * side - 1})
        for (index_t columns : {side - 1, side, side + 1, 2 * side - 1, 64 + side, 64 + 2 * side + 1}) {
          const int way = number++ % 16;  // backwards or not, either axis, either memory
          const index_t from_gap = number % 3, to_gap = number % 4, shift = number % 5;
          const Layout from = Layout::of(rows, columns, 0, from_gap, way & 1, way & 2), to = Layout::of(columns, rows, 1, to_gap, way & 4, way & 8);
          EXPECT_TRUE(copies(size, rows, columns, from, to, (rows + from_gap) * columns, (columns + to_gap) * rows, shift)) << "way " << way;
        }
    }
    restrict_simd_targets(-1);
  }
}

TEST(StridedCopy, transposes_lines_of_memory_that_share_a_set_of_the_caches) {
  for (std::int64_t set : instruction_sets()) {
    restrict_simd_targets(set);
    for (std::int64_t size : {1, 2, 4, 8, 16}) {
      const index_t side = 64 / size;
      for (index_t rows : {side, 8 * side, 8 * side + 1, 17 * side - 1})
        for (index_t columns : {side, 2 * side + 1, 20 + side})
          for (bool backwards : {false, true}) {
            const index_t stride = (rows * size + 4095) / 4096 * 4096 / size;
            const Layout from = Layout::of(rows, columns, 0, stride - rows, backwards, !backwards), to = Layout::of(columns, rows, 1, 0, false, backwards);
            EXPECT_TRUE(copies(size, rows, columns, from, to, stride * columns, rows * columns, 1));
          }
    }
    restrict_simd_targets(-1);
  }
}

TEST(StridedCopy, transposes_what_is_dense_in_one_memory_only) {
  for (std::int64_t size : {1, 2, 4, 8, 16}) {
    const index_t rows = 70, columns = 75;
    const Layout dense_rows{0, {1, rows}}, every_second{0, {2, 2 * rows}}, dense{0, {columns, 1}}, spread{0, {3 * columns, 3}};
    EXPECT_TRUE(copies(size, rows, columns, every_second, dense, 2 * rows * columns, rows * columns, 0));
    EXPECT_TRUE(copies(size, rows, columns, dense_rows, spread, rows * columns, 3 * rows * columns, 0));
  }
}
