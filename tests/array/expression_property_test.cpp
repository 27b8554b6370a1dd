// Random expressions against the oracle, which shares no code with what it checks (plain_array.hpp), in three types.

#include "array/random_expression.hpp"

namespace ashlar::test {
namespace {

template <class T>
void check(const Both<T>& both, const std::string& story) {
  const Block fused = run_fused(both.array.node());
  ASSERT_EQ(fused.shape(), Shape(both.plain.shape)) << story;
  ASSERT_EQ(both.array.shape(), fused.shape()) << story;
  const NDArray<T> values{Block(fused)};
  for (std::size_t i = 0; i < both.plain.values.size(); ++i)
    ASSERT_EQ(std::as_const(values).data()[i], both.plain.values[i]) << story << ", element " << i << " of " << to_string(fused.shape());
  ASSERT_TRUE(same_bits(fused, run_unfused(both.array.node()))) << story << ": unfused differs";
  ASSERT_TRUE(same_bits(fused, run_sent(both.array.node()))) << story << ": sent through bytes differs";
}

template <class T>
void run_many(int cases, const char* type) {
  const char* given = std::getenv("ASHLAR_TEST_SEED");
  const std::uint64_t first = given ? std::strtoull(given, nullptr, 10) : 20260101;
  const int count = given ? 1 : cases;
  for (int i = 0; i < count; ++i) {
    const std::uint64_t seed = first + static_cast<std::uint64_t>(i);
    Expressions<T> expressions(seed);
    const std::string story = std::string(type) + ", ASHLAR_TEST_SEED=" + std::to_string(seed);
    try {
      Both<T> both = expressions.leaf(expressions.some_shape());
      for (long steps = expressions.draw(1, 7); steps > 0; --steps) both = expressions.step(both);
      check(both, story);
    } catch (const std::exception& error) {
      FAIL() << story << ": " << error.what();
    }
    if (testing::Test::HasFatalFailure()) return;
  }
}

int cases() {
  const char* given = std::getenv("ASHLAR_TEST_CASES");
  return given ? std::atoi(given) : std::getenv("ASHLAR_TEST_LONG") ? 3000 : 400;
}

TEST(RandomExpressions, GiveTheOraclesNumbersInFloat64) { run_many<double>(cases(), "float64"); }
TEST(RandomExpressions, GiveTheOraclesNumbersInInt64) { run_many<std::int64_t>(cases(), "int64"); }
TEST(RandomExpressions, GiveTheOraclesNumbersInFloat32) { run_many<float>(cases(), "float32"); }

}  // namespace
}  // namespace ashlar::test
