#pragma once
// IEEE half floats (16 bits: 5 of exponent, 10 of significand). Files hold them; arrays hold their values as float or double.
//
// Converted here and not by HDF5, whose 1.10 rounds one midpoint in two the wrong way, now and then other values too, and takes
// some fifty times as long (80 ns for an element).

#include "ashlar/ndarray/block.hpp"

namespace ashlar::hdf5 {

/// The bits of the nearest half floats, as uint16 in C order. Rounded once, ties to even; from 65520 on infinity. NaN stays NaN and keeps
/// the leading bits of its payload, as in NumPy.
///
/// Requires  no complex numbers. Integers are exact up to 2048.
/// Cost      1 to 1.5 ns for an element; elements that are not contiguous are packed by pieces, so that there is no second copy of all.
Block to_half(const Block& numbers);

/// The inverse, exact. `type`: float32 or float64.
Block from_half(const Block& bits, DType type);

/// The same in place: n elements of `type` take the memory at whose end their bits stand.
void widen_half(DType type, std::byte* memory, index_t n);

}  // namespace ashlar::hdf5
