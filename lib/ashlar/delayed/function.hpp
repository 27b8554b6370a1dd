#pragma once
// Functions as bytes: what of a function object travels to the worker, and how it is called there.

#include <array>
#include <cstddef>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "ashlar/base/codec.hpp"
#include "ashlar/base/descriptor.hpp"

namespace ashlar {

namespace detail {

/// A function whose captures are taken as they are.
template <class F>
struct ByValue {
  F fn;
  template <class... A>
    requires std::is_invocable_v<F&, A...>
  decltype(auto) operator()(A&&... a) {
    return fn(std::forward<A>(a)...);
  }
};

template <class F>
inline constexpr bool is_by_value = false;
template <class F>
inline constexpr bool is_by_value<ByValue<F>> = true;

template <class F>
inline constexpr bool is_function_pointer = std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>;

/// The short name of a function: "lambda", or the class's without namespaces and template arguments.
constexpr std::string_view short_name(std::string_view type) {
  if (type.find("<lambda") != std::string_view::npos || type.find("(lambda") != std::string_view::npos) return "lambda";
  type = type.substr(0, type.find('<'));
  const auto colon = type.rfind("::");
  return colon == std::string_view::npos ? type : type.substr(colon + 2);
}
template <class F>
constexpr std::string_view short_name_of() {
  if constexpr (requires { F::task_name; }) return F::task_name;
  else if constexpr (is_by_value<F>) return short_name(type_name<decltype(F::fn)>());
  else return short_name(type_name<F>());
}
/// The name of the function at `code` as the symbol table of its module has it, without namespaces and parameters; "function"
/// where the module was stripped.
const std::string* name_of_code(const void* code);
const std::string* interned(std::string_view name);

/// The bytes of a function object. ValueError when they hold an address of this process, unless `by_value` said it is wanted.
template <class F>
struct Closure {
  static constexpr std::size_t size = is_function_pointer<F> ? sizeof(CodeRef) : std::is_empty_v<F> ? 0 : sizeof(F);
  std::array<std::byte, size == 0 ? 1 : size> bytes{};
  const std::string* name;

  explicit Closure(const F& fn) {
    if constexpr (is_function_pointer<F>) {
      const CodeRef code = reference_to_code(reinterpret_cast<const void*>(fn));
      std::memcpy(bytes.data(), &code, sizeof code);
      name = name_of_code(reinterpret_cast<const void*>(fn));
    } else {
      static const std::string* const own_name = interned(short_name_of<F>());
      name = own_name;
      if constexpr (size > 0) {
        F copy = fn;
#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)
        __builtin_clear_padding(&copy);
#endif
#endif
        std::memcpy(bytes.data(), &copy, size);
        if constexpr (!is_by_value<F>)
          refuse_addresses(bytes.data(), size, "a capture of " + std::string(type_name<F>()),
                           "capture by value, pass the object as an argument of the task instead, or wrap the function in al::by_value if these bytes mean no address");
      }
    }
  }
  void write(Writer& out) const {
    if constexpr (size > 0) out.raw(bytes.data(), size);
  }
};

/// A function object made again from its bytes.
template <class F>
class ReadClosure {
 public:
  explicit ReadClosure(Reader& in) {
    if constexpr (is_function_pointer<F>) {
      const F fn = reinterpret_cast<F>(const_cast<void*>(resolve_code(in.get<CodeRef>())));
      std::memcpy(memory_, &fn, sizeof fn);
    } else if constexpr (!std::is_empty_v<F>) {
      in.raw(memory_, sizeof(F));
    }
  }
  F& function() { return *std::launder(reinterpret_cast<F*>(memory_)); }

 private:
  alignas(F) std::byte memory_[sizeof(F)]{};
};

// The parameters of a function that is no template.
template <class... P>
struct Parameters {
  template <std::size_t I>
  using at = std::tuple_element_t<I, std::tuple<P...>>;
};
struct UnknownParameters {
  template <std::size_t I>
  using at = void;
};
template <class C, class R, class... P>
Parameters<P...> parameters_of_member(R (C::*)(P...) const);
template <class C, class R, class... P>
Parameters<P...> parameters_of_member(R (C::*)(P...));
template <class R, class... P>
Parameters<P...> parameters_of_pointer(R (*)(P...));
template <class F>
constexpr auto parameters() {
  if constexpr (is_by_value<F>) return parameters<decltype(F::fn)>();
  else if constexpr (requires(F f) { parameters_of_pointer(f); }) return decltype(parameters_of_pointer(std::declval<F>())){};
  else if constexpr (requires { parameters_of_member(&F::operator()); }) return decltype(parameters_of_member(&F::operator())){};
  else return UnknownParameters{};
}

// The type of parameter I; void where it is not known or not there.
template <class P, std::size_t I>
struct ParameterAt {
  using type = void;
};
template <class... P, std::size_t I>
  requires(I < sizeof...(P))
struct ParameterAt<Parameters<P...>, I> {
  using type = std::tuple_element_t<I, std::tuple<P...>>;
};

// A class that can be called: naming operator() through a class that inherits two is ambiguous, templates and overloads included.
struct CallMember {
  void operator()();
};
template <class T>
struct WithCall : T, CallMember {};
template <class T>
concept no_call_member = requires { &WithCall<T>::operator(); };
template <class T>
constexpr bool is_function() {
  if constexpr (is_function_pointer<T> || std::is_member_function_pointer_v<T>) return true;
  else if constexpr (own_codec<T>) return false;  // data that can be indexed with (), such as NDArray
  else if constexpr (inheritable<T>) return !no_call_member<T>;
  else return std::is_class_v<T> && requires { &T::operator(); };
}
template <class T>
concept function_like = is_function<std::decay_t<T>>();

}  // namespace detail

/// `fn` with its captures sent as the bytes they are, unchecked: for numbers that happen to look like addresses.
template <class F>
auto by_value(F fn) {
  if constexpr (detail::is_function_pointer<F>) return fn;
  else return detail::ByValue<F>{std::move(fn)};
}

}  // namespace ashlar
