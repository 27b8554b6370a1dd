#pragma once
// The loops that programs are made of, found at run time by operation and element type. Everything here works on strips: dense runs
// of up to `strip_length` elements. Private to this floor.
//
// Invariants: 1. an element of a result depends on the operands' elements at its place only, never on the length of the strip or
// the width of the vectors. 2. arithmetic rounds every operation (no fused multiply-add), so all instruction sets give the same
// bits; what is taken from Highway's mathematics (`simd_math`) uses fused multiply-add where the instruction set has it.

#include <cstdint>
#include <memory>
#include <span>

#include "ashlar/ndarray/dtype.hpp"
#include "ashlar/ndarray/op.hpp"
#include "ashlar/ndarray/program.hpp"
#include "ashlar/ndarray/reduction.hpp"
#include "ashlar/ndarray/shape.hpp"

namespace ashlar::kernels {

/// Longest strip: a handful of float64 strips share a 32 KiB L1.
inline constexpr index_t strip_length = 1024;
/// Strips of one stream that are taken at once where nothing goes over them again.
inline constexpr index_t strips_at_once = 64;

/// Loops that wait for memory use vectors of 32 bytes where there are wider ones: eight of them are what memory gives at a time, so that streams
/// read in turns are read alike (decision 0069).
inline constexpr std::size_t memory_vector_bytes = 32;
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#define ASHLAR_MEMORY_BOUND __attribute__((target("prefer-vector-width=256")))
#define ASHLAR_WITHOUT_MASKS __attribute__((target("no-avx512f")))
#else
#define ASHLAR_WITHOUT_MASKS
#define ASHLAR_MEMORY_BOUND
#endif

/// out[i] = op(a[i], b[i], c[i]) for i < n; unused operands are null. `out` may be an operand whose elements have the same size.
using Elementwise = void (*)(index_t n, void* out, const void* a, const void* b, const void* c);

/// The loop of an operation for its compute type. Null when NumPy does not define it (op_compute_type says so first).
Elementwise elementwise(Op op, DType compute);
Elementwise cast(DType from, DType to);

/// The parts `elementwise` is put together from; null for what they do not serve.
Elementwise simd_math(Op op, DType compute);        // Highway's mathematics, float32 and float64
Elementwise simd_arithmetic(Op op, DType compute);  // real types: arithmetic, rounding, bits
Elementwise simd_compare(Op op, DType compute);     // comparisons, predicates, where, clip
Elementwise plain_real(Op op, DType compute);       // one element after the other: libm, integer division
Elementwise plain_complex(Op op, DType compute);

/// out[i] = start + step * (k + i * stride).
void arange(DType type, const ScalarValue& start, const ScalarValue& step, index_t k, index_t stride, index_t n, void* out);

struct RandomSource {
  Distribution distribution;
  std::uint64_t seed;
  double a, b;
};
/// out[i] = the number of element k + i * stride.
void random(DType type, const RandomSource& source, index_t k, index_t stride, index_t n, void* out);

/// Operations one after the other on a block of values that stays in registers: each takes the result of the one before and one other
/// operand. `load` and `count` begin anew, `keep` puts the block aside, for a later stage to take as its operand: so a whole expression
/// is one chain. Rounding is that of the single operations.
enum class ChainOp : std::uint8_t {
  add, subtract, subtract_from, multiply, divide, divide_into, maximum, maximum_of, minimum, minimum_of, negative, absolute, square, sqrt,
  load, count, keep
};
enum class ChainOperand : std::uint8_t {
  none,
  strip,   // an element for each
  scalar,  // one element for all
  kept     // a block put aside
};
struct ChainStage {
  ChainOp op;
  ChainOperand kind;
  const void* operand;  // count: a ChainCount; keep: where to, `chain_kept_bytes` aligned to 64
};
/// start + step * (k + i * stride) with whole numbers below 2^53 in the brackets; float64 only.
struct ChainCount {
  double start = 0, step = 0, k = 0, stride = 0;
};
inline constexpr std::size_t chain_kept_bytes = 512;  // of a block: eight of the widest vectors
inline constexpr int chain_kept_max = 8, chain_counts_max = chain_kept_max + 1;  // more would push the strips out of L1
struct Chain {
  std::span<const ChainStage> stages;  // the first is a load or a count
  void* out = nullptr;                 // null: only the sum is wanted
};
/// A chain made ready for this processor, for one strip after the other.
class ChainRunner {
 public:
  virtual ~ChainRunner() = default;
  /// Runs over n elements; with `sum`, returns the sum of the results, the bits of Reducer::segments. From one run to the next strips, results and what
  /// counts start from may change; with `anew` scalars, too.
  virtual double run(index_t n, const Chain& chain, bool anew) = 0;
};
/// float64; float32 without sum. `reads`: one of its operands is a strip; without, the vectors are as wide as they come.
std::unique_ptr<ChainRunner> chain_runner(DType type, bool sum, bool reads = true);
/// Whether chains divide by one number with the divider or by way of its reciprocal; same bits. At first what is quicker on this processor.
bool divider_is_quick();
void set_divider_is_quick(bool quick);

/// Order statistics (order.hpp): the keys of x whose bits under `mask` are `prefix`, one after the other; returns how many. `keys` has room for
/// `key_room` more than n.
index_t matching_keys(index_t n, const double* x, std::uint64_t mask, std::uint64_t prefix, std::uint64_t* keys);
inline constexpr index_t key_room = 8;

/// n copies of one element.
void fill(std::int64_t itemsize, const void* value, index_t n, void* out);
/// out[i] = in[i * stride].
void gather(std::int64_t itemsize, const void* in, index_t stride, index_t n, void* out);

/// to[r * to_stride + c] = from[c * from_stride + r] for r < rows, c < columns, neither less than `transpose_side`. False, nothing done: there
/// is no kernel for this processor.
bool transpose(std::int64_t itemsize, const std::byte* from, index_t from_stride, std::byte* to, index_t to_stride, index_t rows, index_t columns);
constexpr index_t transpose_side(std::int64_t itemsize) { return 64 / itemsize; }

/// The first step of a reduction. A state is a few arrays with one entry per output:
///   sum mean prod: value [rest]   min max any all: value   var std: sum [rest] M2   argmin argmax: value position
/// where rest is what rounding took from value (floating sums only).
struct Reducer {
  int arrays = 0;
  std::int64_t itemsize[3] = {};
  /// The state of nothing.
  void (*init)(index_t m, void* const* state) = nullptr;
  /// state[j] = the reduction of elements [j * r, (j + 1) * r), r >= 1. 32 partial results by position, then a fixed tree.
  void (*segments)(index_t m, index_t r, const void* in, const index_t* positions, void* const* state) = nullptr;
  /// state[j] takes up element j; `before` elements each are in it already.
  void (*accumulate)(index_t m, const void* in, const index_t* positions, void* const* state, index_t before) = nullptr;
  /// state[j] takes up part[j], made of `count` elements.
  void (*merge)(index_t m, void* const* part, index_t count, void* const* state, index_t before) = nullptr;
  /// argmin and argmax, else null. True: no element of a run of r, at positions from `first` on, changes state[0].
  bool (*beaten)(index_t r, const void* in, index_t first, void* const* state) = nullptr;
  /// sum and mean of real floats, else null. accumulate for rows of m elements, one after the other, that begin `stride` elements apart.
  void (*accumulate_rows)(index_t m, index_t rows, const void* in, index_t stride, void* const* state) = nullptr;
  /// Strips that `segments` takes at once: one where it goes over a strip more than once, which has to stay in L1.
  index_t strips_together = 1;
};
Reducer reducer(Reduction reduction, DType elements);

}  // namespace ashlar::kernels
