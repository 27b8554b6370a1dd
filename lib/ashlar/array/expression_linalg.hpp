#pragma once
// Factorisations of matrices in chunks, of run-time element type (floating point or complex): what `linalg.hpp` is a thin layer over.

#include <tuple>

#include "ashlar/array/array_node.hpp"

namespace ashlar::expression {

struct Qr {
  ArrayPtr q, r;
};
struct SvdArrays {
  ArrayPtr u, s, v;  ///< v is the conjugate transpose, as NumPy's third result
};
/// Rows in chunks, columns in one.
Qr tsqr(const ArrayPtr& a);
/// Columns in chunks, rows in one.
Qr sfqr(const ArrayPtr& a);
Qr qr(const ArrayPtr& a);
SvdArrays svd(const ArrayPtr& a);
/// matrix = p l u with a permutation matrix p: in chunks of whole columns.
struct LuArrays {
  ArrayPtr p, l, u;
};
LuArrays lu(const ArrayPtr& matrix);
ArrayPtr solve(const ArrayPtr& a, const ArrayPtr& b);
ArrayPtr solve_triangular(const ArrayPtr& a, const ArrayPtr& b, bool lower);
ArrayPtr cholesky(const ArrayPtr& a, bool lower);
/// Conjugated and transposed.
ArrayPtr adjoint(const ArrayPtr& a);

}  // namespace ashlar::expression
