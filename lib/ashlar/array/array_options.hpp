#pragma once
// The options of array functions: the keywords of Dask and NumPy, as designated initialisers.

#include <concepts>
#include <cstdint>
#include <string>
#include <vector>

#include "ashlar/base/options.hpp"
#include "ashlar/ndarray/shape.hpp"

namespace ashlar {

struct CreateOptions {
  ASHLAR_OPTIONS;
  ChunkSpec chunks = {};
  std::string name = {};  ///< for keys and drawings
};

/// An axis or several: `.axis = 0`, `.axis = {0, 1}`. Required where it stands: `{}` is no axis.
struct AxisArg {
  std::vector<index_t> v;
  template <detail::integer I, detail::integer... More>
  AxisArg(I i, More... more) : v{static_cast<index_t>(i), static_cast<index_t>(more)...} {}
  template <detail::integer I>
  AxisArg(const std::vector<I>& s) : v(s.begin(), s.end()) {}
};
struct KeepArg {
  bool v;
  template <std::same_as<bool> B>
  KeepArg(B b) : v(b) {}
};

// Three kinds of call, told apart by the field they require: over everything (gives a Scalar), along axes, over everything with
// the axes kept. `split_every`: partial results combined per task, 16 by default; it changes the order of additions.
struct FullOptions {
  ASHLAR_OPTIONS;
  int split_every = 0;
};
struct ReduceOptions {
  ASHLAR_OPTIONS;
  AxisArg axis;
  bool keepdims = false;
  int split_every = 0;
};
struct KeptOptions {
  ASHLAR_OPTIONS;
  KeepArg keepdims;
  int split_every = 0;
};
/// For var and std; `ddof` is NumPy's: the divisor is the number of elements less it.
struct FullVarOptions {
  ASHLAR_OPTIONS;
  int ddof = 0;
  int split_every = 0;
};
struct VarOptions {
  ASHLAR_OPTIONS;
  AxisArg axis;
  bool keepdims = false;
  int ddof = 0;
  int split_every = 0;
};
struct KeptVarOptions {
  ASHLAR_OPTIONS;
  KeepArg keepdims;
  int ddof = 0;
  int split_every = 0;
};

/// `threshold`, `block_size_limit` and `balance` are Dask's; only their defaults are served.
struct RechunkOptions {
  ASHLAR_OPTIONS;
  double threshold = 0;
  std::int64_t block_size_limit = 0;
  bool balance = false;
};
struct ConcatenateOptions {
  ASHLAR_OPTIONS;
  int axis = 0;
};
struct MapBlocksOptions {
  ASHLAR_OPTIONS;
  std::string name = {};
  ChunkSpec chunks = {};            ///< sizes of the result's chunks where the function changes them
  AxisSpec drop_axis = std::vector<index_t>{};  ///< axes the result does not have; they reach the function whole
  AxisSpec new_axis = std::vector<index_t>{};   ///< axes of the result that no array has; of length 1 unless `.chunks` says more
};
struct StoreOptions {
  ASHLAR_OPTIONS;
  bool compute = true;
};

}  // namespace ashlar
