#pragma once
// Copying between two memories of one shape and two sets of strides: what packing, slicing, transposing and assembling come down to.

#include <cstddef>
#include <span>

#include "ashlar/ndarray/shape.hpp"

namespace ashlar {

/// Copies every element; memory and strides (in elements) belong to index (0, 0, …). The two memories do not overlap and no
/// stride of `to` is zero on an axis longer than 1.
/// Units     itemsize in bytes: 1, 2, 4, 8 or 16.
/// Cost      memory speed for runs of whole lines and for transposes (tiles), else one load and store per element.
void strided_copy(std::byte* to, std::span<const index_t> to_strides, const std::byte* from, std::span<const index_t> from_strides,
                  const Shape& shape, std::int64_t itemsize);

}  // namespace ashlar
