#pragma once
// Lazy calls: `al::delayed(fn)` makes a function whose calls build a graph and run nothing until `compute` or `persist`.
//
//   auto inc = al::delayed([](int x) { return x + 1; });
//   auto add = al::delayed([](int a, int b) { return a + b; });
//   int five = add(inc(1), inc(2)).compute();
//
// A task is a free function, a captureless lambda, or a function object whose captures are trivially copyable; they are sent as
// bytes. Whatever else it needs is an argument.

#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "ashlar/delayed/task.hpp"
#include "ashlar/graph/services.hpp"

namespace ashlar {

namespace detail {
Object compute_node(const NodePtr& node);
void visualize_node(const NodePtr& node, const std::string& file, const VisualizeOptions& options);
std::string key_of_node(const NodePtr& node);
TaskRef lower_checked(const NodePtr& node, GraphBuilder& builder);
}  // namespace detail

/// A value that will exist when its tasks have run. Copies share it.
template <class T>
class Delayed {
 public:
  using value_type = T;

  Delayed() = default;  ///< stands for nothing; using it throws ValueError
  explicit Delayed(detail::NodePtr node) : node_(std::move(node)) {}

  /// Runs what it needs and brings the value here.
  /// Errors    TaskError of the first task that failed.
  T compute() const {
    Object value = detail::compute_node(node_);
    if constexpr (!std::is_void_v<T> && !std::is_same_v<T, Nothing>) return std::move(value).template take<T>();
    else return T();
  }
  /// The same value, kept on the workers. Starts at once and returns at once.
  Delayed persist() const { return ashlar::persist(*this); }
  /// Draws its graph; the format is that of the file's name: svg, png, pdf, dot.
  void visualize(const std::string& file = "mydask.png", const VisualizeOptions& options = {}) const { detail::visualize_node(node_, file, options); }
  /// The name of its task: "inc-12", or the key it was given.
  std::string key() const { return detail::key_of_node(node_); }

  const detail::NodePtr& node() const { return node_; }

 private:
  detail::NodePtr node_;
};

template <class T>
std::ostream& operator<<(std::ostream& out, const Delayed<T>& value) {
  return out << "Delayed('" << (value.node() ? value.key() : "") << "')";
}

namespace detail {
template <class T>
struct CollectionTraits<Delayed<T>> {
  static std::vector<TaskRef> lower(const Delayed<T>& value, GraphBuilder& builder) { return {lower_checked(value.node(), builder)}; }
  static not_void<T> assemble(const Delayed<T>&, std::span<const Object> results) {
    if constexpr (std::is_same_v<not_void<T>, Nothing>) return {};
    else return Object(results.front()).template take<T>();
  }
  static Delayed<T> persisted(const Delayed<T>&, std::vector<ResultHandle> results) { return Delayed<T>(node_of(std::move(results.front()))); }
};

// Gives a value back as it came: what `delayed(value)` calls.
struct Identity {
  static constexpr std::string_view task_name = "value";
  template <class T>
  T operator()(T value) const {
    return value;
  }
};
}  // namespace detail

/// A function whose calls are lazy.
template <class F>
class DelayedFunction {
 public:
  DelayedFunction(const F& fn, const TaskOptions& options) : closure_(fn) {
    if (detail::annotations_of(options) || options.pure || !options.key.empty()) options_ = std::make_shared<const TaskOptions>(options);
  }
  /// A call: the function, literals encoded, Delayed and Future arguments as inputs.
  /// Errors    ValueError for an argument that holds an address of this process.
  template <class... A>
  auto operator()(A&&... arguments) const -> Delayed<detail::result_t<F, A...>> {
    return Delayed<detail::result_t<F, A...>>(detail::make_call<F>(closure_, options_.get(), arguments...));
  }

