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
/// What a task of function F with arguments A gives.
template <class F, class... A>
using result_t = typename decltype(task_result<std::decay_t<F>, std::decay_t<A>...>())::type;

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
      using R = result_t<F, A...>;
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
NodePtr make_call(const Closure<F>& closure, const TaskOptions* options, const A&... arguments) {
  CallWriter to;
  closure.write(to.literals());
  (Argument<std::decay_t<A>>::write(to, arguments), ...);
  return to.finish(Call<F, std::decay_t<A>...>::record, closure.name, options);
}

}  // namespace ashlar::detail
