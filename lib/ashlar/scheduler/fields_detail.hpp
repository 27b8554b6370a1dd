#pragma once
// Events, commands and policies walked field by field, so that one that is added is recorded, hashed and printed without a line of code:
// what would be forgotten in a list by hand cannot be forgotten here. For plain aggregates of the kinds below; anything else does not
// compile. Source files only: Boost.PFR is not for headers.

#include <boost/pfr/core.hpp>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ashlar/base/bytes.hpp"
#include "ashlar/base/strong_id.hpp"

namespace ashlar::scheduler::fields {

template <class T>
inline constexpr bool is_id = false;
template <class Tag, class Integer>
inline constexpr bool is_id<StrongId<Tag, Integer>> = true;

template <class T>
concept Text = std::is_same_v<T, std::string>;
template <class T>
concept List = !Text<T> && requires(T list, const typename T::value_type& element) {
  list.push_back(element);
  list.begin();
  list.size();
};
template <class T>
concept Maybe = requires(T value) {
  value.has_value();
  *value;
  value.reset();
};
// What is shared and never changed: walked as the value it holds, or as nothing.
template <class T>
inline constexpr bool is_shared = false;
template <class T>
inline constexpr bool is_shared<std::shared_ptr<const T>> = true;
template <class T>
inline constexpr bool is_pair = false;
template <class A, class B>
inline constexpr bool is_pair<std::pair<A, B>> = true;
template <class T>
concept Record = std::is_aggregate_v<T> && !std::is_array_v<T>;

/// "TasksFinished" of ashlar::scheduler::TasksFinished.
template <class T>
constexpr std::string_view type_name() {
  std::string_view text = __PRETTY_FUNCTION__;
  text.remove_prefix(text.find("T = ") + 4);
  text = text.substr(0, text.find_first_of(";]"));
  const auto colon = text.rfind("::");
  return colon == std::string_view::npos ? text : text.substr(colon + 2);
}

/// What a field is made of, as text: two builds that agree in it read each other's bytes.
template <class T>
void describe(std::string& out) {
  if constexpr (is_id<T>) {
    out += "id";
  } else if constexpr (std::is_same_v<T, bool>) {
    out += "bool";
  } else if constexpr (std::is_enum_v<T>) {
    out += "enum";
  } else if constexpr (std::is_integral_v<T>) {
    out += std::is_signed_v<T> ? "int" : "uint";
  } else if constexpr (std::is_floating_point_v<T>) {
    out += "real" + std::to_string(8 * sizeof(T));
  } else if constexpr (Text<T>) {
    out += "text";
  } else if constexpr (List<T>) {
    out += '[';
    describe<typename T::value_type>(out);
    out += ']';
  } else if constexpr (Maybe<T>) {
    out += '?';
    describe<std::remove_cvref_t<decltype(*std::declval<T&>())>>(out);
  } else if constexpr (is_shared<T>) {
    out += '?';
    describe<std::remove_const_t<typename T::element_type>>(out);
  } else if constexpr (is_pair<T>) {
    out += "pair(";
    describe<typename T::first_type>(out);
    out += ' ';
    describe<typename T::second_type>(out);
    out += ')';
  } else {
    static_assert(Record<T>, "a field that events, commands and policies cannot have: teach fields_detail.hpp its kind");
    out += type_name<T>();
    out += '(';
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      ((out += i ? " " : "", describe<boost::pfr::tuple_element_t<i, T>>(out)), ...);
    }(std::make_index_sequence<boost::pfr::tuple_size_v<T>>{});
    out += ')';
  }
}

// ---- bytes: integers in as few as they need, negative ones folded between the others

inline void put_number(Bytes& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::byte>(value | 0x80));
  out.push_back(static_cast<std::byte>(value));
}
inline std::uint64_t get_number(Reader& in) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    const auto byte = in.get<std::uint8_t>();
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (shift & 63);
    if (byte < 0x80) return value;
  }
  throw InternalError("a number of more than 64 bits");
}
constexpr std::uint64_t folded(std::int64_t value) { return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63); }
constexpr std::int64_t unfolded(std::uint64_t value) { return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1); }

