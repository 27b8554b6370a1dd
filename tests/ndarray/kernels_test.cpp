// Every operation and every element type against reference.hpp, through one-operation programs.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <map>
#include <random>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/kernels_detail.hpp"
#include "ashlar/ndarray/program.hpp"
#include "ndarray/reference.hpp"

using namespace ashlar;

namespace {

std::vector<Op> ops() {
  std::vector<Op> all;
  for (int i = 0; i <= static_cast<int>(Op::clip); ++i) all.push_back(static_cast<Op>(i));
  return all;
}
std::vector<DType> types() {
  std::vector<DType> all;
  for (int i = 0; i < dtype_count; ++i) all.push_back(static_cast<DType>(i));
  return all;
}

/// Elements where things go wrong, and a few where they should not.
template <class T>
std::vector<T> specimens() {
  std::vector<T> all;
  if constexpr (std::is_same_v<T, bool>) {
    return {false, true};
  } else if constexpr (reference::is_complex_type<T>) {
    using P = typename T::value_type;
    for (P re : {P(0), P(1), P(-1), P(0.5), P(-2.25), P(3)})
      for (P im : {P(0), P(1), P(-0.75), P(2)}) all.push_back(T(re, im));
    return all;
  } else if constexpr (std::is_floating_point_v<T>) {
    const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
    all = {T(0), T(-0.0), T(1), T(-1), T(2), T(3), T(-3), T(0.5), T(-0.5), T(1.5), T(-1.5), T(2.5), T(-2.5), T(0.1), T(-0.3), T(7), T(10), T(1000),
           T(-7), T(1e-3), T(-1e-5), T(0.99), T(3.14159265358979), T(100.25), T(-87.5), T(700.5), T(38999), T(39001), T(-123456), T(1e9), T(1e20),
           std::numeric_limits<T>::max(), std::numeric_limits<T>::lowest(), std::numeric_limits<T>::min(), std::numeric_limits<T>::denorm_min(),
           std::numeric_limits<T>::epsilon(), T(2147483647.0), T(2147483648.0), T(-2147483649.0), T(9223372036854775808.0), T(18446744073709551616.0),
           T(255.9), T(-129), T(65536), inf, -inf, nan};
    std::mt19937_64 random(7);
    std::uniform_real_distribution<double> small(-4, 4);
    for (int i = 0; i < 40; ++i) all.push_back(static_cast<T>(small(random)));
    return all;
  } else {
    using Limits = std::numeric_limits<T>;
    for (long long v : {0LL, 1LL, 2LL, 3LL, 5LL, 7LL, 8LL, 31LL, 63LL, 64LL, 100LL, -1LL, -2LL, -3LL, -7LL, -100LL}) all.push_back(static_cast<T>(v));
    for (T v : {Limits::max(), static_cast<T>(Limits::max() - 1), Limits::min(), static_cast<T>(Limits::min() + 1)}) all.push_back(v);
    return all;
  }
}

template <class T>
Block block_of(const std::vector<T>& values) {
  Block block = Block::allocate(dtype_of<T>, Shape(static_cast<index_t>(values.size())));
  std::byte* to = block.make_writable();
  for (std::size_t i = 0; i < values.size(); ++i) reinterpret_cast<T*>(to)[i] = values[i];
  return block;
}

/// All specimens, all pairs, or triples of a few.
std::vector<Block> operands(Op op, DType type) {
  return visit_dtype(type, [&]<class T>(std::type_identity<T>) -> std::vector<Block> {
    const std::vector<T> all = specimens<T>();
    std::vector<T> a, b, c;
    if (op_arity(op) == 1) return {block_of(all)};
    for (const T& x : all)
      for (const T& y : all) {
        // NumPy refuses negative integer powers.
        if constexpr (std::is_integral_v<T>)
          if (op == Op::power && static_cast<reference::Wide>(y) < 0) continue;
        a.push_back(x);
        b.push_back(y);
        c.push_back(all[(a.size() * 7) % all.size()]);
      }
    if (op_arity(op) == 2) return {block_of(a), block_of(b)};
    if (op == Op::where) {
      Block condition = Block::allocate(DType::bool_, Shape(static_cast<index_t>(a.size())));
      bool* to = reinterpret_cast<bool*>(condition.make_writable());
      for (std::size_t i = 0; i < a.size(); ++i) to[i] = i % 3 == 0;
      return {condition, block_of(a), block_of(b)};
    }
    return {block_of(a), block_of(b), block_of(c)};
  });
}

Block run_one(Op op, DType type, const std::vector<Block>& inputs) {
  Program program;
  Program::Value values[3] = {-1, -1, -1};
  for (std::size_t i = 0; i < inputs.size(); ++i) values[i] = program.input(inputs[i].dtype());
  program.store(program.apply(op, type, values[0], values[1], values[2]));
  return program.run(inputs[0].shape(), std::vector<index_t>{0}, inputs)[0];
}

ScalarValue element(const Block& block, index_t i) {
  ScalarValue s;
  s.type = block.dtype();
  std::memcpy(s.bytes, block.data() + i * itemsize(s.type), static_cast<std::size_t>(itemsize(s.type)));
  return s;
}

/// Units in the last place a result may be away from the reference.
double tolerance(Op op, DType type) {
  switch (op) {
    case Op::exp:
    case Op::log:
    case Op::sin:
    case Op::cos:
    case Op::arctan:
    case Op::tanh: return 4;
    case Op::cbrt:
    case Op::exp2:
    case Op::expm1:
    case Op::log2:
    case Op::log10:
    case Op::log1p:
    case Op::tan:
    case Op::arcsin:
    case Op::arccos:
    case Op::sinh:
    case Op::cosh:
    case Op::arcsinh:
    case Op::arccosh:
    case Op::arctanh:
    case Op::deg2rad:
    case Op::rad2deg:
    case Op::power:
    case Op::arctan2:
    case Op::hypot: return is_integer(type) ? 0 : 3;
    case Op::logaddexp: return 3;
    case Op::floor_divide: return is_floating(type) ? 1 : 0;  // of quotients that are no float, NumPy's is not always the nearest
    default: return 0;
  }
}

/// How far apart two elements of one type are.
double distance(Op op, const ScalarValue& got, const ScalarValue& want) {
  return visit_dtype(want.type, [&]<class T>(std::type_identity<T>) -> double {
    const T g = reference::value<T>(got), w = reference::value<T>(want);
    if constexpr (reference::is_complex_type<T>) {
      if (reference::isnan(w)) return reference::isnan(g) ? 0 : std::numeric_limits<double>::infinity();
      // Relative to the magnitude: a part may cancel.
      const double scale = std::max(1e-300, static_cast<double>(std::abs(w)));
      if (!std::isfinite(scale)) return 0;  // divisions by zero are looked at in a test of their own
      return static_cast<double>(std::abs(g - w)) / scale / static_cast<double>(std::numeric_limits<typename T::value_type>::epsilon());
    } else if constexpr (std::is_floating_point_v<T>) {
      const bool any_zero = op == Op::maximum || op == Op::minimum || op == Op::clip || op == Op::fmax || op == Op::fmin || op == Op::logaddexp;
      if (any_zero) return reference::ulps(g, w);
      if (g == w && std::signbit(g) != std::signbit(w)) return std::numeric_limits<double>::infinity();
      return reference::ulps(g, w);
    } else {
      return g == w ? 0 : std::numeric_limits<double>::infinity();
    }
  });
}

TEST(Kernels, agree_with_the_reference_for_every_operation_and_type) {
  int pairs = 0;
  for (Op op : ops()) {
    if (op == Op::cast) continue;
    for (DType type : types()) {
      try {
        if (op_compute_type(op, type) != type) continue;
      } catch (const TypeError&) {
        continue;
      }
      ++pairs;
      const std::vector<Block> inputs = operands(op, type);
      const Block result = run_one(op, type, inputs);
      ASSERT_EQ(result.dtype(), op_result_type(op, type));
      const double allowed = is_complex(type) && !op_gives_bool(op) ? 40 : tolerance(op, type);
      int shown = 0;
      for (index_t i = 0; i < result.size() && shown < 5; ++i) {
        const ScalarValue a = element(inputs[0], i), b = inputs.size() > 1 ? element(inputs[1], i) : a, c = inputs.size() > 2 ? element(inputs[2], i) : a;
        if (op == Op::power && is_complex(type) && a.as<std::complex<double>>() == 0.0) continue;  // in a test of their own
        const ScalarValue want = reference::apply(op, type, a, b, c), got = element(result, i);
        const double away = distance(op, got, want);
        if (away <= allowed) continue;
        // What is added may cancel: the error is one of the larger operand.
        if (op == Op::logaddexp && std::fabs(got.as<double>() - want.as<double>()) <=
                                       (type == DType::float32 ? 2.4e-7 : 4.4e-16) * std::max(std::fabs(a.as<double>()), std::fabs(b.as<double>())))
          continue;
        ++shown;
        ADD_FAILURE() << op_name(op) << " of " << dtype_name(type) << " (" << a.text() << ", " << b.text() << ", " << c.text() << "): wanted " << want.text()
                      << ", found " << got.text() << ", " << away << " units apart";
      }
    }
  }
  EXPECT_GT(pairs, 500);
}

TEST(Kernels, cast_every_type_to_every_type_as_numpy_on_x86) {
  for (DType from : types())
    for (DType to : types()) {
      const Block input = operands(Op::negative, from)[0];
      const Block result = run_one(Op::cast, to, {input});
      ASSERT_EQ(result.dtype(), to);
      for (index_t i = 0; i < result.size(); ++i)
        ASSERT_EQ(distance(Op::cast, element(result, i), reference::apply(Op::cast, to, element(input, i))), 0)
            << dtype_name(from) << " to " << dtype_name(to) << " of " << element(input, i).text() << ": found " << element(result, i).text();
    }
}

TEST(Kernels, divide_integers_downwards_and_by_zero_to_zero) {
  const std::vector<Block> inputs{block_of<std::int32_t>({7, -7, 7, -7, 5, INT32_MIN}), block_of<std::int32_t>({2, 2, -2, -2, 0, -1})};
  const Block quotient = run_one(Op::floor_divide, DType::int32, inputs), rest = run_one(Op::remainder, DType::int32, inputs);
  const std::int32_t quotients[] = {3, -4, -4, 3, 0, INT32_MIN}, rests[] = {1, 1, -1, -1, 0, 0};
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(quotient.as<std::int32_t>()[i], quotients[i]);
    EXPECT_EQ(rest.as<std::int32_t>()[i], rests[i]);
  }
}

