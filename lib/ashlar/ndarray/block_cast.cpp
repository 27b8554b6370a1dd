// Block::astype: one loop per pair of types.
#include "ashlar/ndarray/block.hpp"

namespace ashlar {
namespace {

template <class From, class To>
void cast_all(const From* from, To* to, index_t n) {
  for (index_t i = 0; i < n; ++i) to[i] = detail::cast_element<To>(from[i]);
}

}  // namespace

Block Block::astype(DType type) const {
  if (type == type_) return *this;
  // Repeated elements are cast once.
  const Block source = without_repeats().contiguous();
  Block result = allocate(type, source.shape());
  std::byte* to = result.make_writable();
  visit_dtype(type_, [&]<class From>(std::type_identity<From>) {
    visit_dtype(type, [&]<class To>(std::type_identity<To>) { cast_all(source.as<From>(), reinterpret_cast<To*>(to), source.size()); });
  });
  return result.broadcast_to(shape_);
}

}  // namespace ashlar