 private:
  detail::Closure<F> closure_;
  std::shared_ptr<const TaskOptions> options_;
};

// The functions below have deduced return types: some compilers form a return type before they look at the constraint, and one that
// states a fault must not be formed for an overload that is not meant.

/// Makes a function lazy. With `.key` its calls are that one task; with `.pure` equal calls are one task.
/// Errors    ValueError when a capture is a pointer or reference (see `by_value`), or for options that make no sense.
template <detail::function_like F>
auto delayed(F&& fn, const TaskOptions& options = {}) {
  using Function = std::decay_t<F>;
  if constexpr (detail::function_can_be_sent<Function>()) return DelayedFunction<Function>(fn, options);
  else return Nothing{};
}

/// A value as a task: sent once, shared by all that use it. Containers of Delayed become one Delayed container.
template <class T>
  requires(!detail::function_like<T>)
auto delayed(T&& value, const TaskOptions& options = {}) {
  return Delayed<detail::result_t<detail::Identity, T>>(detail::make_call(detail::Closure(detail::Identity{}), &options, value));
}
template <class T>
Delayed<T> delayed(const Delayed<T>& value, const TaskOptions& options = {}) {
  detail::refuse_options(options, "a Delayed");
  return value;
}
template <class T>
Delayed<T> delayed(Delayed<T>& value, const TaskOptions& options = {}) {
  return delayed(std::as_const(value), options);
}
template <class T>
Delayed<T> delayed(Delayed<T>&& value, const TaskOptions& options = {}) {
  return delayed(std::as_const(value), options);
}

namespace detail {
template <class T>
inline constexpr bool is_delayed = false;
template <class T>
inline constexpr bool is_delayed<Delayed<T>> = true;
}  // namespace detail

// The result's type is deduced: clang would work out a written one for operands of other kinds (a Series) before it looks at the constraint.
#define ASHLAR_DELAYED_OPERATOR(op, Name, text)                                                                        \
  namespace detail {                                                                                                   \
  struct Name {                                                                                                        \
    static constexpr std::string_view task_name = text;                                                                \
    template <class A, class B>                                                                                        \
    auto operator()(const A& a, const B& b) const -> std::decay_t<decltype(a op b)> {                                  \
      return a op b;                                                                                                   \
    }                                                                                                                  \
  };                                                                                                                   \
  }                                                                                                                    \
  template <class A, class B>                                                                                          \
    requires((detail::is_delayed<A> || detail::is_delayed<B>) && std::is_invocable_v<detail::Name, detail::seen_t<A>, detail::seen_t<B>>) \
  auto operator op(const A& a, const B& b) {                                                                           \
    return Delayed<detail::result_t<detail::Name, A, B>>(detail::make_call(detail::Closure(detail::Name{}), nullptr, a, b)); \
  }
ASHLAR_DELAYED_OPERATOR(+, AddValues, "add")
ASHLAR_DELAYED_OPERATOR(-, SubtractValues, "sub")
ASHLAR_DELAYED_OPERATOR(*, MultiplyValues, "mul")
ASHLAR_DELAYED_OPERATOR(/, DivideValues, "div")
ASHLAR_DELAYED_OPERATOR(%, RemainderOfValues, "mod")
ASHLAR_DELAYED_OPERATOR(==, EqualValues, "eq")
ASHLAR_DELAYED_OPERATOR(!=, UnequalValues, "ne")
ASHLAR_DELAYED_OPERATOR(<, LessValues, "lt")
ASHLAR_DELAYED_OPERATOR(<=, LessEqualValues, "le")
ASHLAR_DELAYED_OPERATOR(>, GreaterValues, "gt")
ASHLAR_DELAYED_OPERATOR(>=, GreaterEqualValues, "ge")
ASHLAR_DELAYED_OPERATOR(&, AndValues, "and")
ASHLAR_DELAYED_OPERATOR(|, OrValues, "or")
#undef ASHLAR_DELAYED_OPERATOR

namespace detail {
struct NegateValue {
  static constexpr std::string_view task_name = "neg";
  template <class A>
  auto operator()(const A& a) const -> std::decay_t<decltype(-a)> {
    return -a;
  }
};
}  // namespace detail
template <class T>
  requires std::is_invocable_v<detail::NegateValue, T>
auto operator-(const Delayed<T>& a) {
  return Delayed<detail::result_t<detail::NegateValue, Delayed<T>>>(detail::make_call(detail::Closure(detail::NegateValue{}), nullptr, a));
}

}  // namespace ashlar
