#include "ashlar/delayed/argument.hpp"

#include <boost/serialization/string.hpp>
#include <gtest/gtest.h>

#include <numeric>

#include "ashlar/base/error.hpp"
#include "ashlar/delayed/delayed.hpp"
#include "ashlar/delayed/future.hpp"
#include "delayed/encoding_evaluator.hpp"

namespace al = ashlar;

namespace {

struct Person {
  std::string name;
  int age = 0;
  template <class A>
  void serialize(A& archive, const unsigned) {
    archive & name & age;
  }
};
struct Point {
  double x, y;
};
struct HoldsPointer {
  int n;
  const int* p;
};

// Counts how often it is copied.
struct Counted {
  std::vector<int> values;
  inline static int copies = 0;
  Counted() = default;
  explicit Counted(std::vector<int> v) : values(std::move(v)) {}
  Counted(const Counted& other) : values(other.values) { ++copies; }
  Counted(Counted&&) = default;
  void encode(al::Writer& out) const { out.array(values); }
  static Counted decode(al::Reader& in) { return Counted(in.array<int>()); }
};

// A lazy range of numbers in pieces: a collection that tasks see as one vector.
struct Pieces {
  std::vector<al::Delayed<int>> parts;
  std::string name;
};

class Argument : public ::testing::Test {
 protected:
  al::test::EncodingEvaluator evaluator_;
  al::Evaluator::Guard current_{&evaluator_};
};

}  // namespace

namespace ashlar::detail {
template <>
struct CollectionTraits<Pieces> {
  static std::vector<TaskRef> lower(const Pieces& p, GraphBuilder& builder) { return CollectionTraits<std::vector<Delayed<int>>>::lower(p.parts, builder); }
};
template <>
struct ArgumentOf<Pieces> {
  using type = std::map<std::string, std::vector<int>>;
  static std::int64_t count(const Pieces& p) { return static_cast<std::int64_t>(p.parts.size()); }
  static void write(Writer& out, const Pieces& p) { out.text(p.name); }
  static type read(Reader& in, std::span<Object> results) {
    std::vector<int> values;
    for (Object& result : results) values.push_back(result.get<int>());
    return {{in.text(), values}};
  }
};
}  // namespace ashlar::detail

TEST_F(Argument, of_every_kind_arrives_as_it_was_given) {
  auto describe = al::delayed([](int i, std::string s, std::vector<double> v, std::optional<int> o, std::map<std::string, int> m, Person p, Point q, std::tuple<int, std::string> t) {
    return std::to_string(i) + s + std::to_string(v.size()) + (o ? "some" : "none") + std::to_string(m.at("k")) + p.name + std::to_string(p.age) +
           std::to_string(static_cast<int>(q.x + q.y)) + std::get<1>(t);
  });
  auto z = describe(7, "text", std::vector<double>(3), std::optional<int>(), std::map<std::string, int>{{"k", 9}}, Person{"Ada", 36}, Point{1, 2}, std::tuple<int, std::string>{1, "end"});
  EXPECT_EQ(z.compute(), "7text3none9Ada363end");
}

TEST_F(Argument, results_and_literals_can_be_mixed) {
  auto inc = al::delayed([](int x) { return x + 1; });
  auto mix = al::delayed([](std::vector<double> v, std::string s, int k, double d) { return v.at(0) + k + d + static_cast<double>(s.size()); });
  std::vector<al::Delayed<double>> parts{al::delayed(1.5)};
  al::Delayed<double> m1 = mix(parts, "text", inc(1), 2);
  EXPECT_EQ(m1.compute(), 1.5 + 2 + 2 + 4);
  std::vector<al::Future<double>> futures{al::Future<double>(evaluator_.scatter({al::Object::of(2.5)}).front())};
  al::Delayed<double> m2 = mix(futures, std::string("t"), inc(1), inc(2));
  EXPECT_EQ(m2.compute(), 2.5 + 2 + 3 + 1);
  const std::vector<double> values{4};
  EXPECT_EQ(mix(values, "text", 3, al::delayed(1)).compute(), 4 + 3 + 1 + 4);
}

