// Programs against an interpreter that evaluates one element at a time.
#include "ashlar/ndarray/program.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "ashlar/base/error.hpp"
#include "ndarray/interpreter.hpp"

namespace interpreter {
namespace {

TEST(Program, stores_what_an_interpreter_computes_for_random_expressions_and_layouts) {
  const std::uint64_t seed = 20240;
  generator.seed(seed);
  for (int round = 0; round < rounds(400); ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    const Shape shape = random_shape();
    Twin twin = random_twin(shape);
    std::vector<Value> stored;
    for (index_t i = 1 + below(3); i > 0; --i) stored.push_back(static_cast<Value>(below(static_cast<index_t>(twin.nodes.size()))));
    for (Value v : stored) twin.program.store(v);

    const std::vector<Block> results = twin.program.run(shape, twin.origin, twin.inputs);

    ASSERT_EQ(results.size(), stored.size());
    for (std::size_t i = 0; i < stored.size(); ++i) {
      ASSERT_EQ(results[i].shape(), shape);
      for (const auto& index : indices(shape)) {
        const ScalarValue want = twin.evaluate(stored[i], index), got = element(results[i], index);
        if (!same(want, got)) {
          ADD_FAILURE() << twin.program.text() << "value " << stored[i] << " of shape " << to_string(shape) << ": wanted " << want.text() << ", found " << got.text();
          return;
        }
      }
    }
  }
}

/// A reduction of one output region in long double, or exactly for whole numbers.
struct Reference {
  long double sum = 0, product = 1, absolute = 0;
  std::uint64_t wrapped_sum = 0, wrapped_product = 1;
  std::vector<long double> all;
  std::vector<index_t> positions;
};

TEST(Program, reduces_as_an_interpreter_does_over_random_axes_beside_stores) {
  const std::uint64_t seed = 77;
  generator.seed(seed);
  for (int round = 0; round < rounds(400); ++round) {
    const Shape shape = random_shape();
    Twin twin = random_twin(shape, false);
    const Value v = static_cast<Value>(below(static_cast<index_t>(twin.nodes.size())));
    const auto reduction = static_cast<Reduction>(below(11));
    std::vector<int> axes;
    for (int d = 0; d < shape.ndim(); ++d)
      if (below(2)) axes.push_back(d);
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round) + ", " + std::string(reduction_name(reduction)) + " of shape " + to_string(shape) + "\n" +
                 twin.program.text());
    LinearIndex position{0, c_strides(shape)};
    if (below(2)) twin.program.store(v);
    twin.program.reduce(reduction, v, axes, position);
    const DType type = twin.program.type_of(v);

    std::vector<Block> results = twin.program.run(shape, twin.origin, twin.inputs);

    ASSERT_EQ(static_cast<int>(results.size()), twin.program.outputs());
    const Partial partial(results.end() - partial_blocks(reduction), results.end());
    ASSERT_EQ(partial[0].dtype(), reduction_accumulator_type(reduction, type));
    const Block result = finish_partial(reduction, partial, type, 0);
    ASSERT_EQ(result.dtype(), reduction_result_type(reduction, type));
    Shape reduced = shape;
    for (int axis : axes) reduced[static_cast<std::size_t>(axis)] = 1;
    ASSERT_EQ(result.shape(), reduced);

