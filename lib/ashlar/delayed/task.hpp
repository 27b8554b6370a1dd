#pragma once
// What may be a task, said in words at compile time, and the code that runs one on the worker.

#include <tuple>
#include <type_traits>
#include <utility>

#include "ashlar/delayed/argument.hpp"
#include "ashlar/delayed/call.hpp"
#include "ashlar/delayed/function.hpp"

namespace ashlar::detail {

// One class per fault, so that the compiler's first line is the sentence and the next ones name the type.
template <class A>
struct ArgumentCannotBeSent {
  static_assert(Argument<A>::can_send,
                "ashlar: an argument of this task cannot be sent to another rank. Give its type a serialize member (Boost.Serialization), make it trivially "
                "copyable, or pass the data it points to by value");
};
template <class F>
struct FunctionIsAMember {
  static_assert(!std::is_member_function_pointer_v<F>,
                "ashlar: a pointer to a member function cannot be a task. Wrap it in a lambda that takes the object as an argument");
};
template <class F>
struct CaptureCannotBeSent {
  static_assert(std::is_trivially_copyable_v<F>,
                "ashlar: a task's lambda may only capture trivially copyable values. Pass the captured object as an argument instead");
};
template <class F, class... A>
struct TaskCannotBeCalled {
  static_assert(std::is_invocable_v<F&, seen_t<A>...>,
                "ashlar: this task cannot be called with these arguments (a Delayed<T> or Future<T> arrives as T, a vector of them as std::vector<T>, an "
                "Array<T> as NDArray<T>)");
};
template <class R>
struct ResultCannotBeSent {
  static_assert(std::is_void_v<R> || can_send_v<R>,
                "ashlar: the result of this task cannot be sent to another rank. Give its type a serialize member (Boost.Serialization) or make it trivially "
                "copyable");
};

template <class F>
constexpr bool function_can_be_sent() {
  constexpr bool member = std::is_member_function_pointer_v<F>;
  if constexpr (member) (void)sizeof(FunctionIsAMember<F>);
  else (void)sizeof(CaptureCannotBeSent<F>);
  return !member && std::is_trivially_copyable_v<F>;
}

// Nothing after the first fault is looked at, so it's the only one reported.
template <class F, class... A>
constexpr auto task_result() {
  if constexpr (!function_can_be_sent<F>()) {
    return std::type_identity<Nothing>{};
  } else if constexpr (!(Argument<A>::can_send && ...)) {
    ((void)sizeof(ArgumentCannotBeSent<A>), ...);
    return std::type_identity<Nothing>{};
  } else if constexpr (!std::is_invocable_v<F&, seen_t<A>...>) {
    (void)sizeof(TaskCannotBeCalled<F, A...>);
    return std::type_identity<Nothing>{};
  } else {
    using R = std::decay_t<std::invoke_result_t<F&, seen_t<A>...>>;
    (void)sizeof(ResultCannotBeSent<R>);
    return std::type_identity<R>{};
  }
}
// What argument number I travels as: a Future that the function takes as a Future stays one, a vector of them likewise.
template <class A>
concept can_stay = !std::is_same_v<seen_t<A>, A> && can_send_v<A>;
template <class F, std::size_t I, class A>
constexpr auto travels() {
  if constexpr (can_stay<A>) {
    using P = typename ParameterAt<decltype(parameters<F>()), I>::type;
    if constexpr (std::is_same_v<std::decay_t<P>, A>) return std::type_identity<Untouched<A>>{};
    else return std::type_identity<A>{};
  } else {
    return std::type_identity<A>{};
  }
}
template <template <class, class...> class To, class F, class... A>
constexpr auto travelling() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    return std::type_identity<To<F, typename decltype(travels<F, I, A>())::type...>>{};
  }(std::index_sequence_for<A...>{});
}
template <class F, class... A>
struct TaskResult {
  using type = typename decltype(task_result<F, A...>())::type;
};
template <class F, class... A>
constexpr auto result_of_task() {
  if constexpr ((can_stay<A> || ...)) return std::type_identity<typename decltype(travelling<TaskResult, F, A...>())::type::type>{};
  else return task_result<F, A...>();
}
/// What a task of function F with arguments A gives.
template <class F, class... A>
using result_t = typename decltype(result_of_task<std::decay_t<F>, std::decay_t<A>...>())::type;

// An argument between decoding and the call: a value of its own, moved into the function.
template <class A, class Parameter>
struct HeldArgument {
  seen_t<A> value;
  explicit HeldArgument(CallReader& from) : value(Argument<A>::read(from)) {}
  seen_t<A>&& pass() { return std::move(value); }
};
// A result that the function only looks at isn't copied, however many share it.
template <class T>
struct LookedAtResult {
  Object object;
  explicit LookedAtResult(CallReader& from) : object(std::move(from.input())) {}
  decltype(auto) pass() { return object.get<T>(); }
};
template <class T>
  requires(!std::is_void_v<T> && !std::is_same_v<T, Nothing>)
struct HeldArgument<Delayed<T>, const T&> : LookedAtResult<T> {
  using LookedAtResult<T>::LookedAtResult;
};
template <class T>
  requires(!std::is_void_v<T> && !std::is_same_v<T, Nothing>)
struct HeldArgument<Future<T>, const T&> : LookedAtResult<T> {
  using LookedAtResult<T>::LookedAtResult;
};

/// The call of an F with arguments A.
template <class F, class... A>
struct Call {
  static Object run(CallReader& from) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      using P = decltype(parameters<F>());
      ReadClosure<F> closure(from.literals);
      std::tuple<HeldArgument<A, typename P::template at<I>>...> held{HeldArgument<A, typename P::template at<I>>(from)...};
      using R = typename TaskResult<F, A...>::type;
      if constexpr (std::is_void_v<R> || std::is_same_v<R, Nothing>) {
        std::invoke(closure.function(), std::get<I>(held).pass()...);
        return Object();
      } else {
        return Object::of<R>(std::invoke(closure.function(), std::get<I>(held).pass()...));
      }
    }(std::index_sequence_for<A...>{});
  }
  static constinit inline CallDescriptor record{type_name<Call>(), &run};
};

template <class F, class... A>
struct CallOf {
  template <class... Given>
  static NodePtr make(const Closure<F>& closure, const TaskOptions* options, const Given&... arguments) {
    CallWriter to;
    closure.write(to.literals());
    if constexpr ((may_name_results<A> || ...)) {
      const Keeping keeping(to.kept());
      (Argument<A>::write(to, arguments), ...);
    } else {
      (Argument<A>::write(to, arguments), ...);
    }
    return to.finish(Call<F, A...>::record, closure.name, options);
  }
};

template <class F, class... A>
NodePtr make_call(const Closure<F>& closure, const TaskOptions* options, const A&... arguments) {
  if constexpr ((can_stay<std::decay_t<A>> || ...)) return decltype(travelling<CallOf, F, std::decay_t<A>...>())::type::make(closure, options, arguments...);
  else return CallOf<F, std::decay_t<A>...>::make(closure, options, arguments...);
}

}  // namespace ashlar::detail
