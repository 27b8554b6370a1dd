#pragma once
// Sorting along an axis that is cut into several chunks, as layers of tasks: every chunk is sorted where it lies (a run), a few rounds of counts find
// where the runs have to be cut for chunks of given lengths, pieces go where they belong, and each chunk of the result merges its pieces.
//
// Cost      the elements are read once and sent once; a task holds one chunk and its copy. Of P chunks along the axis: P * P pieces, and per round P small
//           tasks that count.

#include <vector>

#include "ashlar/array/array_node.hpp"
#include "ashlar/ndarray/sorted_runs.hpp"

namespace ashlar::lowering {

/// The chunks of an array sorted along the last axis.
struct SortedRuns {
  runs::Format format;
  Chunks chunks;            ///< of the elements
  bool own_places = true;   ///< places count from the start of each run; else they are given numbers
  ArrayPtr node;            ///< uint8
  index_t total() const;    ///< length of a line
};
/// `numbers`: int64 in the same chunks, which go with the elements. `places`: places are wanted, if there are no numbers.
SortedRuns sorted_runs(const ArrayPtr& x, bool places, const ArrayPtr& numbers);
/// The pieces that belong into chunks of these lengths along the last axis. Needs several runs.
ArrayPtr sorted_pieces(const SortedRuns& runs, const std::vector<index_t>& lengths);
/// The elements in order, or their places (int64), in chunks of these lengths along the last axis.
ArrayPtr merged_pieces(const SortedRuns& runs, const ArrayPtr& pieces, const std::vector<index_t>& lengths, bool want_places);

/// Neighbouring chunks of an axis taken together while there are many and each stays small: tasks grow with the square of their number.
std::vector<index_t> joined_chunks(const std::vector<index_t>& sizes, index_t bytes_per_element);

/// Chunks with some axes whole and the others cut finer, so that there are no fewer of them than before; empty when there are too few lines for that.
Chunks cut_across(const ArrayNode& x, const std::vector<int>& axes);

/// Elements of one axis in order, their places as well if they are wanted; in the chunks given, which are the array's.
struct InOrder {
  ArrayPtr values, places;
};
InOrder in_order(const ArrayPtr& line, bool places);
/// numbers[i] at place places[i] of the result, for each place once; all in the same chunks of one axis.
ArrayPtr put_back(const ArrayPtr& places, const ArrayPtr& numbers);

}  // namespace ashlar::lowering
