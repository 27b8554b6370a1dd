#include "ashlar/base/codec.hpp"

#include <boost/serialization/list.hpp>
#include <boost/serialization/string.hpp>
#include <gtest/gtest.h>

#include <fstream>
#include <list>
#include <mutex>
#include <thread>

using namespace ashlar;
using detail::can_send_v;
using detail::decode_value;
using detail::encode_value;

namespace user {

struct Point {
  double x = 0, y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};
enum class Colour : char { red, green };

class Private {
 public:
  Private() = default;
  explicit Private(std::string s) : text_(std::move(s)) {}
  friend bool operator==(const Private&, const Private&) = default;

 private:
  friend class boost::serialization::access;
  template <class A>
  void serialize(A& archive, const unsigned) {
    archive & text_;
  }
  std::string text_;
};

struct Split {
  std::string s;
  template <class A>
  void save(A& a, unsigned) const {
    a << s;
  }
  template <class A>
  void load(A& a, unsigned) {
    a >> s;
    s += " (loaded)";
  }
  BOOST_SERIALIZATION_SPLIT_MEMBER()
};

struct Free {
  std::string s;
  std::list<int> l;
};
template <class A>
void serialize(A& archive, Free& f, const unsigned) {
  archive & f.s & f.l;
}

struct Own {
  std::vector<int> values;
  void encode(Writer& out) const { out.array(values); }
  static Own decode(Reader& in) { return {in.array<int>()}; }
};

struct NoWay {
  std::string s;
  NoWay(const NoWay&) {}
};
struct HoldsPointer {
  int n;
  const double* p;
};
struct Said {
  std::string text;
  Said() = default;
};

}  // namespace user

template <>
inline constexpr bool ashlar::sendable<user::Said> = true;

namespace {

template <class T>
T sent(const T& value) {
  static_assert(can_send_v<T>);
  Writer out;
  encode_value(out, value);
  out.put<char>('#');  // nothing may be left over or eaten
  const Parcel parcel = std::move(out).take();
  Reader in(parcel);
  T back = decode_value<T>(in);
  EXPECT_EQ(in.get<char>(), '#');
  EXPECT_TRUE(in.at_end());
  return back;
}
template <class T>
void comes_back(const T& value) {
  EXPECT_EQ(sent(value), value);
}

}  // namespace

TEST(Codec, numbers_text_and_plain_structs_come_back) {
  comes_back(-5);
  comes_back(2.5);
  comes_back(true);
  comes_back(std::uint64_t{1} << 63);
  comes_back(user::Colour::green);
  comes_back(user::Point{1.5, -2});
  comes_back(std::complex<double>(1, 2));
  comes_back(std::string("text with \0 inside", 18));
  comes_back(std::string());
}

TEST(Codec, containers_come_back) {
  comes_back(std::vector<int>{1, 2, 3});
  comes_back(std::vector<int>{});
  comes_back(std::vector<bool>{true, false, true});
  comes_back(std::vector<std::string>{"a", "", "c"});
  comes_back(std::vector<std::vector<double>>{{1}, {}, {2, 3}});
  comes_back(std::vector<user::Point>{{1, 2}, {3, 4}});
  comes_back(std::array<std::string, 2>{"x", "y"});
  comes_back(std::array<int, 3>{1, 2, 3});
  comes_back(std::map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}});
  comes_back(std::unordered_map<int, std::string>{{1, "a"}, {2, "b"}});
  comes_back(std::set<std::string>{"b", "a"});
  comes_back(std::unordered_set<int>{5, 6});
  comes_back(std::optional<std::string>("here"));
  comes_back(std::optional<std::string>());
  comes_back(std::pair<int, std::string>{1, "a"});
  comes_back(std::tuple<int, std::string, std::vector<double>>{1, "a", {2.5}});
  comes_back(std::tuple<>{});
  comes_back(std::variant<int, std::string>{"text"});
  comes_back(std::variant<int, std::string>{3});
  comes_back(std::map<int, std::optional<std::tuple<std::string, std::variant<int, user::Point>>>>{{1, std::nullopt}, {2, std::tuple{"x", user::Point{1, 2}}}});
}

TEST(Codec, user_classes_with_boost_serialization_come_back) {
  comes_back(user::Private("secret"));
  comes_back(std::vector<user::Private>{user::Private("a"), user::Private("b")});
  EXPECT_EQ(sent(user::Split{"x"}).s, "x (loaded)");
  const user::Free back = sent(user::Free{"x", {1, 2}});
  EXPECT_EQ(back.s, "x");
  EXPECT_EQ(back.l, (std::list<int>{1, 2}));
  comes_back(std::list<std::string>{"a", "b"});
}

TEST(Codec, a_class_with_its_own_encode_uses_it) { EXPECT_EQ(sent(user::Own{{1, 2, 3}}).values, (std::vector<int>{1, 2, 3})); }

TEST(Codec, a_large_user_class_takes_no_more_than_its_bytes_and_a_little) {
  Writer out;
  encode_value(out, user::Private(std::string(100000, 'x')));
  EXPECT_LT(out.size(), 100000u + 64);
}

TEST(Codec, knows_at_compile_time_what_it_cannot_send) {
  static_assert(!can_send_v<int*>);
  static_assert(!can_send_v<const char*>);
  static_assert(!can_send_v<std::string_view>);
  static_assert(!can_send_v<std::span<int>>);
  static_assert(!can_send_v<std::reference_wrapper<int>>);
  static_assert(!can_send_v<int (*)(int)>);
  static_assert(!can_send_v<int user::Point::*>);
  static_assert(!can_send_v<std::mutex>);
  static_assert(!can_send_v<std::thread>);
  static_assert(!can_send_v<std::ofstream>);
  static_assert(!can_send_v<user::NoWay>);
  static_assert(!can_send_v<std::vector<user::NoWay>>);
  static_assert(!can_send_v<std::map<int, std::string_view>>);
  static_assert(!can_send_v<std::optional<int*>>);
  static_assert(!can_send_v<std::tuple<int, std::thread>>);
  static_assert(can_send_v<user::Said>);
  static_assert(can_send_v<const std::vector<int>&>);
}

TEST(Codec, a_pointer_inside_a_struct_is_refused_when_it_is_sent) {
  const double x = 1;
  Writer out;
  try {
    encode_value(out, user::HoldsPointer{1, &x});
    FAIL();
  } catch (const ValueError& e) {
    EXPECT_NE(std::string(e.what()).find("HoldsPointer"), std::string::npos) << e.what();
  }
  EXPECT_NO_THROW(encode_value(out, user::HoldsPointer{1, nullptr}));
}

TEST(Codec, sizes_count_what_elements_hold) {
  EXPECT_EQ(detail::value_nbytes(1.5), 8);
  EXPECT_EQ(detail::value_nbytes(std::vector<double>(100)), static_cast<std::int64_t>(sizeof(std::vector<double>)) + 800);
  EXPECT_GE(detail::value_nbytes(std::vector<std::string>(3, std::string(1000, 'x'))), 3000);
}
