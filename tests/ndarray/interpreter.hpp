#pragma once
// Programs by chance and an interpreter for them that evaluates one element at a time from reference.hpp and knows nothing of strips.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/program.hpp"
#include "ndarray/reference.hpp"

namespace interpreter {

using namespace ashlar;
using Value = Program::Value;

inline ScalarValue element(const Block& block, const std::vector<index_t>& index) {
  index_t at = 0;
  for (std::size_t d = 0; d < index.size(); ++d) at += index[d] * block.strides()[d];
  ScalarValue s;
  s.type = block.dtype();
  std::memcpy(s.bytes, block.data() + at * itemsize(s.type), static_cast<std::size_t>(itemsize(s.type)));
  return s;
}

inline bool same(const ScalarValue& a, const ScalarValue& b) {
  if (a.type != b.type) return false;
  return visit_dtype(a.type, [&]<class T>(std::type_identity<T>) {
    const T x = reference::value<T>(a), y = reference::value<T>(b);
    return std::memcmp(&x, &y, sizeof x) == 0 || (reference::isnan(x) && reference::isnan(y));
  });
}

/// All indices of a shape in C order.
inline std::vector<std::vector<index_t>> indices(const Shape& shape) {
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

inline std::mt19937_64 generator;
inline index_t below(index_t n) { return static_cast<index_t>(generator() % static_cast<std::uint64_t>(n)); }

inline ScalarValue random_element(DType type) {
  return visit_dtype(type, [&]<class T>(std::type_identity<T>) -> ScalarValue {
    if constexpr (std::is_same_v<T, bool>) return ScalarValue::of(below(2) == 1);
    else if constexpr (reference::is_complex_type<T>) return ScalarValue::of(T(static_cast<typename T::value_type>(below(9) - 4), static_cast<typename T::value_type>(below(9) - 4)));
    else if constexpr (std::is_floating_point_v<T>) return ScalarValue::of(static_cast<T>(below(50) == 0 ? std::nan("") : static_cast<double>(below(2000) - 1000) / 64));
    else return ScalarValue::of(static_cast<T>(below(20) - 7));
  });
}

inline Block random_block(DType type, const Shape& shape) {
  Block block = Block::allocate(type, shape);
  std::byte* to = block.make_writable();
  for (index_t i = 0; i < block.size(); ++i) {
    const ScalarValue value = random_element(type);
    std::memcpy(to + i * itemsize(type), value.bytes, static_cast<std::size_t>(itemsize(type)));
  }
  return block;
}

/// A block that broadcasts to `shape`: some axes of length 1 or left out, memory transposed, reversed, with gaps.
inline Block random_view(DType type, const Shape& shape) {
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

inline constexpr DType used_types[] = {DType::bool_, DType::uint8, DType::int16, DType::int32, DType::int64, DType::uint64, DType::float32, DType::float64, DType::complex128};
inline constexpr Op exact_ops[] = {Op::negative,    Op::absolute, Op::sign,          Op::square,     Op::floor,       Op::rint,       Op::sqrt,      Op::isnan,     Op::logical_not,
                        Op::add,         Op::subtract, Op::multiply,      Op::divide,     Op::maximum,     Op::fmin,       Op::remainder, Op::less,      Op::equal,
                        Op::logical_and, Op::where,    Op::clip,          Op::cast,       Op::bitwise_xor, Op::left_shift, Op::conjugate, Op::not_equal, Op::add,
                        Op::multiply,    Op::subtract, Op::multiply,      Op::reciprocal, Op::minimum,     Op::greater};

inline Shape random_shape() {
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

inline LinearIndex random_index(const Shape& shape) {
  LinearIndex index{below(1000), {}};
  index_t stride = 1;
  for (std::size_t d = shape.size(); d-- > 0;) {
    index.coefficients.insert(index.coefficients.begin(), below(3) == 0 ? below(7) - 3 : stride);
    stride *= shape[d];
  }
  return index;
}

inline Twin random_twin(const Shape& shape, bool complex_too = true) {
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

inline int rounds(int normal) {
  const char* factor = std::getenv("ASHLAR_TEST_FACTOR");
  return factor ? normal * std::atoi(factor) : normal;
}

}  // namespace interpreter
