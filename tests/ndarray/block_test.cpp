#include "ashlar/ndarray/block.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ashlar/base/error.hpp"
#include "random_block.hpp"

using namespace ashlar;
using slow::elements;
using testing::HasSubstr;

namespace {
constexpr DType all_sizes[] = {DType::bool_, DType::int16, DType::float32, DType::float64, DType::complex128};

Block int64s(const Shape& shape) { return slow::counting(DType::int64, shape); }
std::vector<double> reals(const Block& block) {
  std::vector<double> values;
  for (auto v : elements(block)) values.push_back(v.real());
  return values;
}
Block through_wire(const Block& block, std::size_t* nbytes = nullptr) {
  Writer out;
  block.encode(out);
  const Parcel parcel = std::move(out).take();
  if (nbytes) *nbytes = parcel.buffers.at(0).size();
  Reader in(parcel);
  Block back = Block::decode(in);
  EXPECT_TRUE(in.at_end());
  return back;
}
}  // namespace

TEST(Block, is_one_empty_axis_of_float64_by_default) {
  const Block block;
  EXPECT_EQ(block.shape(), Shape{0});
  EXPECT_EQ(block.dtype(), DType::float64);
  EXPECT_EQ(block.nbytes(), 0);
}

TEST(Block, full_stores_one_element) {
  const Block block = Block::full({3, 4}, ScalarValue::of(2.5));
  EXPECT_EQ(block.buffer().size(), 8u);
  EXPECT_EQ(block.nbytes(), 96);
  EXPECT_EQ(reals(block), std::vector<double>(12, 2.5));
}

TEST(Block, slices_backwards_and_in_steps) {
  const Block block = int64s({3, 4});  //  0 1 2 3 / 4 5 6 7 / 8 9 10 11
  const index_t start[] = {2, 3}, count[] = {2, 2}, step[] = {-2, -3};
  const Block part = block.slice(start, count, step);
  EXPECT_EQ(reals(part), (std::vector<double>{11, 8, 3, 0}));
  EXPECT_FALSE(part.is_contiguous());
  EXPECT_EQ(reals(part.contiguous()), (std::vector<double>{11, 8, 3, 0}));
}

TEST(Block, refuses_a_slice_that_leaves_it) {
  const Block block = int64s({4});
  const index_t start[] = {2}, count[] = {3}, step[] = {1}, back[] = {-1};
  EXPECT_THROW(block.slice(start, count, step), InternalError);
  EXPECT_NO_THROW(block.slice(start, count, back));
}

