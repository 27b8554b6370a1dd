#pragma once
// The result of a task: one immutable value of any type, shared.

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "ashlar/base/codec.hpp"
#include "ashlar/base/descriptor.hpp"

namespace ashlar {

namespace detail {
/// The value of an Object, or where it is. Which of both, the type knows.
union ObjectPlace {
  ObjectPlace() : bytes{} {}
  ~ObjectPlace() {}
  std::byte bytes[16];
  std::shared_ptr<void> shared;
};
}  // namespace detail

/// How a value of one C++ type is sent, measured and copied; one static record per type.
struct TypeDescriptor : Descriptor {
  bool in_place;  ///< small and plain: it lies in the Object itself, with no memory of its own
  void (*encode)(const void* value, Writer& out);
  void (*decode)(Reader& in, detail::ObjectPlace& to);
  std::int64_t (*nbytes)(const void* value);

  constexpr TypeDescriptor(std::string_view n, bool p, void (*e)(const void*, Writer&), void (*d)(Reader&, detail::ObjectPlace&), std::int64_t (*b)(const void*))
      : Descriptor(n), in_place(p), encode(e), decode(d), nbytes(b) {}
};

namespace detail {
template <class T>
inline constexpr bool lies_in_place = std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(ObjectPlace) && alignof(T) <= alignof(ObjectPlace);

template <class T, class... A>
void make_in(ObjectPlace& to, A&&... a) {
  if constexpr (lies_in_place<T>) ::new (static_cast<void*>(to.bytes)) T(std::forward<A>(a)...);
  else ::new (static_cast<void*>(&to.shared)) std::shared_ptr<void>(std::make_shared<T>(std::forward<A>(a)...));
}
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
  static constinit inline TypeDescriptor descriptor{type_name<T>(), lies_in_place<T>, [](const void* v, Writer& w) { encode_value<T>(w, *static_cast<const T*>(v)); },
                                                    [](Reader& r, ObjectPlace& to) { make_in<T>(to, decode_value<T>(r)); },
                                                    [](const void* v) { return value_nbytes<T>(*static_cast<const T*>(v)); }};
};
}  // namespace detail

class Object {
 public:
  /// Nothing: what a task that returns void leaves.
  Object() = default;
  Object(const Object& other) : type_(other.type_) {
    if (shares()) ::new (static_cast<void*>(&place_.shared)) std::shared_ptr<void>(other.place_.shared);
    else std::memcpy(place_.bytes, other.place_.bytes, sizeof place_.bytes);
  }
  Object(Object&& other) noexcept { swap(other); }
  Object& operator=(Object other) noexcept {
    swap(other);
    return *this;
  }
  ~Object() {
    if (shares()) place_.shared.~shared_ptr();
  }

  template <class T>
  static Object of(T value) {
    using S = typename detail::StoredAs<T>::type;
    Object o;
    detail::make_in<S>(o.place_, detail::StoredAs<T>::store(std::move(value)));
    o.type_ = &detail::TypeDescriptorOf<S>::descriptor;
    return o;
  }

  bool empty() const { return type_ == nullptr; }
  const TypeDescriptor* type() const { return type_; }
  template <class T>
  bool holds() const {
    return type_ == &detail::TypeDescriptorOf<typename detail::StoredAs<T>::type>::descriptor;
  }
  /// The value: a reference for most types, valid as long as this object; a value where it is kept as something else. TypeError when
  /// it holds another type.
  template <class T>
  decltype(auto) get() const {
    using S = typename detail::StoredAs<T>::type;
    if (!holds<T>()) wrong_type(type_name<S>());
    return detail::StoredAs<T>::load(*static_cast<const S*>(address()));
  }
  /// The value moved out if this object is its last holder, else a copy.
  template <class T>
  T take() && {
    using S = typename detail::StoredAs<T>::type;
    if (!holds<T>()) wrong_type(type_name<S>());
    if constexpr (detail::lies_in_place<S>) {
      return T(detail::StoredAs<T>::load(*static_cast<const S*>(address())));
    } else {
      S* stored = static_cast<S*>(place_.shared.get());
      if (place_.shared.use_count() == 1) return T(detail::StoredAs<T>::load(std::move(*stored)));
      return T(detail::StoredAs<T>::load(*stored));
    }
  }

  std::int64_t nbytes() const { return type_ ? type_->nbytes(address()) : 0; }
  /// "float64 (1000, 1000)" for blocks, the type's name for others: what error messages say of an argument.
  std::string summary() const;

  /// Type reference and value; large parts are attached as buffers.
  void encode(Writer& out) const;
  static Object decode(Reader& in);

 private:
  [[noreturn]] void wrong_type(std::string_view wanted) const;
  bool shares() const { return type_ && !type_->in_place; }
  const void* address() const { return shares() ? place_.shared.get() : place_.bytes; }
  // A shared_ptr may be moved as bytes: nothing points to it.
  void swap(Object& other) noexcept {
    std::swap(type_, other.type_);
    std::byte mine[sizeof place_.bytes];
    std::memcpy(mine, place_.bytes, sizeof mine);
    std::memcpy(place_.bytes, other.place_.bytes, sizeof mine);
    std::memcpy(other.place_.bytes, mine, sizeof mine);
  }
  const TypeDescriptor* type_ = nullptr;
  detail::ObjectPlace place_;
};

}  // namespace ashlar
