// Programs against an interpreter that evaluates one element at a time from reference.hpp and knows nothing of strips.
#include "ashlar/ndarray/program.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>
#include <random>

#include "ashlar/base/error.hpp"
#include "ndarray/reference.hpp"

using namespace ashlar;
using Value = Program::Value;

namespace {

ScalarValue element(const Block& block, const std::vector<index_t>& index) {
  index_t at = 0;
  for (std::size_t d = 0; d < index.size(); ++d) at += index[d] * block.strides()[d];
  ScalarValue s;
  s.type = block.dtype();
  std::memcpy(s.bytes, block.data() + at * itemsize(s.type), static_cast<std::size_t>(itemsize(s.type)));
  return s;
}

bool same(const ScalarValue& a, const ScalarValue& b) {
  if (a.type != b.type) return false;
  return visit_dtype(a.type, [&]<class T>(std::type_identity<T>) {
    const T x = reference::value<T>(a), y = reference::value<T>(b);
    return std::memcmp(&x, &y, sizeof x) == 0 || (reference::isnan(x) && reference::isnan(y));
  });
}

/// All indices of a shape in C order.
std::vector<std::vector<index_t>> indices(const Shape& shape) {
  std::vector<std::vector<index_t>> all{{}};
  for (index_t length : shape) {
    std::vector<std::vector<index_t>> longer;
    for (const auto& index : all)
      for (index_t i = 0; i < length; ++i) {
        longer.push_back(index);
        longer.back().push_back(i);
      }
    all = std::move(longer);
  }
  return all;
}

/// A program and, beside it, its own description for the interpreter.
struct Twin {
  struct Node {
    enum { input, constant, arange, apply } kind;
    DType type;
    Op op{};
    DType compute{};
    Value operands[3] = {-1, -1, -1};
    int number = 0;
    ScalarValue start, step;
    LinearIndex index;
  };
  Program program;
  std::vector<Node> nodes;
  std::vector<Block> inputs;  // broadcast to the shape
  std::vector<index_t> origin;

