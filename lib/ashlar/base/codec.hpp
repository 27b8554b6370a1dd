#pragma once
// Values as bytes and back, for task arguments and results.
//
// Which way a type goes: its own `encode(Writer&)` / `decode(Reader&)` members; raw bytes if trivially copyable; element by element
// for the standard containers; else Boost.Serialization. What none of them can send is refused at compile time (`can_send_v`).

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/serialization/serialization.hpp>
#include <array>
#include <complex>
#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <streambuf>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "ashlar/base/bytes.hpp"
#include "ashlar/base/descriptor.hpp"

namespace ashlar {

/// Users say here that a type may be sent although it is not recognised: template <> inline constexpr bool ashlar::sendable<T> = true;
template <class T>
inline constexpr bool sendable = false;

namespace detail {

// A class that has a member called serialize, private ones too: naming it through a class that inherits two is ambiguous.
struct SerializeMember {
  void serialize();
};
template <class T>
struct WithSerialize : T, SerializeMember {};
template <class T>
concept inheritable = std::is_class_v<T> && !std::is_final_v<T>;
template <class T>
concept no_serialize_member = requires { &WithSerialize<T>::serialize; };
template <class T>
constexpr bool has_serialize_member() {
  if constexpr (inheritable<T>) return !no_serialize_member<T>;
  else if constexpr (std::is_class_v<T>) return requires(T& t, boost::archive::binary_oarchive& a) { t.serialize(a, 0u); };
  else return false;
}
namespace probe {
// The same signature as Boost's catch-all: where nothing better exists the call is ambiguous, so not storable.
template <class A, class T>
void serialize(A&, T&, const unsigned int);
template <class T>
concept free_serialize = requires(T& t, boost::archive::binary_oarchive& a, const boost::serialization::version_type v) { serialize(a, t, v); };
}  // namespace probe

template <class T>
concept own_codec = requires(const T& t, Writer& w, Reader& r) {
  t.encode(w);
  { T::decode(r) } -> std::same_as<T>;
};
template <class T>
struct is_view : std::false_type {};
template <class C, class R>
struct is_view<std::basic_string_view<C, R>> : std::true_type {};
template <class T, std::size_t N>
struct is_view<std::span<T, N>> : std::true_type {};
template <class T>
struct is_view<std::reference_wrapper<T>> : std::true_type {};
template <class T>
concept address_like = std::is_pointer_v<T> || std::is_member_pointer_v<T> || std::is_reference_v<T>;

template <class T>
struct can_send {
  static constexpr bool value = [] {
    if constexpr (sendable<T>) return true;
    else if constexpr (address_like<T> || is_view<T>::value) return false;
    else if constexpr (own_codec<T>) return true;
    else if constexpr (std::is_trivially_copyable_v<T> && std::is_move_constructible_v<T>) return true;  // a mutex is the one and not the other
    else if constexpr (has_serialize_member<T>()) return true;
    else return probe::free_serialize<T>;
  }();
};
template <class T>
constexpr bool can_send_v = can_send<std::remove_cvref_t<T>>::value;
template <>
struct can_send<std::string> : std::true_type {};
template <class T, class A>
struct can_send<std::vector<T, A>> : std::bool_constant<can_send_v<T>> {};
template <class T>
struct can_send<std::optional<T>> : std::bool_constant<can_send_v<T>> {};
template <class T, class U>
struct can_send<std::pair<T, U>> : std::bool_constant<can_send_v<T> && can_send_v<U>> {};
template <class... T>
struct can_send<std::tuple<T...>> : std::bool_constant<(can_send_v<T> && ...)> {};
template <class... T>
struct can_send<std::variant<T...>> : std::bool_constant<(can_send_v<T> && ...)> {};
template <class T, std::size_t N>
struct can_send<std::array<T, N>> : std::bool_constant<can_send_v<T>> {};
template <class K, class V, class C, class A>
struct can_send<std::map<K, V, C, A>> : std::bool_constant<can_send_v<K> && can_send_v<V>> {};
template <class K, class V, class H, class E, class A>
struct can_send<std::unordered_map<K, V, H, E, A>> : std::bool_constant<can_send_v<K> && can_send_v<V>> {};
template <class K, class C, class A>
struct can_send<std::set<K, C, A>> : can_send<K> {};
template <class K, class H, class E, class A>
struct can_send<std::unordered_set<K, H, E, A>> : can_send<K> {};
template <class T>
struct can_send<std::complex<T>> : std::true_type {};

// A Writer as a stream buffer, so that an archive writes into the message itself.
class WriterStream : public std::streambuf {
 public:
  explicit WriterStream(Writer& out) : out_(out) {}

