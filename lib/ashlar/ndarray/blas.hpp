#pragma once
// Products of matrices, and the LAPACK routines that the array floor builds on: OpenBLAS, loaded when first needed.
//
// One thread: parallelism is over chunks. The kernels are those of the instruction set that all ranks agreed on, chosen before the library
// looks at the processor: Debian's 0.3.21 takes its slowest ones (SSE3) on processors it does not know. OPENBLAS_CORETYPE overrides.
// Matrices of LAPACK routines are Fortran's: `Block`s of shape (columns, rows) in C order hold the transposed.

#include <string>
#include <vector>

#include "ashlar/ndarray/block.hpp"

namespace ashlar::blas {

/// A matrix in memory, strides in elements.
struct Matrix {
  const void* data = nullptr;
  index_t rows = 0, columns = 0, row_stride = 0, column_stride = 0;
};
/// Whether `multiply_add` can take it as it is: one of the strides is 1 and the other positive.
bool fits(const Matrix& matrix);
/// c += a b, of any element type; c is rows x columns in C order, ldc elements from row to row. Integers wrap; of bool it is or of and.
/// Errors    NotImplementedError where OpenBLAS is missing (floats and complex numbers only).
void multiply_add(DType type, const Matrix& a, const Matrix& b, void* c, index_t ldc);

/// OpenBLAS's name of the kernels in use: "SkylakeX", "Haswell", …. The name asked for is the environment's or that of our instruction set.
std::string core_name();
bool available();

// All of the following take float32, float64, complex64, complex128 and work on column-major copies of their own.

/// The triangular factor of `a` (rows x columns): min(rows, columns) x columns, with a real diagonal as LAPACK leaves it.
Block qr_r(const Block& a);
/// The orthogonal factor times `right` (min(rows, columns) x any), or alone when `right` is null.
Block qr_q(const Block& a, const Block* right);
struct Svd {
  Block u, s, vh;  ///< rows x k, k real values descending, k x columns with k = min(rows, columns)
};
/// Errors    ValueError when it does not converge (NaN among the elements).
Svd svd(const Block& a);

/// LU of the columns that begin at row and column `first` of a square matrix, rows above left alone: `panel` is all rows x w, the result has
/// one row more, which holds the row each pivot came from.
/// Errors    ValueError "singular matrix" for a zero pivot.
Block lu_panel(const Block& panel, index_t first);
/// What the elimination of that panel makes of other columns.
Block lu_update(Block columns, const Block& packed, index_t first);

enum class Triangle : std::uint8_t { lower, unit_lower, upper, lower_conjugated };  ///< the last: the conjugate transpose of a lower one
/// One step of solving a triangular system by columns: `columns` of the unknowns, `panel` the columns of the matrix that begin at `first`.
/// Errors    ValueError "singular matrix".
Block triangular_step(Block right, const Block& panel, index_t first, Triangle kind);

/// Cholesky of the columns that begin at `first`, below and on the diagonal; zeros above.
/// Errors    ValueError when the matrix is not positive definite.
Block cholesky_panel(const Block& panel, index_t first);
/// What the elimination of an earlier panel makes of the columns that begin at `at`.
Block cholesky_update(Block columns, index_t at, const Block& panel);

}  // namespace ashlar::blas
