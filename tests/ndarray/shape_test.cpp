#include "ashlar/ndarray/shape.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <sstream>

#include "ashlar/base/error.hpp"
#include "message_of.hpp"
#include "python_oracle.hpp"

using namespace ashlar;
using testing::HasSubstr;

namespace {
std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) {
    const auto begin = part.find_first_not_of(' ');
    parts.push_back(begin == std::string::npos ? "" : part.substr(begin, part.find_last_not_of(' ') - begin + 1));
  }
  return parts;
}
}  // namespace

TEST(Shape, prints_as_a_python_tuple) {
  EXPECT_EQ(to_string(Shape{200000, 4000}), "(200000, 4000)");
  EXPECT_EQ(to_string(Shape{5}), "(5,)");
  EXPECT_EQ(to_string(Shape{}), "()");
  EXPECT_EQ(to_string(Shape{unknown, 3}), "(nan, 3)");
  EXPECT_EQ(to_string(Chunks{{5, 5}, {3}}), "((5, 5), (3,))");
}

TEST(Shape, counts_elements_of_any_shape) {
  EXPECT_EQ((Shape{3, 4}).elements(), 12);
  EXPECT_EQ(Shape{}.elements(), 1);
  EXPECT_EQ((Shape{unknown, unknown}).elements(), unknown);
  EXPECT_EQ((Shape{unknown, 0}).elements(), 0);
  EXPECT_EQ((Shape{1L << 40, 1L << 40, 0}).elements(), 0);
  EXPECT_EQ((Shape{1L << 40, 1L << 40}).elements(), INT64_MAX);
}

TEST(NormalizeChunks, takes_a_size_for_all_axes) {
  EXPECT_EQ(normalize_chunks(4, {10, 8}, 8), (Chunks{{4, 4, 2}, {4, 4}}));
}
TEST(NormalizeChunks, takes_a_list_as_sizes_on_one_axis_and_as_one_entry_per_axis_on_two) {
  EXPECT_EQ(normalize_chunks({5, 5}, {10}, 8), (Chunks{{5, 5}}));
  EXPECT_EQ(normalize_chunks({3, 7}, {10}, 8), (Chunks{{3, 7}}));
  EXPECT_EQ(normalize_chunks({5, 5}, {10, 10}, 8), (Chunks{{5, 5}, {5, 5}}));
  EXPECT_EQ(normalize_chunks({{5, 5}, {10}}, {10, 10}, 8), (Chunks{{5, 5}, {10}}));
  EXPECT_EQ(normalize_chunks({{3, 7}}, {10}, 8), (Chunks{{3, 7}}));
}
TEST(NormalizeChunks, takes_minus_one_as_the_whole_axis) { EXPECT_EQ(normalize_chunks({4, -1}, {10, 8}, 8), (Chunks{{4, 4, 2}, {8}})); }
TEST(NormalizeChunks, takes_a_size_beyond_the_axis_as_the_whole_axis) { EXPECT_EQ(normalize_chunks(100, {10}, 8), (Chunks{{10}})); }
TEST(NormalizeChunks, gives_zero_length_axes_one_chunk_of_zero) {
  EXPECT_EQ(normalize_chunks(4, {0, 5}, 8), (Chunks{{0}, {4, 1}}));
  EXPECT_EQ(normalize_chunks({}, {0, 5}, 8), (Chunks{{0}, {5}}));
}
TEST(NormalizeChunks, gives_a_0d_array_no_sizes) { EXPECT_EQ(normalize_chunks({}, {}, 8), Chunks{}); }
TEST(NormalizeChunks, shares_128_mib_among_automatic_axes) {
  EXPECT_EQ(normalize_chunks({}, {200000, 200000}, 8)[0][0], 4096);
  EXPECT_EQ(normalize_chunks("auto", {200000, 4000}, 8)[1], (std::vector<index_t>{4000}));
  EXPECT_EQ(normalize_chunks("auto", {200000, 4000}, 8)[0][0], 4194);
  EXPECT_EQ(normalize_chunks({"1 MiB", 1024}, {4096, 4096}, 8)[0][0], 128);
}
TEST(NormalizeChunks, keeps_sizes_of_an_axis_of_unknown_length) {
  EXPECT_EQ(normalize_chunks({-1, 4}, {unknown, 8}, 8), (Chunks{{unknown}, {4, 4}}));
  EXPECT_THAT(message_of<ShapeError>([] { normalize_chunks(4, {unknown}, 8); }), HasSubstr("compute_chunk_sizes()"));
  EXPECT_THAT(message_of<ShapeError>([] { normalize_chunks("auto", {unknown}, 8); }), HasSubstr("axis 0 is unknown"));
}
TEST(NormalizeChunks, names_axis_and_lengths_when_chunks_do_not_add_up) {
  EXPECT_EQ(message_of<ShapeError>([] { normalize_chunks({{50, 50}, {45, 45}}, {100, 100}, 8); }),
            "chunks do not add up to the axis length: axis 1, chunks 90, length 100");
}
TEST(NormalizeChunks, refuses_what_cannot_be_a_size) {
  EXPECT_THAT(message_of<ValueError>([] { normalize_chunks(0, {10}, 8); }), HasSubstr("must be positive"));
  EXPECT_THAT(message_of<ValueError>([] { normalize_chunks(-2, {10}, 8); }), HasSubstr("must be positive"));
  EXPECT_THAT(message_of<ValueError>([] { normalize_chunks({12, -2}, {10}, 8); }), HasSubstr("must not be negative"));
  EXPECT_THAT(message_of<ValueError>([] { normalize_chunks({1, 2, 3}, {10, 10}, 8); }), HasSubstr("3 entries, shape (10, 10)"));
  EXPECT_THAT(message_of<ValueError>([] { normalize_chunks("many", {10}, 8); }), Not(HasSubstr("no error")));
  EXPECT_THAT(message_of<ValueError>([] { normalize_chunks({"1 MiB", "2 MiB"}, {10, 10}, 8); }), HasSubstr("two limits"));
}

