// Casts between all types, and filling.
#include "ashlar/ndarray/kernels_targets_detail.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ashlar/ndarray/kernels_cast.cpp"
#include "hwy/foreach_target.h"
//
#include <algorithm>
#include <cstring>

#include "hwy/highway.h"
//
#include "ashlar/ndarray/kernels_loops-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ashlar::kernels {
namespace HWY_NAMESPACE {

template <class From, class To>
struct Cast {
  ASHLAR_ELEMENT To of(From a) { return detail::cast_element<To>(a); }
};

Elementwise cast_loop(DType from, DType to) {
  return visit_dtype(from, [to]<class From>(std::type_identity<From>) {
    return visit_dtype(to, []<class To>(std::type_identity<To>) -> Elementwise { return &Loops<Cast<From, To>, From, To>::one; });
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace ashlar::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ashlar::kernels {
HWY_EXPORT(cast_loop);
Elementwise cast(DType from, DType to) { return HWY_DYNAMIC_DISPATCH(cast_loop)(from, to); }

namespace {

struct Wide {
  std::uint64_t low, high;
};
template <class Body>
void with_itemsize(std::int64_t itemsize, Body&& body) {
  switch (itemsize) {
    case 1: return body(std::type_identity<std::uint8_t>{});
    case 2: return body(std::type_identity<std::uint16_t>{});
    case 4: return body(std::type_identity<std::uint32_t>{});
    case 8: return body(std::type_identity<std::uint64_t>{});
    default: return body(std::type_identity<Wide>{});
  }
}

}  // namespace

void fill(std::int64_t itemsize, const void* value, index_t n, void* out) {
  with_itemsize(itemsize, [&]<class T>(std::type_identity<T>) {
    T element;
    std::memcpy(&element, value, sizeof element);
    std::fill_n(static_cast<T*>(out), n, element);
  });
}

void gather(std::int64_t itemsize, const void* in, index_t stride, index_t n, void* out) {
  if (stride == 1) {
    std::memcpy(out, in, static_cast<std::size_t>(n * itemsize));
  } else if (stride == 0) {
    fill(itemsize, in, n, out);
  } else {
    with_itemsize(itemsize, [&]<class T>(std::type_identity<T>) {
      const T* from = static_cast<const T*>(in);
      T* to = static_cast<T*>(out);
      if (stride == -1)
        for (index_t i = 0; i < n; ++i) to[i] = from[-i];
      else  // one element a turn takes nearly twice as long where the loop happens to cross a line of memory
#pragma GCC unroll 4
        for (index_t i = 0; i < n; ++i) to[i] = from[i * stride];
    });
  }
}

}  // namespace ashlar::kernels
#endif