template <class T>
void put(Bytes& out, const T& value) {
  if constexpr (is_id<T>) {
    put_number(out, folded(value.value()));
  } else if constexpr (std::is_integral_v<T> && !std::is_signed_v<T>) {
    put_number(out, value);
  } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
    put_number(out, folded(static_cast<std::int64_t>(value)));
  } else if constexpr (std::is_floating_point_v<T>) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    out.insert(out.end(), bytes, bytes + sizeof value);
  } else if constexpr (Text<T>) {
    put_number(out, value.size());
    const auto* bytes = reinterpret_cast<const std::byte*>(value.data());
    out.insert(out.end(), bytes, bytes + value.size());
  } else if constexpr (List<T>) {
    put_number(out, value.size());
    for (const auto& element : value) put(out, element);
  } else if constexpr (Maybe<T>) {
    put_number(out, value.has_value());
    if (value.has_value()) put(out, *value);
  } else if constexpr (is_shared<T>) {
    put_number(out, value != nullptr);
    if (value) put(out, *value);
  } else if constexpr (is_pair<T>) {
    put(out, value.first);
    put(out, value.second);
  } else {
    boost::pfr::for_each_field(value, [&](const auto& field) { put(out, field); });
  }
}

template <class T>
void get(Reader& in, T& value) {
  if constexpr (is_id<T>) {
    value = T(static_cast<typename T::integer>(unfolded(get_number(in))));
  } else if constexpr (std::is_integral_v<T> && !std::is_signed_v<T>) {
    value = static_cast<T>(get_number(in));
  } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
    value = static_cast<T>(unfolded(get_number(in)));
  } else if constexpr (std::is_floating_point_v<T>) {
    in.raw(&value, sizeof value);
  } else if constexpr (Text<T>) {
    const auto bytes = in.view(get_number(in));
    value.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  } else if constexpr (List<T>) {
    // A wrong count ends at the end of the bytes, not in an allocation of that size.
    value.clear();
    for (std::uint64_t n = get_number(in); n > 0; --n) {
      value.push_back({});
      get(in, value.back());
    }
  } else if constexpr (Maybe<T>) {
    value.reset();
    if (get_number(in)) get(in, value.emplace());
  } else if constexpr (is_shared<T>) {
    value.reset();
    if (get_number(in)) {
      auto held = std::make_shared<std::remove_const_t<typename T::element_type>>();
      get(in, *held);
      value = std::move(held);
    }
  } else if constexpr (is_pair<T>) {
    get(in, value.first);
    get(in, value.second);
  } else {
    boost::pfr::for_each_field(value, [&](auto& field) { get(in, field); });
  }
}

// ---- 64-bit words in order, for hashes

template <class T, class F>
void words(const T& value, F&& word) {
  if constexpr (is_id<T>) {
    word(static_cast<std::uint64_t>(value.value()));
  } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
    word(static_cast<std::uint64_t>(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    word(bits);
  } else if constexpr (Text<T> || List<T>) {
    word(static_cast<std::uint64_t>(value.size()));
    for (const auto& element : value) words(element, word);
  } else if constexpr (Maybe<T>) {
    word(static_cast<std::uint64_t>(value.has_value()));
    if (value.has_value()) words(*value, word);
  } else if constexpr (is_shared<T>) {
    word(static_cast<std::uint64_t>(value != nullptr));
    if (value) words(*value, word);
  } else if constexpr (is_pair<T>) {
    words(value.first, word);
    words(value.second, word);
  } else {
    boost::pfr::for_each_field(value, [&](const auto& field) { words(field, word); });
  }
}

// ---- text for people: "TasksFinished(2 [(7 8 1200)])"

template <class T>
void print(std::string& out, const T& value, std::size_t elements_max) {
  if constexpr (is_id<T>) {
    out += std::to_string(value.value());
  } else if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::is_enum_v<T>) {
    out += std::to_string(static_cast<std::int64_t>(value));
  } else if constexpr (std::is_arithmetic_v<T>) {
    out += std::to_string(value);
  } else if constexpr (Text<T>) {
    out += '"' + value + '"';
  } else if constexpr (List<T>) {
    out += '[';
    std::size_t n = 0;
    for (const auto& element : value) {
      if (n == elements_max) {
        out += " and " + std::to_string(value.size() - n) + " more";
        break;
      }
      out += n++ ? " " : "";
      print(out, element, elements_max);
    }
    out += ']';
  } else if constexpr (Maybe<T>) {
    if (value.has_value())
      print(out, *value, elements_max);
    else
      out += "none";
  } else if constexpr (is_shared<T>) {
    if (value)
      print(out, *value, elements_max);
    else
      out += "none";
  } else if constexpr (is_pair<T>) {
    print(out, value.first, elements_max);
    out += '=';
    print(out, value.second, elements_max);
  } else {
    out += '(';
    bool first = true;
    boost::pfr::for_each_field(value, [&](const auto& field) {
      out += std::exchange(first, false) ? "" : " ";
      print(out, field, elements_max);
    });
    out += ')';
  }
}

}  // namespace ashlar::scheduler::fields
