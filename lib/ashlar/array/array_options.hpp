#pragma once
// The options of array functions: the keywords of Dask and NumPy, as designated initialisers.

#include <concepts>
#include <initializer_list>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
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

/// Of running sums and products.
struct CumulativeOptions {
  ASHLAR_OPTIONS;
  AxisSpec axis = {};  ///< one; none: of the flattened array
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
/// Elements taken from the neighbours on either side of an axis: `1`, or `{before, after}`.
struct AxisDepth {
  index_t before = 0, after = 0;
  template <detail::integer I>
  AxisDepth(I both) : before(static_cast<index_t>(both)), after(before) {}
  template <detail::integer I, detail::integer J>
  AxisDepth(I b, J a) : before(static_cast<index_t>(b)), after(static_cast<index_t>(a)) {}
};
/// Per axis, or one for all.
struct DepthSpec {
  std::vector<AxisDepth> axes;
  DepthSpec(std::initializer_list<AxisDepth> list) : axes(list) {}
  template <detail::integer I>
  DepthSpec(I all) : axes{AxisDepth(all)} {}
  DepthSpec(const std::vector<AxisDepth>& list) : axes(list) {}
};
/// What stands outside the array where a block reaches over its edge: `al::none` (nothing: such blocks are smaller), `al::periodic` (the other end),
/// `al::reflect` (the edge mirrored, its first element twice), `al::nearest` (the edge element), or a number. Dask's texts serve too.
struct Boundary {
  std::string kind = "none";
  double value = 0;
  Boundary() = default;
  template <class N>
    requires std::is_arithmetic_v<N>
  Boundary(N constant) : kind("constant"), value(static_cast<double>(constant)) {}
  template <detail::text_like S>
  Boundary(const S& text) : kind(std::string_view(text)) {}
};
inline const Boundary none("none"), periodic("periodic"), reflect("reflect"), nearest("nearest");
/// Per axis, or one for all.
struct BoundarySpec {
  std::vector<Boundary> axes;
  BoundarySpec(std::initializer_list<Boundary> list) : axes(list) {}
  BoundarySpec(const Boundary& all) : axes{all} {}
  template <class N>
    requires std::is_arithmetic_v<N>
  BoundarySpec(N constant) : axes{Boundary(constant)} {}
  template <detail::text_like S>
  BoundarySpec(const S& text) : axes{Boundary(text)} {}
};
struct MapOverlapOptions {
  ASHLAR_OPTIONS;
  DepthSpec depth = 0;
  BoundarySpec boundary = Boundary();
  bool trim = true;           ///< cut the halo off what the function returns; else results are as large as blocks with halos
  bool allow_rechunk = true;  ///< chunks shorter than the depth are joined with their neighbours
  std::string name = {};
};
struct StoreOptions {
  ASHLAR_OPTIONS;
  bool compute = true;
};

}  // namespace ashlar