    for (const auto& outer : indices(reduced)) {
      Reference r;
      Shape region(std::vector<index_t>(shape.size(), 1));
      for (int axis : axes) region[static_cast<std::size_t>(axis)] = shape[static_cast<std::size_t>(axis)];
      bool nan = false;
      for (const auto& inner : indices(region)) {
        std::vector<index_t> index = outer;
        index_t k = position.base;
        for (std::size_t d = 0; d < index.size(); ++d) {
          index[d] += inner[d];
          k += position.coefficients[d] * (index[d] + twin.origin[d]);
        }
        const ScalarValue x = twin.evaluate(v, index);
        long double number = 0;
        visit_dtype(type, [&]<class T>(std::type_identity<T>) {
          if constexpr (!reference::is_complex_type<T>) {
            number = static_cast<long double>(reference::value<T>(x));
            if constexpr (std::is_integral_v<T>) {
              r.wrapped_sum += static_cast<std::uint64_t>(reference::value<T>(x));
              r.wrapped_product *= static_cast<std::uint64_t>(reference::value<T>(x));
            }
          }
        });
        nan = nan || std::isnan(number);
        r.sum += number;
        r.absolute += std::fabs(number);
        r.product *= number;
        r.all.push_back(number);
        r.positions.push_back(k);
      }
      const ScalarValue got = element(result, outer);
      const auto n = static_cast<long double>(r.all.size());
      const long double mean = r.sum / n;
      long double squares = 0;
      for (long double x : r.all) squares += (x - mean) * (x - mean);
      const auto expect_near = [&](long double want, long double scale) {
        const auto found = static_cast<long double>(got.as<double>());
        if (std::isnan(want)) ASSERT_TRUE(std::isnan(found)) << got.text();
        else if (std::isinf(want) || std::fabs(want) > 3e38L) return;  // overflow depends on where intermediate results are kept
        else ASSERT_NEAR(static_cast<double>(found), static_cast<double>(want), static_cast<double>((result.dtype() == DType::float32 ? 2e-7L : 4e-15L) * scale + 1e-300L));
      };
      const auto extreme = [&](bool greatest) {
        std::size_t best = 0;
        for (std::size_t i = 1; i < r.all.size(); ++i) {
          if (std::isnan(r.all[best])) break;
          if (std::isnan(r.all[i]) || (greatest ? r.all[i] > r.all[best] : r.all[i] < r.all[best])) best = i;
        }
        return best;
      };
      switch (reduction) {
        case Reduction::sum:
          if (is_floating(type)) expect_near(r.sum, r.absolute);
          else ASSERT_EQ(static_cast<std::uint64_t>(got.type == DType::uint64 ? reference::value<std::uint64_t>(got) : static_cast<std::uint64_t>(reference::value<std::int64_t>(got))), r.wrapped_sum);
          break;
        case Reduction::prod:
          if (is_floating(type)) expect_near(r.product, std::fabs(r.product) * n);
          else ASSERT_EQ(reference::value<std::uint64_t>(got), r.wrapped_product);
          break;
        case Reduction::mean: expect_near(mean, r.absolute / n); break;
        case Reduction::var: expect_near(squares / n, squares / n * 4 + 1e-12L * mean * mean); break;
        case Reduction::std:
          if (squares == 0 || squares / n > 1e-10L * mean * mean) expect_near(std::sqrt(squares / n), 4 * std::sqrt(squares / n) + 1e-12L * std::fabs(mean));
          break;
        case Reduction::min:
        case Reduction::max: {
          const long double want = r.all[extreme(reduction == Reduction::max)];
          if (nan) ASSERT_TRUE(std::isnan(got.as<double>()));
          else visit_dtype(type, [&]<class T>(std::type_identity<T>) {
            if constexpr (!reference::is_complex_type<T>) {
              ASSERT_EQ(static_cast<long double>(reference::value<T>(got)), want);
            }
          });
          break;
        }
        case Reduction::any: ASSERT_EQ(reference::value<bool>(got), std::any_of(r.all.begin(), r.all.end(), [](long double x) { return x != 0; })); break;
        case Reduction::all: ASSERT_EQ(reference::value<bool>(got), std::all_of(r.all.begin(), r.all.end(), [](long double x) { return x != 0; })); break;
        case Reduction::argmin:
        case Reduction::argmax: ASSERT_EQ(reference::value<index_t>(got), r.positions[extreme(reduction == Reduction::argmax)]); break;
      }
    }
  }
}

TEST(Program, gives_the_same_bits_on_every_instruction_set_and_layout) {
  const std::uint64_t seed = 5;
  generator.seed(seed);
  const std::int64_t best = simd_targets();
  for (int round = 0; round < rounds(100); ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    const Shape shape = random_shape();
    Twin twin = random_twin(shape);
    const auto last = static_cast<Value>(twin.nodes.size()) - 1;
    std::vector<int> axes;
    for (int d = 0; d < shape.ndim(); ++d)
      if (below(2)) axes.push_back(d);
    twin.program.reduce(static_cast<Reduction>(below(11)), last, axes, {0, c_strides(shape)});
    const auto bytes = [&](std::span<const Block> inputs) {
      std::vector<std::byte> all;
      for (const Block& block : twin.program.run(shape, twin.origin, inputs)) all.insert(all.end(), block.contiguous().data(), block.contiguous().data() + block.nbytes());
      return all;
    };
    const std::vector<std::byte> first = bytes(twin.inputs);
    for (std::int64_t bit = 1; bit > 0 && bit <= best; bit <<= 1)
      if (best & bit) {
        restrict_simd_targets(~(bit - 1));
        EXPECT_TRUE(bytes(twin.inputs) == first) << simd_target_name() << "\n" << twin.program.text();
      }
    restrict_simd_targets(0);
    EXPECT_TRUE(bytes(twin.inputs) == first) << simd_target_name() << "\n" << twin.program.text();
    restrict_simd_targets(-1);
    std::vector<Block> packed;
    for (const Block& block : twin.inputs) packed.push_back(block.contiguous());
    EXPECT_TRUE(bytes(packed) == first) << "packed inputs\n" << twin.program.text();
  }
}

