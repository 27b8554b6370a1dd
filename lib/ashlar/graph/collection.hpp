#pragma once
// What lazy collections have in common: they lower themselves into a graph being built, and are put together from its results.

#include <array>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ashlar/graph/evaluator.hpp"

namespace ashlar {

struct Nothing {};  ///< what a task that returns void leaves in tuples and vectors

/// A graph under construction. Each expression node is lowered once per builder, so shared parts are computed once.
class GraphBuilder {
 public:
  /// `optimize`: fuse and push down; false gives one layer per expression (what `visualize` shows by default).
  explicit GraphBuilder(bool optimize = true);

  bool optimize() const { return optimize_; }
  /// A number no other builder has: nodes that are lowered very often keep it beside their reference instead of using `find`.
  std::uint64_t stamp() const { return stamp_; }

  /// A result submitted earlier.
  TaskRef input(const ResultHandle& result);
  /// A finished layer; returns its number.
  std::int32_t add(std::shared_ptr<const Layer> layer);
  /// The number that a layer which is still being filled will have: `reserve` first, `put` when it is complete.
  std::int32_t reserve();
  void put(std::int32_t number, std::shared_ptr<const Layer> layer);

  /// What `remember` kept for an expression node; null the first time.
  const std::vector<TaskRef>* find(const void* node) const;
  const std::vector<TaskRef>& remember(const void* node, std::vector<TaskRef> tasks);

  /// A place for per-builder state of a kind of node (the layer of calls of `delayed`), made on first use.
  template <class State>
  State& state() {
    auto& slot = states_[&state_key<State>];
    if (!slot) slot = std::make_shared<State>();
    return *static_cast<State*>(slot.get());
  }
  /// Called once before the graph is taken: completes reserved layers.
  void before_take(std::function<void(GraphBuilder&)> finish) { finishers_.push_back(std::move(finish)); }

  TaskGraph take() &&;