TEST_F(Argument, containers_of_results_arrive_as_containers_of_values) {
  auto one = al::delayed(1), two = al::delayed(2);
  EXPECT_EQ(al::delayed([](std::tuple<int, double> t) { return std::get<0>(t) + std::get<1>(t); })(std::make_tuple(one, 2.5)).compute(), 3.5);
  EXPECT_EQ(al::delayed([](std::pair<std::string, int> t) { return t.first + std::to_string(t.second); })(std::pair{"n", two}).compute(), "n2");
  EXPECT_EQ(al::delayed([](std::optional<int> o) { return o.value_or(-1); })(std::optional{two}).compute(), 2);
  EXPECT_EQ(al::delayed([](std::optional<int> o) { return o.value_or(-1); })(std::optional<al::Delayed<int>>()).compute(), -1);
  EXPECT_EQ(al::delayed([](std::array<int, 2> a) { return a[0] * 10 + a[1]; })(std::array{one, two}).compute(), 12);
  EXPECT_EQ(al::delayed([](std::map<std::string, int> m) { return m["a"] * 10 + m["b"]; })(std::map<std::string, al::Delayed<int>>{{"a", one}, {"b", two}}).compute(), 12);
  EXPECT_EQ(al::delayed([](std::unordered_map<int, int> m) { return m[1] * 10 + m[2]; })(std::unordered_map<int, al::Delayed<int>>{{1, one}, {2, two}}).compute(), 12);
  EXPECT_EQ(al::delayed([](std::vector<std::vector<int>> v) { return v.at(1).at(0); })(std::vector<std::vector<al::Delayed<int>>>{{one}, {two, one}}).compute(), 2);
  EXPECT_EQ(al::delayed([](std::vector<std::string> v) { return v.at(1); })(std::vector<const char*>{"a", "b"}).compute(), "b");
}

TEST_F(Argument, a_collection_arrives_assembled) {
  auto count = al::delayed([](std::map<std::string, std::vector<int>> m, int x) { return std::accumulate(m.at("n").begin(), m.at("n").end(), 100 * x); });
  std::vector<al::Delayed<int>> parts;
  for (int i = 0; i < 5; ++i) parts.push_back(al::delayed(i) + 1);
  const Pieces pieces{parts, "n"};
  EXPECT_EQ(count(pieces, parts[0]).compute(), 115);
  EXPECT_EQ(count(Pieces{{}, "n"}, 1).compute(), 100);
  EXPECT_EQ(al::delayed([](std::vector<std::map<std::string, std::vector<int>>> v, int x) { return static_cast<int>(v.at(1).at("n").size()) + x; })(std::vector{pieces, pieces}, 7).compute(), 12);
}

TEST_F(Argument, generic_functions_take_what_comes) {
  auto g = al::delayed([](auto x, auto y) { return x + y; })(al::delayed(1), 2.5);
  static_assert(std::is_same_v<decltype(g), al::Delayed<double>>);
  EXPECT_EQ(g.compute(), 3.5);
}

TEST_F(Argument, large_arrays_are_attached_and_not_copied_into_the_graph) {
  const al::NDArray<double> x({100000});
  al::GraphBuilder builder;
  const auto size = al::delayed([](const al::NDArray<double>& b) { return b.size(); })(x);
  al::detail::lower(*size.node().get(), builder);
  const al::TaskGraph graph = std::move(builder).take();
  al::Writer payload;
  graph.layers.at(0)->encode_task(0, payload);
  EXPECT_LT(payload.size(), 200u);
  ASSERT_EQ(payload.buffers().size(), 1u);
  EXPECT_EQ(payload.buffers()[0].data(), x.block().buffer().data());
  EXPECT_EQ(size.compute(), 100000);
}

TEST_F(Argument, that_holds_a_pointer_is_refused_when_the_call_is_made) {
  const int n = 5;
  auto f = al::delayed([](HoldsPointer h) { return h.n; });
  EXPECT_THROW(f(HoldsPointer{1, &n}), al::ValueError);
  EXPECT_EQ(f(HoldsPointer{1, nullptr}).compute(), 1) << "and the failed call left nothing behind";
}

TEST_F(Argument, a_result_that_is_only_looked_at_is_not_copied) {
  const al::Evaluator::Guard local(&al::local_evaluator());
  auto make = al::delayed([](int n) { return Counted(std::vector<int>(static_cast<std::size_t>(n), 1)); });
  auto look = al::delayed([](const Counted& c) { return static_cast<int>(c.values.size()); });
  auto made = make(10);
  auto z = look(made) + look(made) + look(made);
  Counted::copies = 0;
  EXPECT_EQ(z.compute(), 30);
  EXPECT_EQ(Counted::copies, 0);
}
