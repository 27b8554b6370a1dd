#pragma once
// Moving a rectangle of a dataset to or from C-ordered memory.
//
// Two rules, both measured: the memory space has as many axes as the selection in the file (with one flat axis HDF5 1.10 is three
// to nine times slower), and one call moves at most 1 GiB (counts inside MPI-IO are 32 bits wide).

#include <span>

#include "ashlar/hdf5/handles_detail.hpp"
#include "ashlar/ndarray/block.hpp"

namespace ashlar::hdf5 {

inline constexpr std::int64_t call_nbytes_max = std::int64_t(1) << 30;

/// `start`, `step`, `count` per axis; steps positive.
struct Rectangle {
  std::vector<index_t> start, step, count;
};

/// IndexError unless the rectangle has an axis for each of the shape's and stays inside.
void check_inside(const Rectangle& rectangle, const Shape& shape, const Place& at);

/// What memory holds: numbers, or the bits of half floats as uint16.
enum class Elements { numbers, half_bits };

/// Writes a block (C order), converting from its type to that of the file. `nbytes_max` of one call is there for tests.
void write_rectangle(hid_t dataset, const Rectangle& to, const Block& from, const Place& at, std::int64_t nbytes_max = call_nbytes_max,
                     Elements elements = Elements::numbers);
void read_rectangle(hid_t dataset, const Rectangle& from, DType type, std::byte* to, const Place& at,
                    std::int64_t nbytes_max = call_nbytes_max, Elements elements = Elements::numbers);

}  // namespace ashlar::hdf5
