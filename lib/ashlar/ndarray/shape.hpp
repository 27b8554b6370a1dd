#pragma once
// Lengths per axis, and the spellings of shapes, chunks and axes that the public interface takes.

#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <string>
#include <variant>
#include <vector>

#include "ashlar/base/options.hpp"

namespace ashlar {

using index_t = std::int64_t;

/// The length of an axis that is known only after computing (boolean selection).
inline constexpr index_t unknown = -1;

struct Dim {  // takes int, long, size_t, unsigned… inside braces without a narrowing error
  index_t v;
  template <detail::integer I>
  constexpr Dim(I i) : v(static_cast<index_t>(i)) {}
};

/// Length per axis; no axes: a 0-d array with one element.
struct Shape {
  std::vector<index_t> v;
  Shape() = default;
  Shape(std::initializer_list<Dim> l) {
    for (auto d : l) v.push_back(d.v);
  }
  template <detail::integer I>
  Shape(I n) : v{static_cast<index_t>(n)} {}
  template <detail::integer I>
  Shape(const std::vector<I>& s) : v(s.begin(), s.end()) {}

  std::size_t size() const { return v.size(); }
  int ndim() const { return static_cast<int>(v.size()); }
  index_t operator[](std::size_t i) const { return v[i]; }
  index_t& operator[](std::size_t i) { return v[i]; }
  auto begin() const { return v.begin(); }
  auto end() const { return v.end(); }
  /// Number of elements: the product of the lengths, 1 for 0-d; `unknown` when a length is; the largest index_t when it is more.
  index_t elements() const {
    index_t n = 1;
    bool all_known = true;
    for (index_t d : v) {
      if (d == 0) return 0;
      if (d < 0) all_known = false;
      else if (__builtin_mul_overflow(n, d, &n)) n = INT64_MAX;
    }
    return all_known ? n : unknown;
  }
  friend bool operator==(const Shape&, const Shape&) = default;
};
/// "(200000, 4000)", "(5,)", "()": as Python prints a tuple; unknown lengths as "nan".
std::string to_string(const Shape& shape);
std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// Chunk sizes per axis; on every axis they add up to its length.
using Chunks = std::vector<std::vector<index_t>>;
std::string to_string(const Chunks& chunks);

/// Chunks of one axis as written by the user: a size, the sizes one by one, "auto", -1 (the whole axis).
struct AxisChunks {
  std::variant<index_t, std::vector<index_t>, std::string> v;
  template <detail::integer I>
  AxisChunks(I n) : v(static_cast<index_t>(n)) {}
  AxisChunks(std::initializer_list<Dim> l) : v(std::vector<index_t>{}) {
    for (auto d : l) std::get<1>(v).push_back(d.v);
  }
  template <detail::integer I>
  AxisChunks(const std::vector<I>& s) : v(std::vector<index_t>(s.begin(), s.end())) {}
  template <detail::text_like S>
  AxisChunks(const S& s) : v(std::string(std::string_view(s))) {}
};
/// Chunks of an array as written by the user; empty: "auto".
struct ChunkSpec {
  std::vector<AxisChunks> axes;
  ChunkSpec() = default;
  ChunkSpec(std::initializer_list<AxisChunks> l) : axes(l) {}
  template <detail::integer I>
  ChunkSpec(I n) : axes{AxisChunks(n)} {}
  template <detail::text_like S>
  ChunkSpec(const S& s) : axes{AxisChunks(s)} {}
  template <detail::integer I>
  ChunkSpec(const std::vector<I>& s) {
    for (auto n : s) axes.emplace_back(n);
  }
  template <detail::integer I>
  ChunkSpec(const std::vector<std::vector<I>>& s) {
    for (const auto& n : s) axes.emplace_back(n);
  }
};
/// Some axes, or all of them (default).
struct AxisSpec {
  bool every = true;
  std::vector<index_t> v;
  AxisSpec() = default;
  template <detail::integer I>
  AxisSpec(I n) : every(false), v{static_cast<index_t>(n)} {}
  AxisSpec(std::initializer_list<Dim> l) : every(false) {
    for (auto d : l) v.push_back(d.v);
  }
  template <detail::integer I>
  AxisSpec(const std::vector<I>& s) : every(false), v(s.begin(), s.end()) {}
};

/// The sizes a user's spelling means for an array of `shape` with elements of `itemsize` bytes. "auto" axes share a
/// target of 128 MiB a chunk and depend on shape and itemsize only.
/// Errors    ValueError / ShapeError: "chunks do not add up to the axis length: axis 1, chunks 90, length 100".
/// Source    Dask's normalize_chunks.
Chunks normalize_chunks(const ChunkSpec& spec, const Shape& shape, std::int64_t itemsize);

/// The shape two shapes broadcast to. ShapeError: "shapes (3, 4) and (5,) do not broadcast: axis 1 has lengths 4 and 5".
Shape broadcast_shapes(const Shape& a, const Shape& b);

/// The shape a reshape gives: one length may be -1 and follows from the others.
/// Errors    ShapeError when the numbers of elements differ, ValueError for a second -1.
Shape resolve_reshape(const Shape& from, const Shape& wanted);

/// Axis numbers in [0, ndim), negative ones counted from the end; IndexError names axis and ndim, ValueError a duplicate.
std::vector<int> normalize_axes(const AxisSpec& axes, int ndim);

}  // namespace ashlar
