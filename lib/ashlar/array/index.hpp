#pragma once
// What may stand between the parentheses of `x(...)`.

#include <concepts>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ashlar/array/array_node.hpp"
#include "ashlar/array/array_types.hpp"
#include "ashlar/ndarray/slice.hpp"

namespace ashlar {

struct ReduceOptions;
struct FullOptions;
struct KeptOptions;

/// As an index the whole axis; called, NumPy's all().
struct all_t {
  operator Range() const { return {}; }
  template <detail::array_like A>
  auto operator()(const A& a) const;
  template <detail::array_like A>
  auto operator()(const A& a, const FullOptions& options) const;
  template <detail::array_like A>
  auto operator()(const A& a, const ReduceOptions& options) const;
  template <detail::array_like A>
  auto operator()(const A& a, const KeptOptions& options) const;
};
inline constexpr all_t all{};

/// One index: an integer, a range, `all`, `ellipsis`, `newaxis`, a list of integers, a boolean array, or text in NumPy's form for one
/// or more axes ("::-1, 2:10").
class Index {
 public:
  struct Mask {
    ArrayPtr node;
  };
  template <detail::integer I>
  Index(I i) : v(BasicIndex(i)) {}
  Index(const Range& range) : v(BasicIndex(range)) {}
  Index(all_t) : v(BasicIndex(Range{})) {}
  Index(ellipsis_t e) : v(BasicIndex(e)) {}
  Index(newaxis_t n) : v(BasicIndex(n)) {}
  Index(open_t) : v(BasicIndex(Range{})) {}
  Index(std::initializer_list<Dim> list);
  template <detail::integer I>
  Index(const std::vector<I>& list) : v(std::vector<index_t>(list.begin(), list.end())) {}
  Index(const Array<bool>& mask);
  Index(const NDArray<bool>& mask);
  template <detail::text_like S>
  Index(const S& text) : v(BasicIndex(text)) {}

  std::variant<BasicIndex, std::vector<index_t>, Mask, NDArray<bool>> v;
};

/// Several indices: `{range(0, 2), all}`, or one alone.
struct Slices {
  std::vector<Index> v;
  Slices(std::initializer_list<Index> list) : v(list) {}
  template <class T>
    requires std::constructible_from<Index, const T&>
  Slices(const T& index) : v{Index(index)} {}
};

}  // namespace ashlar
