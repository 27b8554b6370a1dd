#include "ashlar/ndarray/slice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <sstream>

#include "ashlar/base/error.hpp"
#include "message_of.hpp"
#include "python_oracle.hpp"
#include "random_block.hpp"

using namespace ashlar;
using testing::HasSubstr;

namespace {
struct WholeAxis {
  operator Range() const { return {}; }
};

template <class... I>
BasicSlice normalized(const Shape& shape, I... index) {
  const std::vector<BasicIndex> list{BasicIndex(index)...};
  return normalize_slices(list, shape);
}
}  // namespace

TEST(SliceAxis, clips_as_python) {
  EXPECT_EQ(slice_axis(range(2, 10), 5), (AxisSlice{2, 3, 1}));
  EXPECT_EQ(slice_axis(range(_, _, -1), 5), (AxisSlice{4, 5, -1}));
  EXPECT_EQ(slice_axis(range(-3, -1), 5), (AxisSlice{2, 2, 1}));
  EXPECT_EQ(slice_axis(range(_, _, 2), 5), (AxisSlice{0, 3, 2}));
  EXPECT_EQ(slice_axis(range(3), 5), (AxisSlice{0, 3, 1}));
  EXPECT_EQ(slice_axis(range(4, 1, -2), 5), (AxisSlice{4, 2, -2}));
}

TEST(SliceAxis, empty_slices_start_at_zero_with_step_one) {
  EXPECT_EQ(slice_axis(range(4, 2), 5), (AxisSlice{0, 0, 1}));
  EXPECT_EQ(slice_axis(range(7, _, -3), 0), (AxisSlice{0, 0, 1}));
  EXPECT_EQ(slice_axis(range(3, _, 100), 5), (AxisSlice{3, 1, 1}));
}

TEST(SliceAxis, agrees_with_python_on_all_small_slices) {
  const auto python = oracle::python_with("numpy");
  if (!python) GTEST_SKIP() << "no Python";
  std::istringstream lines(oracle::run(*python, "slices"));
  int cases = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    std::istringstream in(line);
    index_t length;
    in >> length;
    Bound bounds[3];
    for (Bound& bound : bounds) {
      std::string word;
      in >> word;
      if (word != "_") bound = Bound(std::stoll(word));
    }
    const AxisSlice slice = slice_axis(Range{bounds[0], bounds[1], bounds[2]}, length);
    std::vector<index_t> kept;
    for (index_t i = 0; i < slice.count; ++i) kept.push_back(slice.start + slice.step * i);
    ASSERT_EQ(kept, oracle::integers(line.substr(line.find(':') + 1))) << line;
  }
  EXPECT_GT(cases, 20000);
}

TEST(SliceAxis, refuses_step_zero_and_cutting_an_unknown_length) {
  EXPECT_THAT(message_of<ValueError>([] { slice_axis(range(_, _, 0), 5, 2); }), HasSubstr("step must not be 0: axis 2"));
  EXPECT_THAT(message_of<ShapeError>([] { slice_axis(range(1, _), unknown, 1); }), HasSubstr("compute_chunk_sizes()"));
  EXPECT_EQ(slice_axis(range(_, _), unknown), (AxisSlice{0, unknown, 1}));
}

TEST(NormalizeSlices, takes_missing_axes_whole) {
  const auto slice = normalized({4, 5}, 1);
  EXPECT_EQ(slice.shape, Shape{5});
  EXPECT_EQ(slice.axes, (std::vector<AxisSlice>{{1, 1, 1, true}, {0, 5, 1, false}}));
  EXPECT_TRUE(normalized({4, 5}).takes_all({4, 5}));
  EXPECT_FALSE(slice.takes_all({4, 5}));
}

