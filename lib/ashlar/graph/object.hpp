#pragma once
// The result of a task: one immutable value of any type, shared.

#include <memory>
#include <typeinfo>
#include <utility>

#include "ashlar/base/codec.hpp"
#include "ashlar/base/descriptor.hpp"

namespace ashlar {

/// How a value of one C++ type is sent, measured and copied; one static record per type.
struct TypeDescriptor : Descriptor {
  void (*encode)(const void* value, Writer& out);
  std::shared_ptr<void> (*decode)(Reader& in);
  std::int64_t (*nbytes)(const void* value);

  constexpr TypeDescriptor(std::string_view n, void (*e)(const void*, Writer&), std::shared_ptr<void> (*d)(Reader&), std::int64_t (*b)(const void*))
      : Descriptor(n), encode(e), decode(d), nbytes(b) {}
};

namespace detail {
/// What a T is kept as inside an Object. `NDArray<T>` is kept as Block, so that chunks and arrays of tasks are the same thing.
template <class T>
struct StoredAs {
  using type = T;
  static T store(T value) { return value; }
  static const T& load(const T& stored) { return stored; }
  static T load(T&& stored) { return std::move(stored); }
};
template <class T>
struct TypeDescriptorOf {
  static constinit inline TypeDescriptor descriptor{type_name<T>(), [](const void* v, Writer& w) { encode_value<T>(w, *static_cast<const T*>(v)); },
                                                    [](Reader& r) -> std::shared_ptr<void> { return std::make_shared<T>(decode_value<T>(r)); },
                                                    [](const void* v) { return value_nbytes<T>(*static_cast<const T*>(v)); }};
};
}  // namespace detail

class Object {
 public:
  /// Nothing: what a task that returns void leaves.
  Object() = default;

  template <class T>
  static Object of(T value) {
    using S = typename detail::StoredAs<T>::type;
    Object o;
    o.type_ = &detail::TypeDescriptorOf<S>::descriptor;
    o.value_ = std::make_shared<S>(detail::StoredAs<T>::store(std::move(value)));
    return o;
  }

  bool empty() const { return type_ == nullptr; }
  const TypeDescriptor* type() const { return type_; }
  template <class T>
  bool holds() const {
    return type_ == &detail::TypeDescriptorOf<typename detail::StoredAs<T>::type>::descriptor;
  }
  /// The value: a reference for most types, a value where it is kept as something else. TypeError when it holds another type.
  template <class T>
  decltype(auto) get() const {
    using S = typename detail::StoredAs<T>::type;
    if (!holds<T>()) wrong_type(type_name<S>());
    return detail::StoredAs<T>::load(*static_cast<const S*>(value_.get()));
  }
  /// The value moved out if this object is its last holder, else a copy.
  template <class T>
  T take() && {
    using S = typename detail::StoredAs<T>::type;
    if (!holds<T>()) wrong_type(type_name<S>());
    S* stored = static_cast<S*>(value_.get());
    if (value_.use_count() == 1) return T(detail::StoredAs<T>::load(std::move(*stored)));
    return T(detail::StoredAs<T>::load(*stored));
  }

  std::int64_t nbytes() const { return type_ ? type_->nbytes(value_.get()) : 0; }
  /// "float64 (1000, 1000)" for blocks, the type's name for others: what error messages say of an argument.
  std::string summary() const;

  /// Type reference and value; large parts are attached as buffers.
  void encode(Writer& out) const;
  static Object decode(Reader& in);

 private:
  [[noreturn]] void wrong_type(std::string_view wanted) const;
  const TypeDescriptor* type_ = nullptr;
  std::shared_ptr<void> value_;
};

}  // namespace ashlar
