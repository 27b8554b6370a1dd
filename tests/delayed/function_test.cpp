#include "ashlar/delayed/function.hpp"

#include <gtest/gtest.h>

#include "ashlar/base/error.hpp"
#include "ashlar/delayed/delayed.hpp"
#include "delayed/encoding_evaluator.hpp"

namespace al = ashlar;

int triple(int x) { return 3 * x; }
namespace {
namespace inner {
int quadruple(int x) { return 4 * x; }
}  // namespace inner
template <class T>
T twice(T x) {
  return x + x;
}
int noexcept_one() noexcept { return 1; }

struct Scale {
  double factor;
  double operator()(double x) const { return factor * x; }
};
struct Final final {
  int operator()(int x) const { return x + 1; }
};
struct Overloaded {
  int operator()(int) const { return 1; }
  int operator()(const std::string&) const { return 2; }
};
struct Padded {
  char c;
  double d;
  double operator()() const { return c + d; }
};

class Function : public ::testing::Test {
 protected:
  al::test::EncodingEvaluator evaluator_;
  al::Evaluator::Guard current_{&evaluator_};
};

std::string refusal(const std::function<void()>& make) {
  try {
    make();
  } catch (const al::ValueError& e) {
    return e.what();
  }
  return {};
}

}  // namespace

TEST_F(Function, may_be_a_free_function) {
  EXPECT_EQ(al::delayed(triple)(5).compute(), 15);
  EXPECT_EQ(al::delayed(&inner::quadruple)(5).compute(), 20);
  EXPECT_EQ(al::delayed(twice<double>)(1.5).compute(), 3);
  EXPECT_EQ(al::delayed(noexcept_one)().compute(), 1);
}

TEST_F(Function, free_is_named_as_in_the_source) {
  const auto name = [](const std::string& key) { return key.substr(0, key.rfind('-')); };
  EXPECT_EQ(name(al::delayed(triple)(5).key()), "triple");
  EXPECT_EQ(name(al::delayed(inner::quadruple)(5).key()), "quadruple");
  EXPECT_EQ(name(al::delayed(twice<double>)(5.0).key()), "twice");
  EXPECT_EQ(name(al::delayed(Scale{2})(5).key()), "Scale");
  EXPECT_EQ(name(al::delayed(std::plus<int>())(5, 6).key()), "plus");
  EXPECT_EQ(name(al::delayed(al::by_value(Scale{2}))(5).key()), "Scale");
}

TEST_F(Function, may_be_a_function_object) {
  EXPECT_EQ(al::delayed(Scale{2.5})(4).compute(), 10);
  EXPECT_EQ(al::delayed(Final{})(4).compute(), 5);
  EXPECT_EQ(al::delayed(Overloaded{})(std::string("x")).compute(), 2);
  EXPECT_EQ(al::delayed(Overloaded{})(1).compute(), 1);
  EXPECT_EQ(al::delayed(std::plus<>())(1, 2.5).compute(), 3.5);
}

TEST_F(Function, keeps_what_it_captured_by_value) {
  const double k = 2.5;
  const int n = 3;
  const std::array<int, 3> a = {1, 2, 3};
  EXPECT_EQ(al::delayed([k, n, a](double x) { return k * x + n + a[2]; })(2).compute(), 11);
  auto counting = al::delayed([i = 0](int x) mutable { return x + ++i; });
  EXPECT_EQ((counting(1) + counting(1)).compute(), 4) << "each call starts from the captures as they were";
}

TEST_F(Function, that_captured_a_reference_or_a_pointer_is_refused_by_name) {
  int n = 3;
  const std::string by_reference = refusal([&] { al::delayed([&n](int x) { return x + n; }); });
  EXPECT_NE(by_reference.find("lambda"), std::string::npos) << by_reference;
  EXPECT_NE(by_reference.find("an argument"), std::string::npos) << by_reference;
  const int* p = &n;
  EXPECT_FALSE(refusal([&] { al::delayed([p](int x) { return x + *p; }); }).empty());
  EXPECT_FALSE(refusal([&] { al::delayed([f = &triple](int x) { return f(x); }); }).empty());
  EXPECT_FALSE(refusal([&] { al::delayed([a = std::array<int*, 2>{nullptr, &n}](int x) { return x + *a[1]; }); }).empty());
  EXPECT_TRUE(refusal([&] { al::delayed([n = n](int x) { return x + n; }); }).empty());
}

TEST_F(Function, by_value_sends_what_looks_like_an_address) {
  int n = 3;
  const auto word = reinterpret_cast<std::uintptr_t>(&n);
  EXPECT_FALSE(refusal([&] { al::delayed([word] { return word; }); }).empty());
  EXPECT_EQ(al::delayed(al::by_value([word] { return word; }))().compute(), word);
  EXPECT_EQ(al::delayed(al::by_value([word](int x) { return word + static_cast<std::uintptr_t>(x); }))(1).compute(), word + 1);
  EXPECT_EQ(al::delayed(al::by_value(triple))(2).compute(), 6);
}

TEST_F(Function, bytes_have_no_padding_in_them) {
  alignas(Padded) std::byte dirty[sizeof(Padded)];
  std::memset(dirty, 0xff, sizeof dirty);
  auto* one = new (dirty) Padded;
  one->c = 1;
  one->d = 2;
  const al::detail::Closure<Padded> a(*one), b(Padded{1, 2});
  EXPECT_EQ(a.bytes, b.bytes);
}
