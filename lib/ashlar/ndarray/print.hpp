#pragma once
// Arrays as text, character by character what NumPy's str(array) gives with default settings.

#include <string>

#include "ashlar/ndarray/block.hpp"

namespace ashlar {

/// NumPy's print settings of the same names.
struct PrintOptions {
  int precision = 8;         ///< digits after the point, at most
  index_t threshold = 1000;  ///< arrays of more elements show only `edgeitems` at both ends of each axis
  index_t edgeitems = 3;
  int linewidth = 75;
};

/// Source    NumPy's array2string.
std::string to_string(const Block& block, const PrintOptions& options = {});

}  // namespace ashlar