TEST(NormalizeSlices, places_ellipsis_and_new_axes) {
  EXPECT_EQ(normalized({4, 5, 6}, ellipsis, -1).shape, (Shape{4, 5}));
  EXPECT_EQ(normalized({4, 5, 6}, newaxis, 0, ellipsis, newaxis, _).shape, (Shape{1, 5, 1, 6}));
  EXPECT_EQ(normalized({4, 5, 6}, newaxis, 0, ellipsis, newaxis, _).new_axes, (std::vector<int>{0, 2}));
  EXPECT_EQ(normalized({4}, 2, ellipsis).shape, Shape{});
  EXPECT_EQ(normalized({}, newaxis).shape, Shape{1});
}

TEST(NormalizeSlices, takes_text_among_other_indices_and_types_that_are_ranges) {
  EXPECT_EQ(normalized({4, 5, 6}, "1:3, ::-2", 0).shape, (Shape{2, 3}));
  EXPECT_EQ(normalized({4, 5, 6}, WholeAxis{}, 0).shape, (Shape{4, 6}));
}

TEST(NormalizeSlices, errors_name_axis_index_and_length) {
  EXPECT_EQ(message_of<IndexError>([] { normalized({4, 5}, 0, 7); }), "index 7 is outside axis 1 of length 5");
  EXPECT_EQ(message_of<IndexError>([] { normalized({4, 5}, -5); }), "index -5 is outside axis 0 of length 4");
  EXPECT_EQ(message_of<IndexError>([] { normalized({4, 5}, 0, _, 0); }), "too many indices: shape (4, 5) has 2 axes, found 3 indices");
  EXPECT_THAT(message_of<IndexError>([] { normalized({4}, ellipsis, ellipsis); }), HasSubstr("one ellipsis, found 2"));
  EXPECT_THAT(message_of<ShapeError>([] { normalized({unknown}, 0); }), HasSubstr("unknown length cannot be indexed"));
}

TEST(ParseSlices, refuses_what_numpy_would_not_parse) {
  for (const char* text : {"", " ", "a", "1:2:3:4", "1.5", "0,,1", ",0", "1 2", "+-1", "0x1", "....", "99999999999999999999", "--1", "[0]"})
    EXPECT_THAT(message_of<ValueError>([&] { parse_slices(text); }), HasSubstr("not a slice: \"")) << '"' << text << '"';
  EXPECT_EQ(message_of<ValueError>([] { parse_slices("0, b:2"); }),
            "not a slice: \"b:2\" in \"0, b:2\"; wanted an integer, start:stop:step, \"...\" or \"newaxis\" per axis, separated by commas");
}

TEST(ParseSlices, takes_spaces_signs_none_and_a_last_comma) {
  EXPECT_EQ(parse_slices(" 1 : -1 , ... ,None,newaxis, +2 ,").size(), 5u);
  EXPECT_EQ(parse_slices("None:None:None").size(), 1u);
}

TEST(TakeSlice, agrees_with_numpy_on_random_text_slices_seed_5) {
  const auto python = oracle::python_with("numpy");
  if (!python) GTEST_SKIP() << "no Python with numpy";
  std::istringstream lines(oracle::run(*python, "slice_text 5"));
  int cases = 0, refused = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    const auto a = line.find('|'), b = line.find('|', a + 1), c = line.find('|', b + 1);
    const Shape shape(oracle::integers(line.substr(0, a)));
    const std::string text = line.substr(a + 1, b - a - 1), result = line.substr(b + 1, c - b - 1);
    if (result == " IndexError ") {
      ++refused;
      EXPECT_THROW(normalized(shape, text), IndexError) << line;
      continue;
    }
    const BasicSlice slice = normalized(shape, text);
    const Block part = take_slice(slow::counting(DType::int64, shape), slice);
    EXPECT_EQ(part.shape(), Shape(oracle::integers(result))) << line;
    std::vector<index_t> values;
    for (auto value : slow::elements(part)) values.push_back(static_cast<index_t>(value.real()));
    EXPECT_EQ(values, oracle::integers(line.substr(c + 1))) << line;
  }
  EXPECT_GT(cases, 1000);
  EXPECT_LT(refused, cases / 4);
}
