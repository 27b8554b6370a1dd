#pragma once
// Sorting lines that lie in several blocks, each in order by itself (a run): where runs have to be cut so that given numbers of elements lie before
// the cut, the pieces between two cuts, and their merge.
//
// A cut is exact. Each element has a key of up to 17 digits of eight bits that orders as NumPy orders (NaN last, both zeros alike, complex numbers by
// real, then imaginary part). A round counts, in each run, the elements by their next digit among those that agree with what is settled; the sums over
// all runs settle that digit. What equals the key at last goes to the left in the order of the runs, so merging is stable and chunks of the result have
// the lengths that were asked for, however often a value occurs.
//
// Blocks of lines: the last axis is the line. A run's bytes: the values of all lines, then the places of all lines (first the wider ones).

#include <cstdint>
#include <span>
#include <vector>

#include "ashlar/ndarray/block.hpp"

namespace ashlar::runs {

/// What a run holds of an element: its value, and a whole number of `places` bytes (4 or 8; 0: none), by default its place in the run.
struct Format {
  DType type = DType::float64;
  std::int32_t places = 0;
  index_t width() const { return itemsize(type) + places; }
  friend bool operator==(const Format&, const Format&) = default;
};

inline constexpr index_t digit_values = 256;
inline constexpr index_t state_width = 4;  ///< int64 words of a cut's state: the key's three, and how many of the elements with that key lie before
/// Rounds that settle a key.
int rounds(DType type);

/// Values (…, n) to a run, uint8 (…, n * width). `numbers`: int64 of the same shape that go with the values, instead of their places.
Block sorted(const Block& values, Format format, const Block* numbers);
/// int64 (…, cuts * digit_values). `state` is null in round 0.
Block digit_counts(const Block& run, Format format, const Block* state, index_t cuts, int round);
/// int64 (…, cuts * state_width): the state behind a round, from the sums of counts. `ranks`: how many elements of a line lie before each cut.
Block settle(const Block& counts, const Block* state, std::span<const index_t> ranks, DType type, int round);
/// int64 (…, cuts): elements of a run that equal the keys.
Block ties(const Block& run, Format format, const Block& state);
/// The elements between cut `part` - 1 and cut `part` (the ends of the lines are cuts too), uint8: how many of each line (int64), values, places.
/// `before`: ties in the runs before this one. `total`: elements of a line in all runs.
Block piece(const Block& run, Format format, const Block& state, const Block& before, std::span<const index_t> ranks, index_t total, index_t part);
/// Pieces in the order of their runs, merged: the values, or (`want_places`) int64 places, to each of which the start of its run is added.
/// Errors    InternalError when the pieces of a line do not have the shape's length together.
Block merged(std::span<const Block> pieces, Format format, const Shape& shape, bool want_places, std::span<const index_t> starts);

}  // namespace ashlar::runs
