#pragma once
// How arguments get into a task and out again: Delayed<T> and Future<T> arrive as T, containers of them as containers of T,
// text as std::string, whatever `ArgumentOf` knows as its assembled value, everything else as itself, encoded.

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ashlar/base/codec.hpp"
#include "ashlar/delayed/node.hpp"
#include "ashlar/delayed/task_options.hpp"
#include "ashlar/graph/ndarray_object.hpp"

namespace ashlar {

template <class T>
class Delayed;
template <class T>
class Future;

namespace detail {

/// A call being made: literals and inputs collect in memory that the thread keeps.
class CallWriter {
 public:
  CallWriter();
  ~CallWriter();
  CallWriter(const CallWriter&) = delete;

  Writer& literals() { return scratch_->literals; }
  /// What the literals name without using it: futures given as futures.
  KeptResults& kept() { return scratch_->kept; }
  void input(const NodePtr& node);
  void count(std::size_t n) { literals().put<std::uint64_t>(n); }
  /// The node. `options` null: none were given.
  NodePtr finish(const CallDescriptor& call, const std::string* name, const TaskOptions* options);

 private:
  struct Scratch {
    Writer literals;
    std::vector<NodePtr> inputs;
    KeptResults kept;
    bool busy = false;
  };
  static Scratch& of_this_thread();
  Scratch* scratch_;
  std::unique_ptr<Scratch> own_;  // when an argument's encoding makes calls itself
};

/// A call being run: literals in the order they were written, results of the inputs in theirs.
struct CallReader {
  Reader literals;
  std::span<Object> inputs;
  std::size_t next = 0;

  Object& input();
  /// The next n results, for collections of several tasks.
  std::span<Object> take_inputs(std::size_t n);
  std::size_t count() { return literals.get<std::uint64_t>(); }
};

/// To be specialised by collections that are given to tasks whole:
///   using type = V;                                                        what the task sees
///   static std::int64_t count(const C&);                                   results of `CollectionTraits<C>::lower`
///   static void write(Writer&, const C&);                                  what `read` needs beyond the results
///   static V read(Reader&, std::span<Object> results);                     on the worker; the results are its own
template <class C>
struct ArgumentOf;

template <class C>
concept argument_collection = requires { typename ArgumentOf<C>::type; };

template <class C>
struct CollectionNode final : SourceNode {
  explicit CollectionNode(const C& c) : collection(c) {}
  void lower(GraphBuilder& builder, std::vector<TaskRef>& out) const override {
    const std::vector<TaskRef> tasks = CollectionTraits<C>::lower(collection, builder);
    if (static_cast<std::int64_t>(tasks.size()) != ArgumentOf<C>::count(collection))
      throw InternalError("a collection given to a task has " + std::to_string(tasks.size()) + " tasks, it announced " +
                          std::to_string(ArgumentOf<C>::count(collection)));
    out.insert(out.end(), tasks.begin(), tasks.end());
  }
  const C collection;
};

// Literals.
template <class A>
struct Argument {
  using type = A;
  static constexpr bool can_send = can_send_v<A>;
  static void write(CallWriter& to, const A& value) { encode_value<A>(to.literals(), value); }
  static A read(CallReader& from) { return decode_value<A>(from.literals); }
};
template <class A>
using seen_t = typename Argument<std::decay_t<A>>::type;

template <>
struct Argument<const char*> {
  using type = std::string;
  static constexpr bool can_send = true;
  static void write(CallWriter& to, const char* value) { to.literals().text(value); }
  static std::string read(CallReader& from) { return from.literals.text(); }
};
template <>
struct Argument<char*> : Argument<const char*> {};

// An argument that a literal of its own type arrives as, where the function takes that: a Future that is wanted as a Future.
template <class A>
struct Untouched;
template <class A>
struct Argument<Untouched<A>> {
  using type = A;
  static constexpr bool can_send = can_send_v<A>;
  static void write(CallWriter& to, const A& value) { encode_value<A>(to.literals(), value); }
  static A read(CallReader& from) { return decode_value<A>(from.literals); }
};
// Types whose bytes may name results.
template <class A>
inline constexpr bool may_name_results = own_codec<A>;
template <class A>
inline constexpr bool may_name_results<Untouched<A>> = true;

// Results of other tasks.
template <class T>
struct ResultArgument {
  using type = not_void<T>;
  static constexpr bool can_send = true;
  template <class D>
  static void write(CallWriter& to, const D& value) {
    to.input(value.node());
  }
  static type read(CallReader& from) {
    Object& object = from.input();
    if constexpr (std::is_same_v<type, Nothing>) return {};
    else return std::move(object).template take<type>();
  }
};
template <class T>
struct Argument<Delayed<T>> : ResultArgument<T> {};
template <class T>
struct Argument<Future<T>> : ResultArgument<T> {};

template <argument_collection C>
struct Argument<C> {
  using type = typename ArgumentOf<C>::type;
  static constexpr bool can_send = true;
  static void write(CallWriter& to, const C& value) {
    to.count(static_cast<std::size_t>(ArgumentOf<C>::count(value)));
    ArgumentOf<C>::write(to.literals(), value);
    to.input(NodePtr::adopt(new CollectionNode<C>(value)));
  }
  static type read(CallReader& from) {
    const std::size_t n = from.count();
    return ArgumentOf<C>::read(from.literals, from.take_inputs(n));
  }
};

// Containers whose elements arrive as something else.
template <class... A>
concept changes = (!std::is_same_v<seen_t<A>, A> || ...);

template <class T, class Al>
  requires changes<T>
struct Argument<std::vector<T, Al>> {
  using type = std::vector<seen_t<T>>;
  static constexpr bool can_send = Argument<T>::can_send;
  static void write(CallWriter& to, const std::vector<T, Al>& value) {
    to.count(value.size());
    for (const T& element : value) Argument<T>::write(to, element);
  }
  static type read(CallReader& from) {
    const std::size_t n = from.count();
    type value;
    value.reserve(n);
    for (std::size_t i = 0; i < n; ++i) value.push_back(Argument<T>::read(from));
    return value;
  }
};
template <class T, std::size_t N>
  requires changes<T>
struct Argument<std::array<T, N>> {
  using type = std::array<seen_t<T>, N>;
  static constexpr bool can_send = Argument<T>::can_send;
  static void write(CallWriter& to, const std::array<T, N>& value) {
    for (const T& element : value) Argument<T>::write(to, element);
  }
  static type read(CallReader& from) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return type{(static_cast<void>(I), Argument<T>::read(from))...};
    }(std::make_index_sequence<N>{});
  }
};
template <class T>
  requires changes<T>