/// A chain that divides everything by one number.
template <class T>
std::vector<T> divided(const std::vector<T>& x, T by) {
  std::vector<T> out(x.size());
  const kernels::ChainStage stages[] = {{kernels::ChainOp::load, kernels::ChainOperand::strip, x.data()}, {kernels::ChainOp::divide, kernels::ChainOperand::scalar, &by}};
  kernels::Chain chain;
  chain.stages = stages;
  chain.out = out.data();
  kernels::chain_runner(dtype_of<T>, false)->run(static_cast<index_t>(x.size()), chain, false);
  return out;
}
template <class T, class Bits>
void expect_rounded_quotients() {
  std::mt19937_64 random(11);
  constexpr int digits = std::numeric_limits<T>::digits;
  // All bits of the fraction by chance, few of them set, or nearly all: quotients close to the middle between two numbers among them.
  const auto fraction = [&] {
    const auto mask = (Bits{1} << (digits - 1)) - 1;
    const auto bits = static_cast<Bits>(random());
    switch (random() % 4) {
      case 0: return static_cast<Bits>(bits & mask & static_cast<Bits>(random()) & static_cast<Bits>(random()));
      case 1: return static_cast<Bits>((bits | static_cast<Bits>(random()) | static_cast<Bits>(random())) & mask);
      case 2: return static_cast<Bits>(mask - random() % 4);
      default: return static_cast<Bits>(bits & mask);
    }
  };
  const auto number = [&](int range) {
    const T value = std::ldexp(static_cast<T>(fraction()) + static_cast<T>(Bits{1} << (digits - 1)), static_cast<int>(random() % static_cast<std::uint64_t>(2 * range + 1)) - range - digits);
    return random() % 2 ? value : -value;
  };
  const T inf = std::numeric_limits<T>::infinity();
  for (int round = 0; round < 400; ++round) {
    T by = number(round % 4 == 0 ? std::numeric_limits<T>::max_exponent - 30 : 10);
    if (round < 20) by = static_cast<T>(round - 10);
    std::vector<T> x(static_cast<std::size_t>(100 + random() % 200));
    for (T& v : x) v = number(round % 3 == 0 ? std::numeric_limits<T>::max_exponent - 30 : 20);
    if (round % 5 == 0) {
      x[random() % x.size()] = T(0);
      x[random() % x.size()] = T(-0.0);
    }
    if (round % 7 == 0) {
      x[random() % x.size()] = inf;
      x[random() % x.size()] = std::numeric_limits<T>::quiet_NaN();
    }
    if (round % 11 == 0) x[random() % x.size()] = std::numeric_limits<T>::denorm_min();
    const std::vector<T> got = divided(x, by);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const T want = x[i] / by;
      if (want != want) {
        ASSERT_TRUE(got[i] != got[i]) << x[i] << " / " << by;
        continue;
      }
      ASSERT_EQ(std::bit_cast<Bits>(got[i]), std::bit_cast<Bits>(want)) << std::hexfloat << x[i] << " / " << by << " is " << want << ", got " << got[i];
    }
  }
}
TEST(Kernels, round_quotients_by_one_number_as_the_divider_does) {
  const bool before = kernels::divider_is_quick();
  for (const bool quick : {false, true}) {
    kernels::set_divider_is_quick(quick);
    expect_rounded_quotients<double, std::uint64_t>();
    expect_rounded_quotients<float, std::uint32_t>();
  }
  kernels::set_divider_is_quick(before);
}

