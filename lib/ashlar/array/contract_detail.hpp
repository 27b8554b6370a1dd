#pragma once
// The one product of arrays.

#include <vector>

#include "ashlar/array/array_node.hpp"

namespace ashlar::expression {

/// One per axis; equal ones belong together.
using Labels = std::vector<int>;

/// The sum over all labels that `out` does not have of the products of elements, in the promoted type. A label may stand twice for one array
/// (its diagonal); an axis of length 1 is repeated.
/// Errors    ShapeError for lengths that differ under one label.
ArrayPtr contract(ArrayPtr a, Labels la, ArrayPtr b, Labels lb, const Labels& out);

}  // namespace ashlar::expression
