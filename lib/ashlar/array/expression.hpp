#pragma once
// Building expressions whose element types are known at run time: what the typed interface is a thin layer over. Shapes are checked here,
// when the expression is written, not when it runs.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ashlar/array/array_node.hpp"
#include "ashlar/array/array_options.hpp"
#include "ashlar/ndarray/fourier.hpp"
#include "ashlar/ndarray/op.hpp"
#include "ashlar/ndarray/program.hpp"
#include "ashlar/ndarray/reduction.hpp"
#include "ashlar/ndarray/scan.hpp"

namespace ashlar {

class Index;
struct BlockFunction;
struct MapFunction;

namespace expression {

// ---------------------------------------------------------------- sources
/// ValueError for negative lengths, what normalize_chunks throws.
ArrayPtr full(std::string name, const Shape& shape, const ScalarValue& value, const CreateOptions& options);
/// NumPy's arange in the type of `start` (all three have one type).
/// Errors    ValueError for step 0.
ArrayPtr arange(const ScalarValue& start, const ScalarValue& stop, const ScalarValue& step, const CreateOptions& options);
ArrayPtr linspace(double start, double stop, index_t num, bool endpoint, DType dtype, const CreateOptions& options);
ArrayPtr eye(index_t rows, index_t columns, index_t k, DType dtype, const CreateOptions& options);
/// start + step * (the position along `axis`), as an array of a shape.
ArrayPtr positions(const Shape& shape, int axis, const Chunks& chunks);
ArrayPtr random(std::string name, DType dtype, Distribution distribution, std::uint64_t seed, double a, double b, const Shape& shape, const ChunkSpec& chunks);
/// Chunks of memory the client holds; the block is shared, not copied.
ArrayPtr from_block(Block block, const CreateOptions& options);

// ---------------------------------------------------------------- elementwise
/// An operand as the typed interface has it: an expression, a local array, or a literal (weak).
struct Operand {
  enum class Kind : std::uint8_t { lazy, local, literal };
  Kind kind;
  ArrayPtr node;
  Block block;
  ScalarValue literal;

  Operand(ArrayPtr n) : kind(Kind::lazy), node(std::move(n)) {}
  Operand(Block b) : kind(Kind::local), block(std::move(b)) {}
  Operand(const ScalarValue& value) : kind(Kind::literal), literal(value) {}
};
/// The operation with NumPy's promotion and broadcasting.
/// Errors    ShapeError for shapes that do not broadcast, TypeError for types without the operation, ValueError for an integer literal
///           outside the arrays' type.
ArrayPtr elementwise(Op op, std::span<const Operand> operands);
/// The same on local arrays and literals, at once.
Block elementwise_now(Op op, std::span<const Operand> operands);
ArrayPtr cast(const ArrayPtr& node, DType dtype);
/// A literal as an expression of an element type.
ArrayPtr constant(const ScalarValue& value);
/// A user's function of elements; inputs broadcast, and have the types the function was compiled for.
ArrayPtr map(std::vector<ArrayPtr> inputs, const MapFunction& function, Bytes closure, DType dtype);
/// The imaginary part, zeros of real numbers.
ArrayPtr imag(const ArrayPtr& node);
Block imag_now(const Block& block);
/// NumPy's round: half to even, at a decimal place.
ArrayPtr round(const ArrayPtr& node, int decimals);

// ---------------------------------------------------------------- reductions
struct ReduceArguments {
  AxisSpec axes = {};
  bool keepdims = false;
  int ddof = 0;
  int split_every = 0;
};
/// Errors    IndexError, ValueError for axes; ValueError for min, max, argmin, argmax of nothing, for argmin of several axes but not all.
ArrayPtr reduce(Reduction reduction, const ArrayPtr& node, const ReduceArguments& arguments);
Block reduce_now(Reduction reduction, const Block& block, const ReduceArguments& arguments);

/// Running sums or products along an axis, in the type that the sum has.
/// Errors    IndexError for the axis; ShapeError for unknown lengths.
ArrayPtr cumulative(Scan how, const ArrayPtr& node, int axis);
/// `values`, with an error of that message where a flag is set.
ArrayPtr refuse_where(const ArrayPtr& flags, const ArrayPtr& values, const std::string& message);

// ---------------------------------------------------------------- selecting and shaping
/// NumPy's indexing by integers, slices, text, lists on one axis and boolean arrays.
ArrayPtr slice(const ArrayPtr& node, std::span<const Index> indices);
/// A copy with `value` where `indices` select.
ArrayPtr set(const ArrayPtr& node, std::span<const Index> indices, const Operand& value);
/// The slices in NumPy's text form, for regions of datasets.
std::string slices_text(std::span<const Index> indices);
/// Positions along one axis, in any order.
ArrayPtr take(const ArrayPtr& node, std::vector<index_t> positions, int axis);
ArrayPtr transpose(const ArrayPtr& node, const AxisSpec& axes);
ArrayPtr reshape(const ArrayPtr& node, const Shape& shape);
ArrayPtr ravel(const ArrayPtr& node);
ArrayPtr broadcast_to(const ArrayPtr& node, const Shape& shape);
ArrayPtr expand_dims(const ArrayPtr& node, const AxisSpec& axes);
ArrayPtr squeeze(const ArrayPtr& node, const AxisSpec& axes);
ArrayPtr flip(const ArrayPtr& node, const AxisSpec& axes);
ArrayPtr roll(const ArrayPtr& node, index_t shift, const AxisSpec& axes);
ArrayPtr concatenate(std::vector<ArrayPtr> parts, int axis);
ArrayPtr stack(std::vector<ArrayPtr> parts, int axis);
/// Elements whose positions on two axes differ by `offset`; their axis comes last.
ArrayPtr diagonal(const ArrayPtr& node, index_t offset, int axis1, int axis2);
ArrayPtr rechunk(const ArrayPtr& node, const ChunkSpec& chunks, const RechunkOptions& options);
/// The array with its lengths known; computes what they follow from.
ArrayPtr compute_chunk_sizes(const ArrayPtr& node);

// ---------------------------------------------------------------- products
/// NumPy's, in the promoted type.
/// Errors    ShapeError for lengths that do not fit, ValueError for subscripts that make no sense; NotImplementedError without OpenBLAS.
ArrayPtr matmul(const ArrayPtr& a, const ArrayPtr& b);
ArrayPtr dot(const ArrayPtr& a, const ArrayPtr& b);
ArrayPtr tensordot(const ArrayPtr& a, const ArrayPtr& b, const AxisSpec& axes_a, const AxisSpec& axes_b);
ArrayPtr einsum(const std::string& subscripts, std::vector<ArrayPtr> arrays);

/// One axis; n < 0: its own length (of real_inverse twice what lies before the last element).
ArrayPtr fourier_transform(Fourier kind, const ArrayPtr& node, int axis, index_t n, const std::string& norm);

ArrayPtr map_blocks(std::vector<ArrayPtr> inputs, const BlockFunction& function, Bytes closure, DType dtype, const MapBlocksOptions& options);

ArrayPtr map_overlap(std::vector<ArrayPtr> inputs, const BlockFunction& function, Bytes closure, DType dtype, const MapOverlapOptions& options);

/// Dask's table: bytes, shape, count and type, of array and chunk.
std::string table_text(const ArrayPtr& node);

}  // namespace expression
}  // namespace ashlar
