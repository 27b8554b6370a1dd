#include "ashlar/hdf5/chunk_codec.hpp"

#include <zlib.h>

#include <cstring>
#include <limits>

#include "ashlar/base/error.hpp"

namespace ashlar::hdf5 {

namespace {

// Fletcher's checksum as HDF5 defines it: over 16-bit words, the first byte the high one; 360 words fit between two foldings.
std::uint32_t fletcher32(const std::byte* bytes, std::size_t nbytes) {
  const auto* data = reinterpret_cast<const unsigned char*>(bytes);
  std::uint32_t sum1 = 0, sum2 = 0;
  const auto fold = [&] {
    sum1 = (sum1 & 0xffff) + (sum1 >> 16);
    sum2 = (sum2 & 0xffff) + (sum2 >> 16);
  };
  for (std::size_t words = nbytes / 2; words > 0;) {
    const std::size_t some = std::min<std::size_t>(words, 360);
    words -= some;
    for (std::size_t i = 0; i < some; ++i, data += 2) {
      sum1 += std::uint32_t{data[0]} << 8 | data[1];
      sum2 += sum1;
    }
    fold();
  }
  if (nbytes % 2) {
    sum1 += std::uint32_t{*data} << 8;
    sum2 += sum1;
    fold();
  }
  fold();
  return sum2 << 16 | sum1;
}

// All first bytes, then all second ones…; `to` and `from` swap roles when it is undone.
template <bool Undo>
void shuffle(const std::byte* from, std::byte* to, std::size_t elements, std::size_t itemsize) {
  // Stretches of elements that stay in the first-level cache while their bytes are visited.
  constexpr std::size_t stretch = 2048;
  for (std::size_t begin = 0; begin < elements; begin += stretch) {
    const std::size_t end = std::min(elements, begin + stretch);
    for (std::size_t b = 0; b < itemsize; ++b) {
      if constexpr (Undo) {
        const std::byte* plane = from + b * elements;
        for (std::size_t i = begin; i < end; ++i) to[i * itemsize + b] = plane[i];
      } else {
        std::byte* plane = to + b * elements;
        for (std::size_t i = begin; i < end; ++i) plane[i] = from[i * itemsize + b];
      }
    }
  }
}

Block bytes_block(std::size_t nbytes) { return Block::allocate(DType::uint8, Shape{static_cast<index_t>(nbytes)}); }

Block first(const Block& bytes, std::size_t nbytes) {
  return bytes.slice(std::vector<index_t>{0}, std::vector<index_t>{static_cast<index_t>(nbytes)}, std::vector<index_t>{1});
}

}  // namespace

EncodedChunk encode_chunk(const Block& chunk, const Filters& filters) {
  const Block plain = chunk.contiguous();
  const auto nbytes = static_cast<std::size_t>(plain.nbytes());
  const auto size = static_cast<std::size_t>(itemsize(plain.dtype()));
  constexpr std::size_t checksum_nbytes = 4;
  EncodedChunk out;
  Block shuffled;
  const std::byte* data = plain.data();
  int filter = 0;
  if (filters.shuffle) {
    ++filter;
    // HDF5 leaves single bytes as they are.
    if (size > 1) {
      shuffled = bytes_block(nbytes);
      shuffle<false>(data, shuffled.make_writable(), nbytes / size, size);
      data = shuffled.data();
    }
  }
  std::size_t length = nbytes;
  Block packed = bytes_block(nbytes + checksum_nbytes);
  std::byte* to = packed.make_writable();
  bool copied = false;
  if (filters.gzip_level >= 0) {
    uLongf room = nbytes;
    const int status = compress2(reinterpret_cast<Bytef*>(to), &room, reinterpret_cast<const Bytef*>(data), nbytes, filters.gzip_level);
    if (status == Z_OK && room < nbytes) {
      length = room;
      copied = true;
    } else if (status == Z_OK || status == Z_BUF_ERROR) {
      out.mask |= std::uint32_t{1} << filter;
    } else {
      throw InternalError("compress2 says " + std::to_string(status));
    }
  }
  if (!copied) std::memcpy(to, data, nbytes);
  if (filters.fletcher32) {
    const std::uint32_t sum = fletcher32(to, length);
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    std::memcpy(to + length, &sum, checksum_nbytes);
    length += checksum_nbytes;
  }
  out.bytes = first(packed, length);
  // What waits to be written should take what it needs, not what it might have needed.
  if (length < nbytes / 2) {
    Block small = bytes_block(length);
    std::memcpy(small.make_writable(), to, length);
    out.bytes = std::move(small);
  }
  return out;
}

Block decode_chunk(const EncodedChunk& encoded, const Filters& filters, DType type, const Shape& shape, const std::string& what) {
  const Block bytes = encoded.bytes.contiguous();
  const std::byte* data = bytes.data();
  auto length = static_cast<std::size_t>(bytes.nbytes());
  const auto size = static_cast<std::size_t>(itemsize(type));
  const auto nbytes = static_cast<std::size_t>(shape.elements()) * size;
  int place = 0;
  const auto applied = [&](bool wanted) { return wanted && (encoded.mask >> place++ & 1) == 0; };
  const bool shuffled = applied(filters.shuffle), compressed = applied(filters.gzip_level >= 0), summed = applied(filters.fletcher32);
  if (summed) {
    std::uint32_t sum = 0;
    if (length < sizeof sum) throw IoError("a storage chunk of " + what + " is damaged: it has " + std::to_string(length) + " bytes, less than its checksum");
    length -= sizeof sum;
    std::memcpy(&sum, data + length, sizeof sum);
    const std::uint32_t found = fletcher32(data, length);
    // HDF5 before 1.6.3 wrote the two halves with their bytes exchanged on some machines, and readers accept both.
    const std::uint32_t exchanged = (found & 0x00ff00ff) << 8 | (found >> 8 & 0x00ff00ff);
    if (sum != found && sum != exchanged) throw IoError("a storage chunk of " + what + " is damaged: its checksum (fletcher32) does not fit its bytes");
  }
  Block plain = Block::allocate(type, shape), unpacked;
  const bool planes = shuffled && size > 1;
  if (compressed) {
    std::byte* to = nullptr;
    if (planes) {
      unpacked = bytes_block(nbytes);
      to = unpacked.make_writable();
    } else {
      to = plain.make_writable();
    }
    uLongf room = nbytes;
    const int status = uncompress(reinterpret_cast<Bytef*>(to), &room, reinterpret_cast<const Bytef*>(data), length);
    if (status != Z_OK || room != nbytes)
      throw IoError("a storage chunk of " + what + " is damaged: it does not unpack to " + std::to_string(nbytes) + " bytes (zlib says " + std::to_string(status) + ")");
    data = to;
  } else if (length != nbytes) {
    throw IoError("a storage chunk of " + what + " is damaged: it has " + std::to_string(length) + " bytes, not " + std::to_string(nbytes));
  }
  if (planes)
    shuffle<true>(data, plain.make_writable(), nbytes / size, size);
  else if (!compressed)
    std::memcpy(plain.make_writable(), data, nbytes);
  return plain;
}

}  // namespace ashlar::hdf5
