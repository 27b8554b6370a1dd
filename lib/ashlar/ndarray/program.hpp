#pragma once
// A fused elementwise expression over one chunk: creation, slices of inputs, arithmetic and the first step of reductions run
// together over strips that fit in L1, so that no intermediate chunk exists.
//
// A program is data: a list of values, each a source (input view, constant, function of the element's position) or an operation
// on earlier values. It is built once per layer, sent to the workers, and run once per chunk. All operands of an operation
// have its compute type: who builds the program inserts the casts (`op_compute_type`).

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ashlar/base/bytes.hpp"
#include "ashlar/ndarray/block.hpp"
#include "ashlar/ndarray/map_function.hpp"
#include "ashlar/ndarray/op.hpp"
#include "ashlar/ndarray/reduction.hpp"

namespace ashlar {

/// base + sum of coefficient[d] * index[d], where index is the position in the whole array the program describes.
/// Slicing, reversing and transposing an indexed source only change these numbers.
struct LinearIndex {
  index_t base = 0;
  std::vector<index_t> coefficients;
  friend bool operator==(const LinearIndex&, const LinearIndex&) = default;
};

enum class Distribution : std::uint8_t { uniform, normal, integers, exponential };

class Program {
 public:
  using Value = std::int32_t;

  Program();
  ~Program();
  Program(const Program&);
  Program(Program&&) noexcept;
  Program& operator=(const Program&);
  Program& operator=(Program&&) noexcept;

  /// The next input; at run time a block that has (or broadcasts to) the program's shape.
  Value input(DType type);
  Value constant(const ScalarValue& value);
  /// start + step * k with k the linear index: arange, linspace, iota, eye. For integer types start and step are exact integers.
  Value arange(DType type, ScalarValue start, ScalarValue step, LinearIndex k);
  /// A random number that depends on (seed, k) only. uniform: [a, b); normal: mean a, deviation b; integers: [a, b);
  /// exponential: scale a.
  Value random(DType type, Distribution distribution, std::uint64_t seed, double a, double b, LinearIndex k);
  /// `type` is the compute type; a cast's operand may have any type and `type` is the result's.
  Value apply(Op op, DType type, Value a, Value b = -1, Value c = -1);
  /// A user's function of elements; the operands have the types it was compiled for.
  Value call(const MapFunction& function, Bytes closure, DType type, std::span<const Value> operands);
  DType type_of(Value value) const;

  /// The elements of `value` become a block of the program's shape.
  void store(Value value);
  /// Partial reduction over `axes` (kept with length 1). `position` (argmin, argmax): the number reported for an element.
  void reduce(Reduction reduction, Value value, std::vector<int> axes, LinearIndex position = {});

  int inputs() const;
  int outputs() const;  ///< blocks that `run` returns: 1 a store, partial_blocks(reduction) a reduction
  /// Operations and sources evaluated per element, for reports.
  int evaluations_per_element() const;
  std::string text() const;  ///< one line per value, for `explain` and graphs

  /// Runs over one chunk.
  /// Shape     `shape` is the chunk's; `origin` its first index in the whole array; inputs broadcast to `shape`.
  /// Cost      each input read once, each output written once; O(values * strip) scratch.
  /// Errors    InternalError for inputs that do not fit.
  std::vector<Block> run(const Shape& shape, std::span<const index_t> origin, std::span<const Block> inputs) const;

  void encode(Writer& out) const;
  static Program decode(Reader& in);

  struct Step;    // private to this floor
  struct Output;

 private:
  friend class ProgramRun;
  std::vector<Step> steps_;
  std::vector<Output> outputs_;
  int inputs_ = 0;

  Value add(Step step);
  void check_value(Value value, const char* what) const;
};

/// The instruction set the kernels use ("AVX3", "AVX2", …), as a bit mask and by name. Ranks agree on the common minimum at start.
std::int64_t simd_targets();
std::string simd_target_name();
void restrict_simd_targets(std::int64_t targets);

}  // namespace ashlar
