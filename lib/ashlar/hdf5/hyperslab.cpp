#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>

#include "ashlar/hdf5/element_types_detail.hpp"
#include "ashlar/hdf5/hyperslab_detail.hpp"

namespace ashlar::hdf5 {

namespace {

using Sizes = std::vector<hsize_t>;
/// One call: first element and lengths inside the rectangle, and where its elements lie in memory.
using Piece = std::function<void(const Sizes& first, const Sizes& count, index_t element)>;

/// Cuts along the leading axes, so that each piece is one run of C-ordered memory.
void cut(Sizes& first, Sizes& count, std::size_t axis, index_t element, index_t elements_max, const Piece& piece) {
  index_t inner = 1;  // elements of one step along `axis`
  for (std::size_t i = axis + 1; i < count.size(); i++) inner *= static_cast<index_t>(count[i]);
  const auto length = static_cast<index_t>(count[axis]);
  if (inner * length <= elements_max) return piece(first, count, element);
  const index_t step = std::max<index_t>(1, elements_max / inner);
  const hsize_t at = first[axis];
  for (index_t i = 0; i < length; i += step) {
    first[axis] = at + static_cast<hsize_t>(i);
    count[axis] = static_cast<hsize_t>(std::min(step, length - i));
    if (inner <= elements_max || axis + 1 == count.size())
      piece(first, count, element + i * inner);
    else
      cut(first, count, axis + 1, element + i * inner, elements_max, piece);
  }
  first[axis] = at;
  count[axis] = static_cast<hsize_t>(length);
}

/// Calls `move(memory space, file space, first element)` for each piece.
void move(hid_t dataset, const Rectangle& part, DType type, std::int64_t nbytes_max, const Place& at,
          const std::function<void(hid_t, hid_t, index_t)>& one_call) {
  if (part.count.empty()) return one_call(H5S_ALL, H5S_ALL, 0);
  Sizes first(part.count.size(), 0), count(part.count.begin(), part.count.end()), step(part.step.begin(), part.step.end());
  if (std::count(count.begin(), count.end(), 0)) return;
  SpaceHandle file(checked(H5Dget_space(dataset), "H5Dget_space", at));
  const auto ndim = static_cast<int>(count.size());
  cut(first, count, 0, 0, std::max<index_t>(1, nbytes_max / itemsize(type)),
      [&](const Sizes& offset, const Sizes& lengths, index_t element) {
        Sizes start(offset.size());
        for (std::size_t i = 0; i < start.size(); i++) start[i] = static_cast<hsize_t>(part.start[i]) + offset[i] * step[i];
        checked(H5Sselect_hyperslab(file.get(), H5S_SELECT_SET, start.data(), step.data(), lengths.data(), nullptr), "H5Sselect_hyperslab",
                at);
        SpaceHandle memory(checked(H5Screate_simple(ndim, lengths.data(), nullptr), "H5Screate_simple", at));
        one_call(memory.get(), file.get(), element);
      });
}

TypeHandle memory_type(DType type, Elements elements, const Place& at) { return elements == Elements::half_bits ? half_type(at) : hdf5_type(type, at); }

/// Why a write failed, as far as it can be known: MPI-IO writes what fits, says success, and HDF5 misses the rest without a reason.
std::string cause_of_failed_write(const std::string& file, int error, std::int64_t nbytes) {
  struct statvfs disk {};
  if (error != ENOSPC && statvfs(file.c_str(), &disk) == 0 &&
      static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize) < static_cast<double>(nbytes))
    error = ENOSPC;
  return error == ENOSPC || error == EDQUOT || error == EFBIG || error == EIO ? std::strerror(error) : "";
}

}  // namespace

void check_inside(const Rectangle& part, const Shape& shape, const Place& at) {
  const auto ndim = shape.size();
  if (part.start.size() != ndim || part.count.size() != ndim || part.step.size() != ndim)
    throw ShapeError(at.object + " of " + at.file + " has " + std::to_string(ndim) + " axes, the part wanted has " +
                     std::to_string(part.count.size()));
  for (std::size_t i = 0; i < ndim; i++) {
    const bool inside = part.start[i] >= 0 && part.count[i] >= 0 && part.step[i] > 0 &&
                        (part.count[i] == 0 || part.start[i] + (part.count[i] - 1) * part.step[i] < shape[i]);
    if (!inside)
      throw IndexError("the part leaves " + at.object + " of " + at.file + ": axis " + std::to_string(i) + ", start " +
                       std::to_string(part.start[i]) + ", count " + std::to_string(part.count[i]) + ", step " +
                       std::to_string(part.step[i]) + ", length " + std::to_string(shape[i]));
  }
}

void write_rectangle(hid_t dataset, const Rectangle& to, const Block& from, const Place& at, std::int64_t nbytes_max, Elements elements) {
  const Block block = from.contiguous();
  const TypeHandle type = memory_type(block.dtype(), elements, at);
  move(dataset, to, block.dtype(), nbytes_max, at, [&](hid_t memory, hid_t file, index_t element) {
    errno = 0;
    const herr_t result = H5Dwrite(dataset, type.get(), memory, file, H5P_DEFAULT, block.data() + element * itemsize(block.dtype()));
    if (result < 0) throw_hdf5_error("H5Dwrite", at, cause_of_failed_write(at.file, errno, block.nbytes()));
  });
}

void read_rectangle(hid_t dataset, const Rectangle& from, DType dtype, std::byte* to, const Place& at, std::int64_t nbytes_max, Elements elements) {
  const TypeHandle type = memory_type(dtype, elements, at);
  move(dataset, from, dtype, nbytes_max, at, [&](hid_t memory, hid_t file, index_t element) {
    checked(H5Dread(dataset, type.get(), memory, file, H5P_DEFAULT, to + element * itemsize(dtype)), "H5Dread", at);
  });
}

}  // namespace ashlar::hdf5