/// Integers by one number, and by many, against division that rounds down.
template <class T>
void expect_floors() {
  std::mt19937_64 random(5);
  const auto draw = [&] {
    const T edges[] = {std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), static_cast<T>(std::numeric_limits<T>::min() + 1), static_cast<T>(0), static_cast<T>(1), static_cast<T>(-1)};
    return random() % 8 == 0 ? edges[random() % 6] : static_cast<T>(random() >> random() % 64);
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<T> x(static_cast<std::size_t>(1 + random() % 300)), y(x.size()), floors(x.size()), rests(x.size());
    const T by = draw();
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = draw();
      y[i] = round % 2 ? by : draw();
      if (round % 4 == 1 && by != 0) x[i] = static_cast<T>(static_cast<__int128>(x[i]) / by * by);  // no remainder
    }
    const auto n = static_cast<index_t>(x.size());
    kernels::elementwise(Op::floor_divide, dtype_of<T>)(n, floors.data(), x.data(), y.data(), nullptr);
    kernels::elementwise(Op::remainder, dtype_of<T>)(n, rests.data(), x.data(), y.data(), nullptr);
    for (std::size_t i = 0; i < x.size(); ++i) {
      __int128 floor = 0, rest = 0;
      if (y[i] != 0) {
        floor = static_cast<__int128>(x[i]) / y[i], rest = static_cast<__int128>(x[i]) % y[i];
        if (rest != 0 && (rest < 0) != (y[i] < 0)) --floor, rest += y[i];
      }
      ASSERT_EQ(floors[i], static_cast<T>(floor)) << +x[i] << " // " << +y[i];
      ASSERT_EQ(rests[i], static_cast<T>(rest)) << +x[i] << " % " << +y[i];
    }
  }
}
TEST(Kernels, divide_integers_by_one_number_and_by_many) {
  expect_floors<std::int32_t>();
  expect_floors<std::uint32_t>();
  expect_floors<std::int64_t>();
  expect_floors<std::int16_t>();
}

