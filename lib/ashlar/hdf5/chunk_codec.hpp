#pragma once
// The filters of a storage chunk, applied in our own threads: HDF5 lets in one thread at a time, which would compress alone.
//
// What is written is what HDF5's own pipeline writes (shuffle, then deflate, then Fletcher's checksum), so any HDF5 reader undoes it.

#include <cstdint>
#include <string>
#include <vector>

#include "ashlar/ndarray/block.hpp"

namespace ashlar::hdf5 {

/// In the order of writing.
struct Filters {
  bool shuffle = false;
  int gzip_level = -1;  ///< 0 to 9; -1: no compression
  bool fletcher32 = false;
  bool any() const { return shuffle || gzip_level >= 0 || fletcher32; }
  friend bool operator==(const Filters&, const Filters&) = default;
};

/// A storage chunk as it stands in the file. Bit i of the mask: filter i of the pipeline was left out (deflate, where it gains nothing).
struct EncodedChunk {
  std::uint32_t mask = 0;
  Block bytes;  ///< uint8, one axis
};

/// Requires  a whole storage chunk; one that reaches over the dataset's end is padded by the caller.
/// Cost      a pass for each filter, in the caller's thread.
EncodedChunk encode_chunk(const Block& chunk, const Filters& filters);

/// Errors    IoError naming `what` when the bytes do not fit their checksum, or are no chunk of `nbytes` bytes.
Block decode_chunk(const EncodedChunk& encoded, const Filters& filters, DType type, const Shape& shape, const std::string& what);

}  // namespace ashlar::hdf5
