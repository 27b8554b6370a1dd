#pragma once
// Element types of arrays as HDF5 types and back.
//
//   bool        enum {FALSE = 0, TRUE = 1} of int8     as h5py writes and reads it
//   int, float  little-endian standard and IEEE types
//   complex     compound {r, i} of two floats          as h5py writes and reads it
//
// Half floats are in files only (`half_floats.hpp`).

#include <optional>
#include <string>

#include "ashlar/hdf5/handles_detail.hpp"
#include "ashlar/ndarray/dtype.hpp"

namespace ashlar::hdf5 {

/// The type in files. Equal to the type in memory here: little-endian machines only.
TypeHandle hdf5_type(DType type, const Place& at);

/// IEEE half floats, little-endian.
TypeHandle half_type(const Place& at);
/// IEEE half floats of either byte order. Other floats of 16 bits (bfloat16) are left to HDF5.
bool is_half(hid_t type);

/// The element type that holds all values of an HDF5 type and no larger one; none for strings, references, structures….
/// Half floats count as float32, numbers of the other byte order as their twins.
std::optional<DType> dtype_of_hdf5(hid_t type);

/// For people: "float64", "string", "compound {a, b}", "float16".
std::string type_text(hid_t type);

/// True when reading `stored` as `wanted` loses nothing but digits of a float: NumPy's safe casts, and float64 to float32.
bool readable_as(DType stored, DType wanted);

}  // namespace ashlar::hdf5