TEST(Kernels, find_the_keys_that_agree_with_a_prefix) {
  std::vector<double> x;
  std::mt19937_64 random(3);
  for (int i = 0; i < 1003; ++i) x.push_back(std::ldexp(static_cast<double>(static_cast<std::int64_t>(random())), -60));
  x[5] = std::numeric_limits<double>::quiet_NaN(), x[1002] = -0.0, x[1001] = 0.0;
  std::vector<std::uint64_t> keys(x.size() + kernels::key_room), more(keys.size());
  ASSERT_EQ(kernels::matching_keys(1003, x.data(), 0, 0, keys.data()), 1003);
  EXPECT_EQ(keys[5], ~std::uint64_t{0});
  EXPECT_EQ(keys[1001], keys[1002]);
  for (std::size_t i = 0; i + 1 < x.size(); ++i)
    if (x[i] < x[i + 1]) {
      ASSERT_LT(keys[i], keys[i + 1]) << i;
    }
  const std::uint64_t mask = std::uint64_t{0xfff} << 52, prefix = keys[0] & mask;
  const index_t found = kernels::matching_keys(1003, x.data(), mask, prefix, more.data());
  std::vector<std::uint64_t> want;
  for (std::size_t i = 0; i < x.size(); ++i)
    if ((keys[i] & mask) == prefix) want.push_back(keys[i]);
  EXPECT_EQ(std::vector<std::uint64_t>(more.begin(), more.begin() + found), want);
}