struct Argument<std::optional<T>> {
  using type = std::optional<seen_t<T>>;
  static constexpr bool can_send = Argument<T>::can_send;
  static void write(CallWriter& to, const std::optional<T>& value) {
    to.count(value ? 1 : 0);
    if (value) Argument<T>::write(to, *value);
  }
  static type read(CallReader& from) {
    if (from.count() == 0) return std::nullopt;
    return Argument<T>::read(from);
  }
};
template <class A, class B>
  requires changes<A, B>
struct Argument<std::pair<A, B>> {
  using type = std::pair<seen_t<A>, seen_t<B>>;
  static constexpr bool can_send = Argument<A>::can_send && Argument<B>::can_send;
  static void write(CallWriter& to, const std::pair<A, B>& value) {
    Argument<A>::write(to, value.first);
    Argument<B>::write(to, value.second);
  }
  static type read(CallReader& from) { return type{Argument<A>::read(from), Argument<B>::read(from)}; }
};
template <class... A>
  requires changes<A...>
struct Argument<std::tuple<A...>> {
  using type = std::tuple<seen_t<A>...>;
  static constexpr bool can_send = (Argument<A>::can_send && ...);
  static void write(CallWriter& to, const std::tuple<A...>& value) {
    std::apply([&](const A&... element) { (Argument<A>::write(to, element), ...); }, value);
  }
  static type read(CallReader& from) { return type{Argument<A>::read(from)...}; }
};
template <class M, class Seen>
struct MapArgument {
  using type = Seen;
  using key = typename M::key_type;
  using mapped = typename M::mapped_type;
  static constexpr bool can_send = can_send_v<key> && Argument<mapped>::can_send;
  static void write(CallWriter& to, const M& value) {
    to.count(value.size());
    for (const auto& [k, v] : value) {
      encode_value<key>(to.literals(), k);
      Argument<mapped>::write(to, v);
    }
  }
  static type read(CallReader& from) {
    const std::size_t n = from.count();
    type value;
    for (std::size_t i = 0; i < n; ++i) {
      key k = decode_value<key>(from.literals);
      value.emplace(std::move(k), Argument<mapped>::read(from));
    }
    return value;
  }
};
template <class K, class V, class C, class Al>
  requires changes<V>
struct Argument<std::map<K, V, C, Al>> : MapArgument<std::map<K, V, C, Al>, std::map<K, seen_t<V>, C>> {};
template <class K, class V, class H, class E, class Al>
  requires changes<V>
struct Argument<std::unordered_map<K, V, H, E, Al>> : MapArgument<std::unordered_map<K, V, H, E, Al>, std::unordered_map<K, seen_t<V>, H, E>> {};

}  // namespace detail
}  // namespace ashlar
