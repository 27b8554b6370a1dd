// Chains of any length over strips of any length against one operation after the other, and the sums that functions of elements and rows make on their own
// against those of reductions.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "ashlar/ndarray/kernels_detail.hpp"
#include "ashlar/ndarray/map_function.hpp"
#include "ashlar/ndarray/program.hpp"

using namespace ashlar;

namespace {

using kernels::ChainOp;
using kernels::ChainOperand;

template <class T>
using Bits = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
template <class T>
bool same_bits(T a, T b) {
  return (a != a && b != b) || std::bit_cast<Bits<T>>(a) == std::bit_cast<Bits<T>>(b);
}

/// Numbers of many sizes, and now and then one where things go wrong.
template <class T>
T draw(std::mt19937_64& random) {
  const T special[] = {T(0), T(-0.0), std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(), std::numeric_limits<T>::quiet_NaN(),
                       std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::max()};
  if (random() % 40 == 0) return special[random() % std::size(special)];
  return static_cast<T>(std::ldexp(static_cast<double>(static_cast<std::int64_t>(random())), static_cast<int>(random() % 20) - 70));
}

template <class T>
T one_operation(ChainOp op, T x, T y) {
  switch (op) {
    case ChainOp::add: return x + y;
    case ChainOp::subtract: return x - y;
    case ChainOp::subtract_from: return y - x;
    case ChainOp::multiply: return x * y;
    case ChainOp::divide: return x / y;
    case ChainOp::divide_into: return y / x;
    case ChainOp::maximum: return x >= y || x != x ? x : y;
    case ChainOp::maximum_of: return y >= x || y != y ? y : x;
    case ChainOp::minimum: return x <= y || x != x ? x : y;
    case ChainOp::minimum_of: return y <= x || y != y ? y : x;
    case ChainOp::negative: return -x;
    case ChainOp::absolute: return std::fabs(x);
    case ChainOp::square: return x * x;
    case ChainOp::sqrt: return std::sqrt(x);
    default: return y;  // load
  }
}

/// 32 partial sums by position, folded 16, 8, 4, 2, 1.
double sum_by_position(const std::vector<double>& x) {
  std::vector<double> sums(32, -0.0);
  for (std::size_t i = 0; i < x.size(); ++i) sums[i % 32] += x[i];
  for (std::size_t w = 16; w >= 1; w /= 2)
    for (std::size_t j = 0; j < w; ++j) sums[j] += sums[j + w];
  return sums[0];
}

/// One chain by chance over n elements: some strips, scalars, blocks put aside and (float64) numbers counted; run twice, the second time over other strips
/// and from other numbers on.
template <class T>
void expect_one_after_the_other(std::mt19937_64& random, std::size_t n, bool sum) {
  constexpr std::size_t strips = 3;
  std::vector<std::vector<T>> x(strips, std::vector<T>(n));
  std::vector<T> scalars(40);
  for (T& scalar : scalars) scalar = draw<T>(random);
  alignas(64) std::byte kept[2][kernels::chain_kept_bytes];
  std::vector<kernels::ChainStage> stages;
  std::vector<std::size_t> strip_of;  // per stage
  std::vector<bool> put_aside(2, false);
  const auto strip_stage = [&](ChainOp op) {
    strip_of.push_back(random() % strips);
    stages.push_back({op, ChainOperand::strip, nullptr});
  };
  const auto plain = [&](kernels::ChainStage stage) {
    strip_of.push_back(strips);
    stages.push_back(stage);
  };
  const bool counts = std::is_same_v<T, double> && random() % 2;
  std::vector<kernels::ChainCount> counted(static_cast<std::size_t>(kernels::chain_counts_max));
  std::size_t next_count = 0;
  const auto begin_anew = [&] {
    if (!counts || next_count == counted.size() || random() % 2) return strip_stage(ChainOp::load);
    kernels::ChainCount& count = counted[next_count++];
    const double steps[] = {1, 1, -1, 0, 0.5, static_cast<double>(draw<T>(random))}, starts[] = {0, -0.0, 3, static_cast<double>(draw<T>(random))};
    count.step = steps[random() % std::size(steps)], count.start = starts[random() % std::size(starts)];
    count.stride = static_cast<double>(static_cast<int>(random() % 5) - 2);
    plain({ChainOp::count, ChainOperand::none, &count});
  };
  begin_anew();
  for (std::size_t length = random() % 12; length > 0; --length) {
    const auto op = static_cast<ChainOp>(random() % static_cast<int>(ChainOp::load));
    if (op >= ChainOp::negative) {
      plain({op, ChainOperand::none, nullptr});
      continue;
    }
    const std::size_t aside = random() % 2;
    switch (random() % 5) {
      case 0:
        plain({ChainOp::keep, ChainOperand::kept, kept[aside]});
        put_aside[aside] = true;
        begin_anew();
        break;
      case 1:
        if (put_aside[aside]) {
          plain({op, ChainOperand::kept, kept[aside]});
          break;
        }
        [[fallthrough]];
      case 2: strip_stage(op); break;
      default: plain({op, ChainOperand::scalar, &scalars[length]}); break;
    }
  }
  const auto runner = kernels::chain_runner(std::is_same_v<T, double> ? DType::float64 : DType::float32, sum, /*reads=*/random() % 2 == 0);
  for (int run = 0; run < 2; ++run) {
    for (auto& strip : x)
      for (T& value : strip) value = draw<T>(random);
    for (kernels::ChainCount& count : counted) count.k = static_cast<double>(random() % 4 ? static_cast<std::int64_t>(random() >> 12) : 0) - 1000;
    std::vector<T> want(n);
    for (std::size_t i = 0; i < n; ++i) {
      T value = 0, aside[2] = {};
      for (std::size_t s = 0; s < stages.size(); ++s) {
        const kernels::ChainStage& stage = stages[s];
        const auto which = stage.operand == kept[1] ? 1 : 0;
        if (stage.op == ChainOp::keep) {
          aside[which] = value;
        } else if (stage.op == ChainOp::count) {
          const auto& count = *static_cast<const kernels::ChainCount*>(stage.operand);
          const double product = count.step * (count.k + static_cast<double>(i) * count.stride);
          value = static_cast<T>(count.start + product);
        } else {
          const T other = stage.kind == ChainOperand::strip    ? x[strip_of[s]][i]
                          : stage.kind == ChainOperand::scalar ? *static_cast<const T*>(stage.operand)
                          : stage.kind == ChainOperand::kept   ? aside[which]
                                                               : T(0);
          value = one_operation(stage.op, value, other);
        }
      }
      want[i] = value;
    }
    for (std::size_t s = 0; s < stages.size(); ++s)
      if (strip_of[s] < strips) stages[s].operand = x[strip_of[s]].data();
    // The result may take the place of an operand; what lies behind it stays.
    std::vector<T> out(n + 1, T(42));
    kernels::Chain chain{stages, sum ? nullptr : run == 0 || strip_of[0] == strips ? out.data() : x[strip_of[0]].data()};
    const double total = runner->run(static_cast<index_t>(n), chain, false);
    if constexpr (std::is_same_v<T, double>)
      if (sum) {
        ASSERT_TRUE(same_bits(total, sum_by_position(want))) << n << " elements, " << stages.size() << " stages: " << total;
        continue;
      }
    for (std::size_t i = 0; i < n; ++i) ASSERT_TRUE(same_bits(static_cast<const T*>(chain.out)[i], want[i])) << i << " of " << n << ", " << stages.size() << " stages";
    ASSERT_EQ(out[n], T(42));
  }
}

TEST(Chains, are_one_operation_after_the_other_whatever_their_length) {
  std::mt19937_64 random(3);
  const bool before = kernels::divider_is_quick();
  for (const bool quick : {true, false}) {
    kernels::set_divider_is_quick(quick);
    for (std::size_t n = 1; n < 260; n += 1 + n / 20)
      for (int round = 0; round < 12; ++round) {
        expect_one_after_the_other<double>(random, n, round % 2);
        expect_one_after_the_other<float>(random, n, false);
      }
    expect_one_after_the_other<double>(random, 1000, true);
    expect_one_after_the_other<double>(random, 1024, true);
  }
  kernels::set_divider_is_quick(before);
}

/// x / c or x * c put aside, then x * a + b with y, joined with what was put aside, clipped: neighbours that are one stage.
TEST(Chains, neighbours_that_are_one_stage) {
  std::mt19937_64 random(8);
  const double a = 2, b = 1, c = 3, low = 0, high = 1;
  alignas(64) std::byte kept[kernels::chain_kept_bytes];
  const ChainOp joins[] = {ChainOp::add, ChainOp::subtract, ChainOp::subtract_from, ChainOp::multiply};
  for (const ChainOp scale : {ChainOp::divide, ChainOp::multiply})
    for (const ChainOp join : joins)
      for (const ChainOp with : joins)
        for (const bool sum : {false, true}) {
          const bool narrow = random() % 2 == 0;
          std::vector<kernels::ChainStage> stages = {{ChainOp::load, ChainOperand::strip, nullptr},  {scale, ChainOperand::scalar, &c},
                                                     {ChainOp::keep, ChainOperand::kept, kept},      {ChainOp::load, ChainOperand::strip, nullptr},
                                                     {ChainOp::multiply, ChainOperand::scalar, &a},  {ChainOp::add, ChainOperand::scalar, &b},
                                                     {with, ChainOperand::strip, nullptr},           {join, ChainOperand::kept, kept},
                                                     {ChainOp::maximum, ChainOperand::scalar, &low}, {ChainOp::minimum, ChainOperand::scalar, &high}};
          const auto runner = kernels::chain_runner(DType::float64, sum, narrow);
          for (std::size_t n = 1; n <= 1024; n += 1 + n / 9)
            for (const bool same : {true, false}) {
              std::vector<double> x(n), other(n), want(n), out(n + 1, 42);
              for (std::size_t i = 0; i < n; ++i) x[i] = std::ldexp(static_cast<double>(random() >> 11), -53), other[i] = same ? x[i] : 1 - x[i];
              for (std::size_t i = 0; i < n; ++i) {
                const double aside = one_operation(scale, x[i], c), other_part = one_operation(with, x[i] * a + b, other[i]);
                want[i] = std::min(std::max(one_operation(join, other_part, aside), low), high);
              }
              stages[0].operand = stages[3].operand = x.data();
              stages[6].operand = same ? x.data() : other.data();
              const kernels::Chain chain{stages, sum ? nullptr : out.data()};
              const double total = runner->run(static_cast<index_t>(n), chain, false);
              if (sum) {
                ASSERT_TRUE(same_bits(total, sum_by_position(want))) << n << ", same " << same;
                continue;
              }
              for (std::size_t i = 0; i < n; ++i) ASSERT_TRUE(same_bits(out[i], want[i])) << i << " of " << n << ", same " << same;
              ASSERT_EQ(out[n], 42);
            }
        }
}

struct Curve {
  double operator()(double x, float y) const { return x * x * scale - static_cast<double>(y); }
  double scale;
};

TEST(Chains, functions_of_elements_sum_as_reductions_do) {
  std::mt19937_64 random(4);
  const Curve curve{1.25};
  const auto& record = detail::MapFunctionOf<Curve, double, double, float>::record;
  const std::span<const std::byte> closure(reinterpret_cast<const std::byte*>(&curve), sizeof curve);
  for (std::size_t n = 1; n <= 1024; n += 1 + n / 30) {
    std::vector<double> x(n), values(n);
    std::vector<float> y(n);
    for (std::size_t i = 0; i < n; ++i) {
      x[i] = draw<double>(random) / 1e100;
      y[i] = draw<float>(random);
      values[i] = curve(x[i], y[i]);
    }
    const void* operands[] = {x.data(), y.data()};
    for (const std::size_t strip : {n, (n + 1) / 2, std::min<std::size_t>(n, 67)}) {
      std::vector<double> sums((n + strip - 1) / strip + 1, 42);
      record.sum(closure, static_cast<index_t>(n), operands, static_cast<index_t>(strip), sums.data());
      for (std::size_t s = 0; s + 1 < sums.size(); ++s) {
        const auto at = values.begin() + static_cast<std::ptrdiff_t>(s * strip);
        ASSERT_TRUE(same_bits(sums[s], sum_by_position({at, at + static_cast<std::ptrdiff_t>(std::min(strip, n - s * strip))}))) << n << ", strip " << s << " of " << strip;
      }
      ASSERT_EQ(sums.back(), 42);
    }
    std::vector<double> out(n + 1, 42);
    record.call(closure, static_cast<index_t>(n), out.data(), operands);
    for (std::size_t i = 0; i < n; ++i) ASSERT_TRUE(same_bits(out[i], values[i])) << i << " of " << n;
    ASSERT_EQ(out[n], 42);
  }
  EXPECT_EQ((detail::MapFunctionOf<float (*)(float), float, float>::record.sum), nullptr);
}

template <class T>
void expect_rows_one_by_one(DType type) {
  std::mt19937_64 random(5);
  const kernels::Reducer reducer = kernels::reducer(Reduction::sum, type);
  ASSERT_NE(reducer.accumulate_rows, nullptr);
  for (int round = 0; round < 60; ++round) {
    const std::size_t columns = 1 + random() % 70, rows = 1 + random() % 40, stride = columns + random() % 5;
    std::vector<T> x(rows * stride);
    for (T& value : x) value = draw<T>(random);
    std::vector<double> sums(columns), rests(columns), want(columns), want_rests(columns);
    void *const state[] = {sums.data(), rests.data(), nullptr}, *const want_state[] = {want.data(), want_rests.data(), nullptr};
    reducer.init(static_cast<index_t>(columns), state);
    reducer.init(static_cast<index_t>(columns), want_state);
    reducer.accumulate_rows(static_cast<index_t>(columns), static_cast<index_t>(rows), x.data(), static_cast<index_t>(stride), state);
    for (std::size_t row = 0; row < rows; ++row) reducer.accumulate(static_cast<index_t>(columns), x.data() + row * stride, nullptr, want_state, static_cast<index_t>(row));
    for (std::size_t j = 0; j < columns; ++j) {
      ASSERT_TRUE(same_bits(sums[j], want[j])) << rows << " rows, column " << j;
      ASSERT_TRUE(same_bits(rests[j], want_rests[j])) << rows << " rows, column " << j;
    }
  }
}
TEST(Chains, rows_are_added_as_if_one_by_one) {
  expect_rows_one_by_one<double>(DType::float64);
  expect_rows_one_by_one<float>(DType::float32);
}

/// Sums of columns and of everything, of a block as it lies and of the same numbers in another layout, which goes another way.
TEST(Chains, sums_have_the_same_bits_whatever_the_layout) {
  std::mt19937_64 random(6);
  for (const Shape& shape : {Shape{37, 1500}, Shape{50, 333}, Shape{9, 1024}, Shape{300, 3}, Shape{1, 2049}, Shape{5000, 1}}) {
    Block block = Block::allocate(DType::float64, shape), other = Block::allocate(DType::float64, Shape{shape[1], shape[0]});
    auto* to = reinterpret_cast<double*>(block.make_writable());
    auto* turned = reinterpret_cast<double*>(other.make_writable());
    for (index_t i = 0; i < shape[0]; ++i)
      for (index_t j = 0; j < shape[1]; ++j) turned[j * shape[0] + i] = to[i * shape[1] + j] = std::ldexp(static_cast<double>(random() >> 11), -60);
    for (const std::vector<int>& axes : {std::vector<int>{0}, std::vector<int>{0, 1}, std::vector<int>{1}})
      for (const bool chain : {false, true}) {
        Program program;
        Program::Value x = program.input(DType::float64);
        if (chain) x = program.apply(Op::divide, DType::float64, program.apply(Op::multiply, DType::float64, x, x), program.constant(ScalarValue::of(3.0)));
        program.reduce(Reduction::sum, x, axes);
        const std::vector<index_t> origin{0, 0};
        const int swapped[] = {1, 0};
        const std::vector<Block> one = program.run(shape, origin, std::vector<Block>{block});
        const std::vector<Block> two = program.run(shape, origin, std::vector<Block>{other.transpose(swapped)});
        ASSERT_EQ(one[0].size(), two[0].size());
        for (index_t i = 0; i < one[0].size(); ++i)
          ASSERT_TRUE(same_bits(one[0].as<double>()[i], two[0].as<double>()[i])) << to_string(shape) << ", " << axes.size() << " axes from " << axes[0] << ", chain " << chain << ", " << i;
      }
  }
}

/// A tree of operations by chance: as a value of the program, and worked out for every element.
struct Tree {
  Program::Value value;
  std::vector<double> want;
};
Tree draw_tree(std::mt19937_64& random, Program& program, const std::vector<std::vector<double>>& leaves, std::size_t& next, int depth) {
  if (depth == 0 && random() % 4 == 0) {
    const double start = static_cast<double>(random() % 3) / 4, step = std::ldexp(static_cast<double>(random() % 200 + 1), -9);
    const auto base = static_cast<index_t>(random() % 10), stride = static_cast<index_t>(random() % 3) + 1;
    std::vector<double> want(leaves[0].size());
    for (std::size_t i = 0; i < want.size(); ++i) {
      const double product = step * static_cast<double>(base + static_cast<index_t>(i) * stride);
      want[i] = start + product;
    }
    return {program.arange(DType::float64, ScalarValue::of(start), ScalarValue::of(step), {base, {stride}}), std::move(want)};
  }
  if (depth == 0) return {program.input(DType::float64), leaves.at(next++)};
  // As deep on both sides as not: what is put aside for the one must outlast all that the other puts aside.
  Tree a = draw_tree(random, program, leaves, next, random() % 4 ? depth - 1 : 0), b = draw_tree(random, program, leaves, next, random() % 4 ? depth - 1 : 0);
  const Op ops[] = {Op::add, Op::subtract, Op::multiply};
  const Op op = ops[random() % 3];
  for (std::size_t i = 0; i < a.want.size(); ++i) {
    const double x = a.want[i], y = b.want[i];
    a.want[i] = op == Op::add ? x + y : op == Op::subtract ? x - y : x * y;
  }
  return {program.apply(op, DType::float64, a.value, b.value), std::move(a.want)};
}

TEST(Chains, of_trees_keep_all_that_is_put_aside_apart) {
  std::mt19937_64 random(7);
  constexpr std::size_t n = 41;
  for (int round = 0; round < 400; ++round) {
    std::vector<std::vector<double>> leaves(16, std::vector<double>(n));
    for (auto& leaf : leaves)
      for (double& x : leaf) x = std::ldexp(static_cast<double>(random() >> 11), -53) + 0.5;
    Program program;
    std::size_t next = 0;
    const Tree tree = draw_tree(random, program, leaves, next, 4);
    program.store(tree.value);
    std::vector<Block> inputs;
    for (std::size_t i = 0; i < next; ++i) {
      Block block = Block::allocate(DType::float64, Shape{static_cast<index_t>(n)});
      std::copy(leaves[i].begin(), leaves[i].end(), reinterpret_cast<double*>(block.make_writable()));
      inputs.push_back(std::move(block));
    }
    const std::vector<index_t> origin{0};
    const std::vector<Block> out = program.run(Shape{static_cast<index_t>(n)}, origin, inputs);
    for (std::size_t i = 0; i < n; ++i) ASSERT_TRUE(same_bits(out[0].as<double>()[i], tree.want[i])) << "round " << round << ", " << next << " leaves, element " << i;
  }
}

}  // namespace