TEST(Kernels, refuse_negative_integer_powers) {
  EXPECT_THROW(run_one(Op::power, DType::int64, {block_of<std::int64_t>({2, 2}), block_of<std::int64_t>({3, -1})}), ValueError);
}

TEST(Kernels, know_nan_from_numbers_in_maximum_and_fmax) {
  const double nan = std::nan("");
  const std::vector<Block> inputs{block_of<double>({1, nan, nan}), block_of<double>({nan, 2, nan})};
  const Block maximum = run_one(Op::maximum, DType::float64, inputs), fmax = run_one(Op::fmax, DType::float64, inputs);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(std::isnan(maximum.as<double>()[i]));
  EXPECT_EQ(fmax.as<double>()[0], 1);
  EXPECT_EQ(fmax.as<double>()[1], 2);
  EXPECT_TRUE(std::isnan(fmax.as<double>()[2]));
}

TEST(Kernels, divide_complex_numbers_by_zero_as_numpy) {
  using C = std::complex<double>;
  const Block result = run_one(Op::divide, DType::complex128, {block_of<C>({C(1, 0), C(0, 0)}), block_of<C>({C(0, 0), C(0, 0)})});
  EXPECT_TRUE(std::isinf(result.as<C>()[0].real()));
  EXPECT_TRUE(std::isnan(result.as<C>()[0].imag()));
  EXPECT_TRUE(std::isnan(result.as<C>()[1].real()));
}

TEST(Kernels, raise_complex_zero_to_powers_as_numpy) {
  using C = std::complex<double>;
  const Block result = run_one(Op::power, DType::complex128, {block_of<C>({0, 0, 0, 0}), block_of<C>({C(0, 0), C(2, 0), C(1, 1), C(-1, 0)})});
  EXPECT_EQ(result.as<C>()[0], C(1));
  EXPECT_EQ(result.as<C>()[1], C(0));
  EXPECT_EQ(result.as<C>()[2], C(0));
  EXPECT_TRUE(std::isnan(result.as<C>()[3].real()));
}