 private:
  template <class State>
  static constexpr char state_key = 0;
  bool optimize_;
  std::uint64_t stamp_;
  TaskGraph graph_;
  std::unordered_map<const Result*, std::int64_t> input_numbers_;
  std::unordered_map<const void*, std::vector<TaskRef>> nodes_;
  std::unordered_map<const void*, std::shared_ptr<void>> states_;
  std::vector<std::function<void(GraphBuilder&)>> finishers_;
};

namespace detail {

/// To be specialised by every collection type C:
///   static std::vector<TaskRef> lower(const C&, GraphBuilder&);
///   static V assemble(const C&, std::span<const Object>);                     the local value, from the results of `lower`
///   static C persisted(const C&, std::vector<ResultHandle>);                  the same collection over results on the workers
template <class C>
struct CollectionTraits;

template <class C>
concept collection = requires { sizeof(CollectionTraits<C>); };

template <class T>
using not_void = std::conditional_t<std::is_void_v<T>, Nothing, T>;

// A vector of collections is a collection, of vectors.
template <collection C>
struct CollectionTraits<std::vector<C>> {
  static std::vector<TaskRef> lower(const std::vector<C>& all, GraphBuilder& builder) {
    std::vector<TaskRef> refs;
    refs.reserve(all.size());
    for (const C& c : all) {
      const auto part = CollectionTraits<C>::lower(c, builder);
      refs.insert(refs.end(), part.begin(), part.end());
    }
    return refs;
  }
  static auto assemble(const std::vector<C>& all, std::span<const Object> objects) {
    using V = decltype(CollectionTraits<C>::assemble(all.front(), objects));
    std::vector<V> values;
    values.reserve(all.size());
    std::size_t at = 0;
    for (const C& c : all) {
      const std::size_t n = count(c);
      values.push_back(CollectionTraits<C>::assemble(c, objects.subspan(at, n)));
      at += n;
    }
    return values;
  }
  static std::vector<C> persisted(const std::vector<C>& all, std::vector<ResultHandle> results) {
    std::vector<C> kept;
    kept.reserve(all.size());
    std::size_t at = 0;
    for (const C& c : all) {
      const std::size_t n = count(c);
      kept.push_back(CollectionTraits<C>::persisted(c, {results.begin() + static_cast<std::ptrdiff_t>(at), results.begin() + static_cast<std::ptrdiff_t>(at + n)}));
      at += n;
    }
    return kept;
  }
  static std::size_t count(const std::vector<C>& all) {
    std::size_t n = 0;
    for (const C& c : all) n += count(c);
    return n;
  }
  static std::size_t count(const C& c) {
    if constexpr (requires { CollectionTraits<C>::count(c); }) return CollectionTraits<C>::count(c);
    else return 1;
  }
};

/// Runs a built graph: submits and waits.
std::vector<Object> evaluate(GraphBuilder&& builder, std::vector<TaskRef> wanted);
std::vector<ResultHandle> start(GraphBuilder&& builder, std::span<const TaskRef> wanted);

/// One expression tree at a time: nodes keep their place in the graph being built inside themselves.
std::unique_lock<std::recursive_mutex> lowering_lock();

template <class... C>
auto compute_all(const C&... collections) {
  std::vector<TaskRef> wanted;
  std::array<std::size_t, sizeof...(C) + 1> ends{};
  GraphBuilder builder;
  std::vector<Object> objects;
  {
    auto lock = lowering_lock();
    std::size_t i = 0;
    const auto lower = [&]<class One>(const One& one) {
      auto refs = CollectionTraits<One>::lower(one, builder);
      if (wanted.empty()) wanted = std::move(refs);
      else wanted.insert(wanted.end(), refs.begin(), refs.end());
      ends[++i] = wanted.size();
    };
    (lower(collections), ...);
  }
  objects = evaluate(std::move(builder), std::move(wanted));
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    const std::span<const Object> all(objects);
    return std::tuple<decltype(CollectionTraits<C>::assemble(collections, all))...>{
        CollectionTraits<C>::assemble(collections, all.subspan(ends[I], ends[I + 1] - ends[I]))...};
  }(std::index_sequence_for<C...>{});
}

template <class... C>
std::tuple<C...> persist_all(const C&... collections) {
  std::vector<TaskRef> wanted;
  std::array<std::size_t, sizeof...(C) + 1> ends{};
  GraphBuilder builder;
  {
    auto lock = lowering_lock();
    std::size_t i = 0;
    const auto lower = [&]<class One>(const One& one) {
      auto refs = CollectionTraits<One>::lower(one, builder);
      if (wanted.empty()) wanted = std::move(refs);
      else wanted.insert(wanted.end(), refs.begin(), refs.end());
      ends[++i] = wanted.size();
    };
    (lower(collections), ...);
  }
  const auto results = start(std::move(builder), wanted);
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return std::tuple<C...>{CollectionTraits<C>::persisted(
        collections, {results.begin() + static_cast<std::ptrdiff_t>(ends[I]), results.begin() + static_cast<std::ptrdiff_t>(ends[I + 1])})...};
  }(std::index_sequence_for<C...>{});
}

}  // namespace detail

/// The values of lazy collections, in one run: shared parts are computed once. Of one thing its value, of several a tuple.
/// Errors    TaskError of the first task that failed.
template <class A>
  requires detail::collection<A>
auto compute(const A& a) {
  return std::get<0>(detail::compute_all(a));
}
template <class A, class B, class... C>
  requires(detail::collection<A> && detail::collection<B> && (detail::collection<C> && ...))
auto compute(const A& a, const B& b, const C&... c) {
  return detail::compute_all(a, b, c...);
}

/// The same collections with their results kept on the workers. Starts at once and returns at once.
template <class A>
  requires detail::collection<A>
A persist(const A& a) {
  return std::get<0>(detail::persist_all(a));
}
template <class A, class B, class... C>
  requires(detail::collection<A> && detail::collection<B> && (detail::collection<C> && ...))
std::tuple<A, B, C...> persist(const A& a, const B& b, const C&... c) {
  return detail::persist_all(a, b, c...);
}

}  // namespace ashlar