 protected:
  std::streamsize xsputn(const char* from, std::streamsize n) override {
    out_.raw(from, static_cast<std::size_t>(n));
    return n;
  }
  int_type overflow(int_type c) override {
    const char byte = static_cast<char>(c);
    out_.raw(&byte, 1);
    return c;
  }

 private:
  Writer& out_;
};
class BytesStream : public std::streambuf {
 public:
  explicit BytesStream(std::span<const std::byte> bytes) {
    char* first = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
    setg(first, first, first + bytes.size());
  }
};
inline constexpr unsigned archive_flags = boost::archive::no_header | boost::archive::no_codecvt;

template <class T>
void encode_value(Writer& out, const T& value);
template <class T>
T decode_value(Reader& in);

template <class T>
void encode_archive(Writer& out, const T& value) {
  Writer inner;
  {
    WriterStream stream(inner);
    boost::archive::binary_oarchive archive(stream, archive_flags);
    archive << value;
  }
  out.array(std::span<const std::byte>(inner.head()));
}
template <class T>
T decode_archive(Reader& in) {
  static_assert(std::is_default_constructible_v<T>, "ashlar: a type that is sent through Boost.Serialization needs a default constructor");
  BytesStream stream(in.view(in.get<std::uint64_t>()));
  boost::archive::binary_iarchive archive(stream, archive_flags);
  T value;
  archive >> value;
  return value;
}

template <class T>
struct Codec {
  static void encode(Writer& out, const T& value) {
    if constexpr (own_codec<T>) {
      value.encode(out);
    } else if constexpr (std::is_trivially_copyable_v<T>) {
      if constexpr (std::is_class_v<T> && sizeof(T) >= sizeof(void*))
        refuse_addresses(&value, sizeof value, "an argument or result of type " + std::string(type_name<T>()), "send the data it points to instead");
      out.put(value);
    } else {
      encode_archive(out, value);
    }
  }
  static T decode(Reader& in) {
    if constexpr (own_codec<T>) return T::decode(in);
    else if constexpr (std::is_trivially_copyable_v<T>) {
      alignas(T) std::byte memory[sizeof(T)];
      in.raw(memory, sizeof(T));
      return *std::launder(reinterpret_cast<T*>(memory));
    } else return decode_archive<T>(in);
  }
};
template <>
struct Codec<std::string> {
  static void encode(Writer& out, const std::string& value) { out.text(value); }
  static std::string decode(Reader& in) { return in.text(); }
};
template <class T, class A>
struct Codec<std::vector<T, A>> {
  static void encode(Writer& out, const std::vector<T, A>& value) {
    out.put<std::uint64_t>(value.size());
    if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) out.raw(value.data(), value.size() * sizeof(T));
    else
      for (const auto& element : value) encode_value<T>(out, element);
  }
  static std::vector<T, A> decode(Reader& in) {
    const auto n = in.get<std::uint64_t>();
    std::vector<T, A> value;
    if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
      const auto bytes = in.view(n * sizeof(T));
      value.resize(n);
      if (n) std::memcpy(value.data(), bytes.data(), bytes.size());
    } else {
      value.reserve(n);
      for (std::uint64_t i = 0; i < n; ++i) value.push_back(decode_value<T>(in));
    }
    return value;
  }
};
template <class T>
struct Codec<std::optional<T>> {
  static void encode(Writer& out, const std::optional<T>& value) {
    out.put<bool>(value.has_value());
    if (value) encode_value<T>(out, *value);
  }
  static std::optional<T> decode(Reader& in) {
    if (!in.get<bool>()) return std::nullopt;
    return decode_value<T>(in);
  }
};
template <class A, class B>
struct Codec<std::pair<A, B>> {
  static void encode(Writer& out, const std::pair<A, B>& value) {
    encode_value<A>(out, value.first);
    encode_value<B>(out, value.second);
  }
  static std::pair<A, B> decode(Reader& in) {
    auto first = decode_value<std::remove_const_t<A>>(in);
    auto second = decode_value<B>(in);
    return {std::move(first), std::move(second)};
  }
};
template <class... T>
struct Codec<std::tuple<T...>> {
  static void encode(Writer& out, const std::tuple<T...>& value) {
    std::apply([&](const T&... element) { (encode_value<T>(out, element), ...); }, value);
  }
  static std::tuple<T...> decode(Reader& in) { return std::tuple<T...>{decode_value<T>(in)...}; }
};
template <class... T>
struct Codec<std::variant<T...>> {
  static void encode(Writer& out, const std::variant<T...>& value) {
    out.put<std::uint64_t>(value.index());
    std::visit([&]<class E>(const E& element) { encode_value<E>(out, element); }, value);
  }
  static std::variant<T...> decode(Reader& in) {
    using Decoder = std::variant<T...> (*)(Reader&);
    static constexpr Decoder decoders[] = {[](Reader& r) -> std::variant<T...> { return decode_value<T>(r); }...};
    const auto which = in.get<std::uint64_t>();
    if (which >= sizeof...(T)) throw InternalError("variant index out of range in a message: " + std::to_string(which));
    return decoders[which](in);
  }
};
template <class T, std::size_t N>
struct Codec<std::array<T, N>> {
  static void encode(Writer& out, const std::array<T, N>& value) {
    for (const T& element : value) encode_value<T>(out, element);
  }
  static std::array<T, N> decode(Reader& in) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::array<T, N>{(static_cast<void>(I), decode_value<T>(in))...};
    }(std::make_index_sequence<N>{});
  }
};
template <class M>
struct AssociativeCodec {
  using element = typename M::value_type;
  static void encode(Writer& out, const M& value) {
    out.put<std::uint64_t>(value.size());
    for (const auto& e : value) encode_value<element>(out, e);
  }
  static M decode(Reader& in) {
    M value;
    const auto n = in.get<std::uint64_t>();
    for (std::uint64_t i = 0; i < n; ++i) value.insert(value.end(), decode_value<element>(in));
    return value;
  }
};
template <class K, class V, class C, class A>
struct Codec<std::map<K, V, C, A>> : AssociativeCodec<std::map<K, V, C, A>> {};
template <class K, class V, class H, class E, class A>
struct Codec<std::unordered_map<K, V, H, E, A>> : AssociativeCodec<std::unordered_map<K, V, H, E, A>> {};
template <class K, class C, class A>
struct Codec<std::set<K, C, A>> : AssociativeCodec<std::set<K, C, A>> {};
template <class K, class H, class E, class A>
struct Codec<std::unordered_set<K, H, E, A>> : AssociativeCodec<std::unordered_set<K, H, E, A>> {};
template <class T>
struct Codec<std::complex<T>> {
  static void encode(Writer& out, const std::complex<T>& value) { out.raw(&value, sizeof value); }
  static std::complex<T> decode(Reader& in) {
    std::complex<T> value;
    in.raw(&value, sizeof value);
    return value;
  }
};

template <class T>
void encode_value(Writer& out, const T& value) {
  Codec<std::remove_cv_t<T>>::encode(out, value);
}
template <class T>
T decode_value(Reader& in) {
  return Codec<std::remove_cv_t<T>>::decode(in);
}

/// Bytes a value holds, as far as can be told cheaply: what memory budgets count.
template <class T>
std::int64_t value_nbytes(const T& value) {
  if constexpr (requires { { value.nbytes() } -> std::convertible_to<std::int64_t>; }) return static_cast<std::int64_t>(value.nbytes());
  else if constexpr (requires { value.size(); value.data(); typename T::value_type; }) {
    if constexpr (std::is_trivially_copyable_v<typename T::value_type>) return static_cast<std::int64_t>(sizeof(T) + value.size() * sizeof(typename T::value_type));
    else {
      std::int64_t n = sizeof(T);
      for (const auto& element : value) n += value_nbytes(element);
      return n;
    }
  } else return sizeof(T);
}
}  // namespace detail
}  // namespace ashlar