TEST(Kernels, stay_within_their_error_on_random_arguments) {
  std::mt19937_64 random(20);
  const struct {
    Op op;
    double low, high;
    long double (*function)(long double);
  } cases[] = {{Op::sin, -39000, 39000, [](long double x) { return std::sin(x); }}, {Op::cos, -39000, 39000, [](long double x) { return std::cos(x); }},
               {Op::exp, -700, 706, [](long double x) { return std::exp(x); }},     {Op::log, 1e-5, 1e5, [](long double x) { return std::log(x); }},
               {Op::arctan, -20, 20, [](long double x) { return std::atan(x); }},   {Op::tanh, -25, 25, [](long double x) { return std::tanh(x); }}};
  for (const auto& c : cases) {
    std::uniform_real_distribution<double> arguments(c.low, c.high);
    std::vector<double> x(100000);
    for (double& v : x) v = arguments(random);
    const Block result = run_one(c.op, DType::float64, {block_of(x)});
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, reference::ulps(result.as<double>()[i], static_cast<double>(c.function(x[i]))));
    EXPECT_LE(worst, 5) << op_name(c.op);
    std::printf("%s: at most %.1f units in the last place\n", std::string(op_name(c.op)).c_str(), worst);
  }
}

/// Operations whose loops come from Highway's mathematics and so use fused multiply-add where there is one.
bool rounds_by_target(Op op, DType type) {
  switch (op) {
    case Op::exp:
    case Op::log:
    case Op::sin:
    case Op::cos:
    case Op::arctan:
    case Op::tanh: return is_floating(type);
    default: return false;
  }
}

TEST(Kernels, give_the_same_bits_on_every_instruction_set) {
  const std::int64_t best = simd_targets();
  std::vector<std::int64_t> sets;  // each as wide as one target
  for (std::int64_t bit = 1; bit > 0 && bit < (std::int64_t(1) << 62); bit <<= 1)
    if (best & bit) sets.push_back(~(bit - 1));
  sets.push_back(0);  // the baseline
  for (Op op : ops()) {
    if (op == Op::cast) continue;
    for (DType type : types()) {
      try {
        if (op_compute_type(op, type) != type) continue;
      } catch (const TypeError&) {
        continue;
      }
      const std::vector<Block> inputs = operands(op, type);
      const Block first = run_one(op, type, inputs);
      for (std::size_t s = 0; s < sets.size(); ++s) {
        restrict_simd_targets(sets[s]);
        if (rounds_by_target(op, type) && simd_target_name().find("AVX") == std::string::npos) continue;
        const Block again = run_one(op, type, inputs);
        for (index_t i = 0; i < first.size(); ++i)
          ASSERT_EQ(std::memcmp(first.data() + i * itemsize(first.dtype()), again.data() + i * itemsize(first.dtype()), static_cast<std::size_t>(itemsize(first.dtype()))) == 0 ||
                        distance(op, element(first, i), element(again, i)) == 0,
                    true)
              << op_name(op) << " of " << dtype_name(type) << " on " << simd_target_name() << " of " << element(inputs[0], i).text();
      }
      restrict_simd_targets(-1);
    }
  }
  EXPECT_EQ(simd_targets(), best);
}

TEST(Kernels, come_from_another_loop_when_targets_are_restricted) {
  const auto best = kernels::simd_arithmetic(Op::add, DType::int8);
  restrict_simd_targets(0);
  const auto plain = kernels::simd_arithmetic(Op::add, DType::int8);
  EXPECT_EQ(simd_targets() & (simd_targets() - 1), 0);
  EXPECT_EQ(kernels::simd_arithmetic(Op::add, DType::int8), plain) << "asking for the targets chooses them anew";
  restrict_simd_targets(-1);
  EXPECT_EQ(kernels::simd_arithmetic(Op::add, DType::int8), best);
  if (simd_target_name().find("AVX") != std::string::npos) {
    EXPECT_NE(plain, best);
  }
}

}  // namespace