TEST(Program, survives_being_sent) {
  generator.seed(9);
  for (int round = 0; round < 50; ++round) {
    const Shape shape = random_shape();
    Twin twin = random_twin(shape);
    twin.program.random(DType::float64, Distribution::normal, 3, 0, 1, random_index(shape));
    twin.program.store(static_cast<Value>(twin.nodes.size()) - 1);
    twin.program.reduce(Reduction::argmax, 0, {}, random_index(shape));
    Writer out;
    twin.program.encode(out);
    const Parcel parcel = std::move(out).take();
    Reader in(parcel);
    const Program again = Program::decode(in);
    EXPECT_TRUE(in.at_end());
    EXPECT_EQ(again.text(), twin.program.text());
    EXPECT_EQ(again.inputs(), twin.program.inputs());
    EXPECT_EQ(again.outputs(), twin.program.outputs());
    EXPECT_EQ(again.evaluations_per_element(), twin.program.evaluations_per_element());
  }
}

TEST(Program, reads_as_one_line_per_value) {
  Program p;
  const Value x = p.input(DType::float64), two = p.constant(ScalarValue::of(2.0));
  const Value y = p.apply(Op::multiply, DType::float64, x, two);
  p.store(y);
  p.reduce(Reduction::mean, y, {1, 0});
  EXPECT_EQ(p.text(), "v0: float64 = input 0\nv1: float64 = 2.0\nv2: float64 = multiply(v0, v1)\nstore v2\nmean v2 over axes (0, 1)\n");
  EXPECT_EQ(p.evaluations_per_element(), 1);
  EXPECT_EQ(p.outputs(), 3);
}

TEST(Program, refuses_operands_of_another_type_than_the_compute_type) {
  Program p;
  const Value x = p.input(DType::int32), y = p.input(DType::float64);
  EXPECT_THROW(p.apply(Op::add, DType::float64, x, y), TypeError);
  EXPECT_THROW(p.apply(Op::sin, DType::int32, x), TypeError);
  EXPECT_THROW(p.apply(Op::subtract, DType::bool_, x, x), TypeError);
  EXPECT_THROW(p.apply(Op::add, DType::int32, x), InternalError);
  EXPECT_THROW(p.arange(DType::bool_, ScalarValue::of(0), ScalarValue::of(1), {}), TypeError);
  EXPECT_THROW(p.random(DType::int32, Distribution::normal, 1, 0, 1, {}), TypeError);
}

TEST(Program, names_the_input_that_does_not_fit) {
  Program p;
  p.store(p.input(DType::float64));
  const std::vector<index_t> origin{0};
  EXPECT_THROW(p.run(Shape{3}, origin, {}), InternalError);
  const Block wrong_type = Block::zeros(DType::int32, Shape{3}), wrong_shape = Block::zeros(DType::float64, Shape{4});
  EXPECT_THROW(p.run(Shape{3}, origin, std::span(&wrong_type, 1)), InternalError);
  EXPECT_THROW(p.run(Shape{3}, origin, std::span(&wrong_shape, 1)), InternalError);
}

TEST(Program, runs_over_no_elements_and_over_one) {
  Program p;
  const Value x = p.input(DType::float64);
  p.store(p.apply(Op::negative, DType::float64, x));
  p.reduce(Reduction::sum, x, {0});
  const Block none = Block::zeros(DType::float64, Shape{0, 3});
  const std::vector<Block> empty = p.run(Shape{0, 3}, std::vector<index_t>{0, 0}, std::span(&none, 1));
  EXPECT_EQ(empty[0].shape(), (Shape{0, 3}));
  EXPECT_EQ(empty[1].shape(), (Shape{1, 3}));
  EXPECT_EQ(empty[1].as<double>()[2], 0);
  EXPECT_FALSE(std::signbit(empty[1].as<double>()[2]));

  Program q;
  q.store(q.apply(Op::negative, DType::float64, q.input(DType::float64)));
  const Block one = Block::full(Shape(), ScalarValue::of(4.0));
  EXPECT_EQ(*q.run(Shape(), {}, std::span(&one, 1))[0].as<double>(), -4);
}

TEST(Program, counts_with_arange_in_any_direction) {
  Program p;
  p.store(p.arange(DType::int64, ScalarValue::of<std::int64_t>(10), ScalarValue::of<std::int64_t>(2), {5, {-3, 1}}));
  const Block result = p.run(Shape{2, 3}, std::vector<index_t>{1, 0}, {})[0];
  // k = 5 - 3 * (1 + i) + j
  const std::int64_t want[] = {14, 16, 18, 8, 10, 12};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(result.as<std::int64_t>()[i], want[i]);
}

}  // namespace
}  // namespace interpreter