TEST(Block, transposes_without_a_copy) {
  const Block block = int64s({2, 3});
  const int axes[] = {1, 0};
  EXPECT_EQ(reals(block.transpose(axes)), (std::vector<double>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(block.transpose(axes).data(), block.data());
  const int twice[] = {0, 0};
  EXPECT_THROW(block.transpose(twice), ValueError);
}

TEST(Block, reshapes_as_a_view_where_strides_allow_it) {
  const Block block = int64s({4, 6});
  EXPECT_EQ(block.reshape({2, 2, -1}).data(), block.data());
  const index_t start[] = {0, 0}, count[] = {4, 3}, step[] = {1, 2};
  const Block stepped = block.slice(start, count, step);  // rows of 3 with stride 2: 4 x 3 walks on without a gap
  EXPECT_EQ(stepped.reshape({12}).data(), block.data());
  EXPECT_EQ(reals(stepped.reshape({2, 6})), (std::vector<double>{0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22}));
  const int axes[] = {1, 0};
  EXPECT_NE(block.transpose(axes).reshape({24}).data(), block.data());
  EXPECT_EQ(block.transpose(axes).reshape({3, 2, 4}).data(), block.data());
  EXPECT_THROW(block.reshape({5, 5}), ShapeError);
}

TEST(Block, make_writable_copies_only_when_somebody_else_holds_the_buffer) {
  Block mine = int64s({4});
  const std::byte* before = mine.data();
  EXPECT_EQ(mine.make_writable(), before);
  const Block other = mine;
  EXPECT_NE(mine.make_writable(), before);
  reinterpret_cast<std::int64_t*>(mine.make_writable())[0] = 99;
  EXPECT_EQ(reals(other)[0], 0);
  EXPECT_EQ(reals(mine)[0], 99);
}

TEST(Block, make_writable_expands_repeated_elements) {
  Block block = Block::full({3}, ScalarValue::of<std::int64_t>(7));
  reinterpret_cast<std::int64_t*>(block.make_writable())[1] = 8;
  EXPECT_EQ(reals(block), (std::vector<double>{7, 8, 7}));
}

TEST(Block, make_writable_never_writes_memory_of_somebody_else) {
  double theirs[] = {1, 2};
  Block block(DType::float64, {2}, Buffer::wrap(theirs, sizeof theirs));
  reinterpret_cast<double*>(block.make_writable())[0] = 9;
  EXPECT_EQ(theirs[0], 1);
}

TEST(Block, broadcasts_with_zero_strides) {
  const Block row = int64s({3});
  EXPECT_EQ(reals(row.broadcast_to({2, 3})), (std::vector<double>{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(reals(int64s({2, 1}).broadcast_to({2, 2})), (std::vector<double>{0, 0, 1, 1}));
  try {
    row.broadcast_to({3, 2});
    FAIL();
  } catch (const ShapeError& error) {
    EXPECT_STREQ(error.what(), "shape (3,) does not broadcast to shape (3, 2)");
  }
}

TEST(Block, item_names_axis_index_and_length) {
  const Block block = int64s({2, 5});
  const index_t last[] = {-1, -1}, outside[] = {1, 7};
  EXPECT_EQ(block.item(last).as<int>(), 9);
  try {
    block.item(outside);
    FAIL();
  } catch (const IndexError& error) {
    EXPECT_STREQ(error.what(), "index 7 is outside axis 1 of length 5");
  }
}

TEST(Block, assign_refuses_other_shapes_and_types) {
  Block block = int64s({2});
  EXPECT_THROW(block.assign(int64s({3})), ShapeError);
  EXPECT_THROW(block.assign(slow::counting(DType::float64, {2})), TypeError);
}

TEST(Block, assign_from_an_overlapping_view_of_itself_reads_before_it_writes) {
  Block block = int64s({5});
  const index_t start[] = {4}, count[] = {5}, step[] = {-1};
  const Block reversed = block.slice(start, count, step);
  block.assign(reversed);
  EXPECT_EQ(reals(block), (std::vector<double>{4, 3, 2, 1, 0}));
}

TEST(Block, allocate_refuses_lengths_that_memory_cannot_have) {
  EXPECT_THROW(Block::allocate(DType::int8, {unknown}), ShapeError);
  EXPECT_THROW(Block::allocate(DType::float64, {1L << 40, 1L << 40}), ShapeError);
  EXPECT_EQ(Block::allocate(DType::float64, {1L << 40, 1L << 40, 0}).size(), 0);
  EXPECT_EQ(Block::allocate(DType::float64, {0, 1L << 40, 1L << 40}).size(), 0);
}

TEST(Block, sends_repeated_elements_once_and_packs_what_is_not_contiguous) {
  std::size_t nbytes = 0;
  EXPECT_EQ(reals(through_wire(Block::full({100, 100}, ScalarValue::of(3.0)), &nbytes)), std::vector<double>(10000, 3.0));
  EXPECT_EQ(nbytes, 8u);
  EXPECT_EQ(reals(through_wire(int64s({3}).broadcast_to({2, 3}), &nbytes)), (std::vector<double>{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(nbytes, 24u);
  const index_t start[] = {0}, count[] = {2}, step[] = {3};
  EXPECT_EQ(reals(through_wire(int64s({6}).slice(start, count, step), &nbytes)), (std::vector<double>{0, 3}));
  EXPECT_EQ(nbytes, 16u);
}

TEST(Block, sends_the_larger_part_of_a_buffer_without_a_copy) {
  const Block block = int64s({6});
  const index_t start[] = {1}, large[] = {4}, small[] = {2}, step[] = {1};
  EXPECT_EQ(through_wire(block).data(), block.data());
  EXPECT_EQ(through_wire(block.slice(start, large, step)).data(), block.data() + 8);
  EXPECT_NE(through_wire(block.slice(start, small, step)).data(), block.data() + 8);
  EXPECT_EQ(reals(through_wire(block.slice(start, small, step))), (std::vector<double>{1, 2}));
}

TEST(Block, decode_refuses_a_buffer_that_is_too_small) {
  Writer out;
  out.put(DType::float64);
  out.array(std::vector<index_t>{4});
  out.array(std::vector<index_t>{4});
  out.buffer(Buffer::zeros(8));
  const Parcel parcel = std::move(out).take();
  Reader in(parcel);
  EXPECT_THROW(Block::decode(in), InternalError);
}

TEST(Block, random_views_hold_what_index_arithmetic_says_seed_1) {
  std::mt19937 rng(1);
  for (int round = 0; round < 1500; ++round) {
    const auto t = slow::random_view(rng, all_sizes[static_cast<std::size_t>(round) % std::size(all_sizes)]);
    const auto wanted = slow::wanted(t);
    const auto trace = "round " + std::to_string(round) + ", shape " + to_string(t.block.shape());
    ASSERT_EQ(elements(t.block), wanted) << trace;
    const Block packed = t.block.contiguous();
    ASSERT_TRUE(packed.is_contiguous()) << trace;
    ASSERT_EQ(elements(packed), wanted) << trace;
    ASSERT_EQ(elements(through_wire(t.block)), wanted) << trace;
    ASSERT_EQ(elements(t.block.reshape({-1 + (t.block.size() == 0)})), wanted) << trace;
    ASSERT_EQ(elements(t.block.without_repeats().broadcast_to(t.block.shape())), wanted) << trace;
    const Block cast = t.block.astype(DType::complex64);
    ASSERT_EQ(cast.shape(), t.block.shape()) << trace;
    ASSERT_EQ(elements(cast), wanted) << trace;  // at most 9^4: exact in float32
  }
}

TEST(Block, random_views_are_assigned_element_by_element_seed_2) {
  std::mt19937 rng(2);
  for (int round = 0; round < 800; ++round) {
    const auto type = all_sizes[static_cast<std::size_t>(round) % std::size(all_sizes)];
    const auto from = slow::random_view(rng, type);
    // A destination with strides of its own: a stepped, permuted part of a larger block.
    std::vector<int> order, back;
    for (int i = 0; i < from.block.ndim(); ++i) order.push_back(i);
    std::shuffle(order.begin(), order.end(), rng);
    Shape large;
    slow::Index start, step, count;
    for (int axis : order) {
      const index_t n = from.block.shape()[static_cast<std::size_t>(axis)], stride = 1 + static_cast<index_t>(rng() % 3);
      const bool reversed = rng() % 2;
      large.v.push_back(n * stride);
      step.push_back(reversed ? -stride : stride);
      start.push_back(n == 0 ? 0 : reversed ? (n - 1) * stride : 0);
      count.push_back(n);
    }
    back.resize(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) back[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
    Block to = Block::zeros(type, large).slice(start, count, step).transpose(back);
    to.assign(from.block);
    ASSERT_EQ(elements(to), slow::wanted(from)) << "round " << round << ", shape " << from.block.shape();
  }
}

TEST(Block, large_transposes_copy_every_element) {
  for (DType type : {DType::uint8, DType::int16, DType::float32, DType::int64, DType::complex128}) {
    const Block block = slow::counting(type, {70, 3, 130});
    for (const auto& axes : std::vector<std::vector<int>>{{2, 1, 0}, {2, 0, 1}, {0, 2, 1}, {1, 2, 0}, {1, 0, 2}}) {
      const Block view = block.transpose(axes);
      const Block packed = view.contiguous();
      ASSERT_EQ(elements(packed), elements(view)) << dtype_name(type) << axes[0] << axes[1] << axes[2];
    }
  }
}