TEST(NormalizeChunks, agrees_with_dask) {
  const auto python = oracle::python_with("dask.array");
  if (!python) GTEST_SKIP() << "no Python with dask";
  std::istringstream lines(oracle::run(*python, "chunks 7"));
  int cases = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    const auto fields = split(line, '|');
    const Shape shape(oracle::integers(fields[0]));
    ChunkSpec spec;
    for (const auto& entry : split(fields[2], ';')) {
      if (entry.back() == ',') {
        std::vector<index_t> sizes;
        for (const auto& size : split(entry, ',')) sizes.push_back(std::stoll(size));
        spec.axes.emplace_back(sizes);
      } else if (entry.find_first_not_of("-0123456789") == std::string::npos) {
        spec.axes.emplace_back(std::stoll(entry));
      } else {
        spec.axes.emplace_back(entry);
      }
    }
    Chunks wanted;
    for (const auto& sizes : split(fields[3], ';')) wanted.push_back(oracle::integers(sizes));
    EXPECT_EQ(normalize_chunks(spec, shape, std::stoll(fields[1])), wanted) << line;
  }
  EXPECT_GT(cases, 500);
}

TEST(BroadcastShapes, stretches_axes_of_length_one_and_missing_axes) {
  EXPECT_EQ(broadcast_shapes({3, 1}, {4}), (Shape{3, 4}));
  EXPECT_EQ(broadcast_shapes({}, {2, 3}), (Shape{2, 3}));
  EXPECT_EQ(broadcast_shapes({1}, {0}), (Shape{0}));
  EXPECT_EQ(broadcast_shapes({unknown}, {1}), (Shape{unknown}));
  EXPECT_EQ(broadcast_shapes({5, unknown}, {unknown}), (Shape{5, unknown}));
}
TEST(BroadcastShapes, names_the_axis_that_does_not_fit) {
  EXPECT_EQ(message_of<ShapeError>([] { broadcast_shapes({3, 4}, {5}); }), "shapes (3, 4) and (5,) do not broadcast: axis 1 has lengths 4 and 5");
  EXPECT_EQ(message_of<ShapeError>([] { broadcast_shapes({5}, {3, 4}); }), "shapes (5,) and (3, 4) do not broadcast: axis 1 has lengths 5 and 4");
}

TEST(ResolveReshape, finds_the_open_length) {
  EXPECT_EQ(resolve_reshape({4, 6}, {3, -1}), (Shape{3, 8}));
  EXPECT_EQ(resolve_reshape({}, {1, 1}), (Shape{1, 1}));
  EXPECT_EQ(resolve_reshape({unknown, 3}, {-1}), Shape{unknown});
  EXPECT_THAT(message_of<ShapeError>([] { resolve_reshape({unknown, 4}, {2, -1}); }), HasSubstr("unknown length"));
  EXPECT_EQ(message_of<ShapeError>([] { resolve_reshape({4, 6}, {5, -1}); }),
            "a reshape must keep the number of elements: shape (4, 6) has 24, wanted shape (5, -1)");
  EXPECT_THAT(message_of<ShapeError>([] { resolve_reshape({0}, {0, -1}); }), HasSubstr("keep the number of elements"));
  EXPECT_THAT(message_of<ValueError>([] { resolve_reshape({4}, {-1, -1}); }), HasSubstr("only one length"));
}

TEST(NormalizeAxes, counts_negative_axes_from_the_end) {
  EXPECT_EQ(normalize_axes({}, 3), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(normalize_axes({-1, 0}, 3), (std::vector<int>{2, 0}));
  EXPECT_EQ(message_of<IndexError>([] { normalize_axes(3, 2); }), "axis 3 is out of bounds for an array of 2 axes");
  EXPECT_THAT(message_of<ValueError>([] { normalize_axes({1, -1}, 2); }), HasSubstr("named twice"));
}
