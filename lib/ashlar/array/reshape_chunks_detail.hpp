#pragma once
// How an array is cut so that a reshape works chunk by chunk.

#include "ashlar/ndarray/shape.hpp"

namespace ashlar::lowering {

struct ReshapeChunks {
  Chunks input, result;  ///< chunk i of the input, in C order, becomes chunk i of the result
};
/// Each chunk is a run of elements in C order on both sides, of about the size the input's chunks have.
ReshapeChunks reshape_chunks(const Shape& from, const Chunks& chunks, const Shape& to);

}  // namespace ashlar::lowering