  ScalarValue evaluate(Value v, const std::vector<index_t>& index) const {
    const Node& node = nodes[static_cast<std::size_t>(v)];
    switch (node.kind) {
      case Node::input: return element(inputs[static_cast<std::size_t>(node.number)], index);
      case Node::constant: return node.start;
      case Node::arange: {
        index_t k = node.index.base;
        for (std::size_t d = 0; d < index.size(); ++d) k += node.index.coefficients[d] * (origin[d] + index[d]);
        return visit_dtype(node.type, [&]<class T>(std::type_identity<T>) -> ScalarValue {
          if constexpr (reference::is_complex_type<T>) return ScalarValue::of<T>(T(static_cast<typename T::value_type>(k)));
          else if constexpr (std::is_floating_point_v<T>) {
            const double product = node.step.as<double>() * static_cast<double>(k);
            return ScalarValue::of<T>(static_cast<T>(node.start.as<double>() + product));
          } else {
            return ScalarValue::of<T>(static_cast<T>(static_cast<reference::Wide>(node.start.as<std::int64_t>()) + static_cast<reference::Wide>(node.step.as<std::int64_t>()) * k));
          }
        });
      }
      case Node::apply: break;
    }
    ScalarValue operands[3];
    for (int i = 0; i < 3; ++i)
      if (node.operands[i] >= 0) operands[i] = evaluate(node.operands[i], index);
    return reference::apply(node.op, node.op == Op::cast ? node.type : node.compute, operands[0], operands[1], operands[2]);
  }
};

std::mt19937_64 generator;
index_t below(index_t n) { return static_cast<index_t>(generator() % static_cast<std::uint64_t>(n)); }

ScalarValue random_element(DType type) {
  return visit_dtype(type, [&]<class T>(std::type_identity<T>) -> ScalarValue {
    if constexpr (std::is_same_v<T, bool>) return ScalarValue::of(below(2) == 1);
    else if constexpr (reference::is_complex_type<T>) return ScalarValue::of(T(static_cast<typename T::value_type>(below(9) - 4), static_cast<typename T::value_type>(below(9) - 4)));
    else if constexpr (std::is_floating_point_v<T>) return ScalarValue::of(static_cast<T>(below(50) == 0 ? std::nan("") : static_cast<double>(below(2000) - 1000) / 64));
    else return ScalarValue::of(static_cast<T>(below(20) - 7));
  });
}

Block random_block(DType type, const Shape& shape) {
  Block block = Block::allocate(type, shape);
  std::byte* to = block.make_writable();
  for (index_t i = 0; i < block.size(); ++i) {
    const ScalarValue value = random_element(type);
    std::memcpy(to + i * itemsize(type), value.bytes, static_cast<std::size_t>(itemsize(type)));
  }
  return block;
}

/// A block that broadcasts to `shape`: some axes of length 1 or left out, memory transposed, reversed, with gaps.
Block random_view(DType type, const Shape& shape) {
  std::vector<index_t> lengths, count, start, step, larger;
  const std::size_t skipped = below(4) == 0 ? static_cast<std::size_t>(below(shape.ndim() + 1)) : 0;
  for (std::size_t d = skipped; d < shape.size(); ++d) lengths.push_back(below(6) == 0 ? 1 : shape[d]);
  if (below(3) == 0) return random_block(type, Shape(lengths));
  std::vector<int> axes(lengths.size());
  std::iota(axes.begin(), axes.end(), 0);
  if (below(2)) std::shuffle(axes.begin(), axes.end(), generator);
  for (int axis : axes) {
    const index_t n = lengths[static_cast<std::size_t>(axis)], stride = below(4) == 0 ? 2 : 1;
    const bool reversed = below(3) == 0;
    larger.push_back(n * stride + below(2));
    count.push_back(n);
    step.push_back(reversed ? -stride : stride);
    start.push_back(reversed && n > 0 ? (n - 1) * stride : 0);
  }
  const Block view = random_block(type, Shape(larger)).slice(start, count, step);
  std::vector<int> back(axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) back[static_cast<std::size_t>(axes[i])] = static_cast<int>(i);
  return view.transpose(back);
}

const DType used_types[] = {DType::bool_, DType::uint8, DType::int16, DType::int32, DType::int64, DType::uint64, DType::float32, DType::float64, DType::complex128};
const Op exact_ops[] = {Op::negative,    Op::absolute, Op::sign,          Op::square,     Op::floor,       Op::rint,       Op::sqrt,      Op::isnan,     Op::logical_not,
                        Op::add,         Op::subtract, Op::multiply,      Op::divide,     Op::maximum,     Op::fmin,       Op::remainder, Op::less,      Op::equal,
                        Op::logical_and, Op::where,    Op::clip,          Op::cast,       Op::bitwise_xor, Op::left_shift, Op::conjugate, Op::not_equal, Op::add,
                        Op::multiply,    Op::subtract, Op::multiply,      Op::reciprocal, Op::minimum,     Op::greater};

Shape random_shape() {
  const index_t lengths[] = {1, 2, 3, 5, 7, 8, 31, 64, 100, 1000, 1024, 1025, 1500};
  std::vector<index_t> shape;
  index_t n = 1;
  for (index_t d = below(5); d > 0; --d) {
    index_t length = lengths[below(13)];
    if (n * length > 4000) length = std::max<index_t>(1, 4000 / n);
    n *= length;
    shape.push_back(length);
  }
  std::shuffle(shape.begin(), shape.end(), generator);
  return Shape(shape);
}

LinearIndex random_index(const Shape& shape) {
  LinearIndex index{below(1000), {}};
  index_t stride = 1;
  for (std::size_t d = shape.size(); d-- > 0;) {
    index.coefficients.insert(index.coefficients.begin(), below(3) == 0 ? below(7) - 3 : stride);
    stride *= shape[d];
  }
  return index;
}

Twin random_twin(const Shape& shape, bool complex_too = true) {
  Twin twin;
  for (int d = 0; d < shape.ndim(); ++d) twin.origin.push_back(below(10));
  const auto add = [&](Twin::Node node, Value v) {
    twin.nodes.push_back(node);
    EXPECT_EQ(static_cast<std::size_t>(v) + 1, twin.nodes.size());
    return v;
  };
  const auto cast_to = [&](Value v, DType type) -> Value {
    if (twin.nodes[static_cast<std::size_t>(v)].type == type) return v;
    return add({Twin::Node::apply, type, Op::cast, type, {v, -1, -1}, 0, {}, {}, {}}, twin.program.apply(Op::cast, type, v));
  };
  const index_t steps = 1 + below(14);
  for (index_t i = 0; i < steps; ++i) {
    const DType type = used_types[below(complex_too ? 9 : 8)];
    const index_t choice = twin.nodes.empty() ? below(4) : below(14);
    if (choice < 2) {
      const Block view = random_view(type, shape);
      twin.inputs.push_back(view.broadcast_to(shape));
      add({Twin::Node::input, type, {}, {}, {-1, -1, -1}, static_cast<int>(twin.inputs.size()) - 1, {}, {}, {}}, twin.program.input(type));
    } else if (choice == 2) {
      const ScalarValue value = random_element(type);
      add({Twin::Node::constant, type, {}, {}, {-1, -1, -1}, 0, value, {}, {}}, twin.program.constant(value));
    } else if (choice == 3) {
      const DType real = type == DType::bool_ || is_complex(type) ? DType::float64 : type;
      const ScalarValue start = random_element(is_floating(real) ? DType::float64 : DType::int64), step = random_element(is_floating(real) ? DType::float64 : DType::int64);
      const LinearIndex index = random_index(shape);
      add({Twin::Node::arange, real, {}, {}, {-1, -1, -1}, 0, start, step, index}, twin.program.arange(real, start, step, index));
    } else {
      const Op op = exact_ops[below(static_cast<index_t>(std::size(exact_ops)))];
      Value operands[3] = {-1, -1, -1};
      for (int k = 0; k < op_arity(op); ++k) operands[k] = static_cast<Value>(below(static_cast<index_t>(twin.nodes.size())));
      if (op == Op::cast) {
        add({Twin::Node::apply, type, op, type, {operands[0], -1, -1}, 0, {}, {}, {}}, twin.program.apply(op, type, operands[0]));
        continue;
      }
      DType compute;
      try {
        DType promoted = twin.program.type_of(operands[op == Op::where ? 1 : 0]);
        for (int k = op == Op::where ? 2 : 1; k < op_arity(op); ++k) promoted = promote(promoted, twin.program.type_of(operands[k]));
        compute = op_compute_type(op, promoted);
      } catch (const TypeError&) {
        continue;
      }
      // The oracle's long double complex arithmetic is no bitwise match.
      if (is_complex(compute) && (op == Op::multiply || op == Op::divide || op == Op::square || op == Op::sqrt || op == Op::absolute || op == Op::sign || op == Op::reciprocal)) continue;
      for (int k = 0; k < op_arity(op); ++k) operands[k] = cast_to(operands[k], op == Op::where && k == 0 ? DType::bool_ : compute);
      add({Twin::Node::apply, op_result_type(op, compute), op, compute, {operands[0], operands[1], operands[2]}, 0, {}, {}, {}},
          twin.program.apply(op, compute, operands[0], operands[1], operands[2]));
    }
  }
  return twin;
}

int rounds(int normal) {
  const char* factor = std::getenv("ASHLAR_TEST_FACTOR");
  return factor ? normal * std::atoi(factor) : normal;
}

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

TEST(Program, reads_inputs_whose_lines_of_memory_fall_into_few_cache_sets) {
  // Distances of 8192 bytes along the rows: rows that are whole strips, rows cut into strips, an axis before the transposed ones.
  Block memory = Block::allocate(DType::float64, Shape{3100, 1024});
  double* to = reinterpret_cast<double*>(memory.make_writable());
  for (index_t i = 0; i < memory.size(); ++i) to[i] = static_cast<double>(i);
  const auto columns = [&](index_t rows, index_t first, index_t count, index_t step) {
    return memory.slice(std::vector<index_t>{0, first}, std::vector<index_t>{rows, count}, std::vector<index_t>{1, step}).transpose(std::vector<int>{1, 0});
  };
  const std::vector<Block> views{columns(900, 3, 150, 1), columns(3100, 0, 70, 1), columns(3000, 900, 33, -2),
                                 memory.view(Shape{2, 100, 700}, {1024 * 1024, 1, 1024}, 5)};
  for (const Block& view : views) {
    Program p;
    const Value x = p.input(DType::float64);
    p.store(p.apply(Op::negative, DType::float64, x));
    p.reduce(Reduction::sum, x, {0});
    const std::vector<index_t> origin(view.shape().size(), 0);
    const std::vector<Block> results = p.run(view.shape(), origin, std::span(&view, 1));
    for (const auto& index : indices(view.shape())) ASSERT_EQ(element(results[0], index).as<double>(), -element(view, index).as<double>()) << to_string(view.shape());
    const Block packed = view.contiguous();
    const Block again = p.run(view.shape(), origin, std::span(&packed, 1))[1];
    ASSERT_EQ(std::memcmp(again.data(), results[1].data(), static_cast<std::size_t>(again.nbytes())), 0);
  }
}

TEST(Program, reads_transposed_inputs_of_every_element_size) {
  // Axes that become the strips' rows, or lie one or two before; lengths that are no multiples of tiles, panels or strips; one strip only.
  struct Case {
    Shape memory;
    std::vector<int> axes;
  };
  const std::vector<Case> cases{{{1030, 67}, {1, 0}}, {{33, 1500}, {1, 0}}, {{70, 3, 130}, {2, 1, 0}}, {{20, 50, 70}, {2, 0, 1}}, {{90, 3, 150}, {0, 2, 1}},
                                {{5, 9, 7, 75}, {3, 2, 1, 0}}, {{300, 3}, {1, 0}}, {{4000, 3}, {1, 0}}, {{20, 30}, {1, 0}}, {{256, 3, 67}, {2, 1, 0}}};
  for (const Case& c : cases) {
    for (DType type : {DType::uint8, DType::int16, DType::int32, DType::float64, DType::complex128}) {
      Block memory = Block::allocate(type, c.memory);
      std::byte* to = memory.make_writable();
      for (index_t i = 0; i < memory.nbytes(); ++i) to[i] = static_cast<std::byte>(i * 7 % 61 + i / 997 % 31);
      Block view = memory.transpose(c.axes);
      for (int round = 0; round < 3; ++round) {
        if (round == 1) {  // backwards along the axis that is dense in memory
          const std::vector<index_t> zeros(view.shape().size(), 0);
          std::vector<index_t> start = zeros, step(view.shape().size(), 1);
          const auto axis = static_cast<std::size_t>(std::find(c.axes.begin(), c.axes.end(), static_cast<int>(c.axes.size()) - 1) - c.axes.begin());
          start[axis] = view.shape()[axis] - 1, step[axis] = -1;
          view = view.slice(start, view.shape().v, step);
        } else if (round == 2) {  // repeated along a new first axis
          Shape wide = view.shape();
          wide.v.insert(wide.v.begin(), 2);
          view = view.broadcast_to(wide);
        }
        Program p;
        const Value x = p.input(type);
        p.store(x);
        p.reduce(Reduction::sum, x, {view.ndim() - 1});
        const std::vector<index_t> origin(view.shape().size(), 0);
        const Block packed = view.contiguous();
        const std::vector<Block> found = p.run(view.shape(), origin, std::span(&view, 1)), wanted = p.run(view.shape(), origin, std::span(&packed, 1));
        for (index_t n = 0; n < view.size(); ++n) {
          index_t at = 0, rest = n;
          for (std::size_t d = view.shape().size(); d-- > 0; rest /= view.shape()[d]) at += rest % view.shape()[d] * view.strides()[d];
          const auto size = static_cast<std::size_t>(itemsize(type));
          if (std::memcmp(found[0].data() + n * itemsize(type), view.data() + at * itemsize(type), size) != 0)
            FAIL() << dtype_name(type) << " " << to_string(view.shape()) << " round " << round << " element " << n;
        }
        for (std::size_t k = 1; k < found.size(); ++k)
          ASSERT_EQ(std::memcmp(found[k].data(), wanted[k].data(), static_cast<std::size_t>(found[k].nbytes())), 0)
              << dtype_name(type) << " " << to_string(view.shape());
      }
    }
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

std::vector<double> random_numbers(Distribution distribution, double a, double b, index_t first, index_t stride, index_t n, DType type = DType::float64) {
  Program p;
  Value v = p.random(type, distribution, 42, a, b, {first, {stride}});
  if (type != DType::float64) v = p.apply(Op::cast, DType::float64, v);
  p.store(v);
  const Block block = p.run(Shape{n}, std::vector<index_t>{0}, {})[0];
  return {block.as<double>(), block.as<double>() + n};
}

TEST(ProgramRandom, gives_element_k_the_same_number_however_it_is_reached) {
  for (Distribution distribution : {Distribution::uniform, Distribution::normal, Distribution::exponential}) {
    const std::vector<double> all = random_numbers(distribution, 1, 2, 0, 1, 5000);
    for (index_t first : {1, 2, 7, 1001})
      for (index_t stride : {1, 2, 3, 17}) {
        const index_t n = (5000 - first) / stride;
        const std::vector<double> some = random_numbers(distribution, 1, 2, first, stride, n);
        for (index_t i = 0; i < n; ++i) ASSERT_EQ(some[static_cast<std::size_t>(i)], all[static_cast<std::size_t>(first + i * stride)]);
      }
    const std::vector<double> backwards = random_numbers(distribution, 1, 2, 4999, -1, 5000);
    for (std::size_t i = 0; i < 5000; ++i) ASSERT_EQ(backwards[i], all[4999 - i]);
  }
}

TEST(ProgramRandom, gives_the_same_bits_on_every_instruction_set) {
  for (Distribution distribution : {Distribution::uniform, Distribution::normal, Distribution::exponential, Distribution::integers}) {
    const DType type = distribution == Distribution::integers ? DType::int32 : DType::float64;
    const std::vector<double> first = random_numbers(distribution, 1, 200, 3, 1, 3000, type);
    for (std::int64_t set : {std::int64_t(0), ~std::int64_t(511)}) {
      restrict_simd_targets(set);
      EXPECT_EQ(random_numbers(distribution, 1, 200, 3, 1, 3000, type), first) << simd_target_name();
    }
    restrict_simd_targets(-1);
  }
}

TEST(ProgramRandom, is_philox_with_ten_rounds) {
  // Counter 0 and key 0 give 6627e8d5 e169c58d bc57ac4c 9b00dbd8 (Random123's known answers).
  Program p;
  p.store(p.random(DType::float64, Distribution::uniform, 0, 0, 1, {0, {1}}));
  const Block block = p.run(Shape{2}, std::vector<index_t>{0}, {})[0];
  EXPECT_EQ(block.as<double>()[0], static_cast<double>(0xe169c58d6627e8d5u >> 11) * 0x1p-53);
  EXPECT_EQ(block.as<double>()[1], static_cast<double>(0x9b00dbd8bc57ac4cu >> 11) * 0x1p-53);
}

TEST(ProgramRandom, has_the_moments_and_the_tails_of_its_distribution) {
  const index_t n = 1000000;
  const auto moments = [](const std::vector<double>& x) {
    long double m = 0, s = 0, k = 0;
    for (double v : x) m += v;
    m /= static_cast<long double>(x.size());
    for (double v : x) s += (v - m) * (v - m), k += (v - m) * (v - m) * (v - m) * (v - m);
    s /= static_cast<long double>(x.size());
    return std::array<double, 3>{static_cast<double>(m), static_cast<double>(s), static_cast<double>(k / static_cast<long double>(x.size()) / s / s)};
  };
  const std::vector<double> uniform = random_numbers(Distribution::uniform, 2, 5, 0, 1, n);
  EXPECT_NEAR(moments(uniform)[0], 3.5, 5e-3);
  EXPECT_NEAR(moments(uniform)[1], 0.75, 5e-3);
  EXPECT_TRUE(std::all_of(uniform.begin(), uniform.end(), [](double x) { return x >= 2 && x < 5; }));
  const std::vector<double> normal = random_numbers(Distribution::normal, 1, 2, 0, 1, n);
  EXPECT_NEAR(moments(normal)[0], 1, 1e-2);
  EXPECT_NEAR(moments(normal)[1], 4, 3e-2);
  EXPECT_NEAR(moments(normal)[2], 3, 3e-2);
  EXPECT_NEAR(static_cast<double>(std::count_if(normal.begin(), normal.end(), [](double x) { return x > 5; })) / n, 0.02275, 6e-4);
  EXPECT_NEAR(static_cast<double>(std::count_if(normal.begin(), normal.end(), [](double x) { return std::fabs(x - 1) > 6; })) / n, 0.0027, 3e-4);
  double neighbours = 0;
  for (std::size_t i = 1; i < normal.size(); ++i) neighbours += (normal[i] - 1) * (normal[i - 1] - 1) / 4;
  EXPECT_NEAR(neighbours / n, 0, 5e-3);
  const std::vector<double> exponential = random_numbers(Distribution::exponential, 3, 0, 0, 1, n);
  EXPECT_NEAR(moments(exponential)[0], 3, 2e-2);
  EXPECT_NEAR(moments(exponential)[1], 9, 2e-1);
  const std::vector<double> integers = random_numbers(Distribution::integers, -3, 4, 0, 1, n, DType::int64);
  for (int value = -3; value < 4; ++value) EXPECT_NEAR(static_cast<double>(std::count(integers.begin(), integers.end(), value)) / n, 1.0 / 7, 2e-3);
  const std::vector<double> single = random_numbers(Distribution::uniform, 0, 1, 0, 1, n, DType::float32);
  EXPECT_TRUE(std::all_of(single.begin(), single.end(), [](double x) { return x >= 0 && x < 1; }));
}

}  // namespace
