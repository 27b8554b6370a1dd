#pragma once
// Products of arrays and linear algebra: NumPy's dot, matmul, tensordot, einsum, and `al::linalg`.
//
// Types     results have the promoted type; factorisations of integers compute in float64.
// Errors    ShapeError for shapes that do not fit, ValueError "singular matrix…" from the task that finds it, NotImplementedError where
//           OpenBLAS (Debian: libopenblas0) is not installed.
// Cost      BLAS and LAPACK per chunk, on one thread each; nothing is gathered but the panels and triangles that a line says.

#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>
#include <tuple>

#include "ashlar/array/expression_linalg.hpp"
#include "ashlar/array/reductions.hpp"

namespace ashlar {
namespace detail {
template <class A, class B>
using product_of = Array<type_of<promote_types(dtype_of<A>, dtype_of<B>)>>;
}  // namespace detail

/// Matrices in the last two axes, the others broadcast; an array of one axis is a row on the left and a column on the right.
template <class A, class B>
detail::product_of<A, B> matmul(const Array<A>& a, const Array<B>& b) {
  return detail::product_of<A, B>(expression::matmul(a.node(), b.node()));
}
/// Sums over the last axis of `a` and the last but one of `b`.
template <class A, class B>
detail::product_of<A, B> dot(const Array<A>& a, const Array<B>& b) {
  return detail::product_of<A, B>(expression::dot(a.node(), b.node()));
}
template <class T>
template <class B>
auto Array<T>::dot(const Array<B>& b) const {
  return ashlar::dot(*this, b);
}
/// The dot product of all elements, those of `a` conjugated.
template <class A, class B>
auto vdot(const Array<A>& a, const Array<B>& b) {
  return dot(conjugate(a).ravel(), b.ravel());
}
/// Every element of `a` with every one of `b`.
template <class A, class B>
detail::product_of<A, B> outer(const Array<A>& a, const Array<B>& b) {
  return a.ravel().reshape({a.size(), 1}) * b.ravel().reshape({1, b.size()});
}

/// Which axes tensordot sums over: the last ones of the first array and the first ones of the second, or lists for both.
struct TensordotAxes {
  AxisSpec a = std::vector<int>{}, b = std::vector<int>{};
  index_t count = -1;
  template <detail::integer I>
  TensordotAxes(I n) : count(static_cast<index_t>(n)) {}
  TensordotAxes(AxisSpec of_a, AxisSpec of_b) : a(std::move(of_a)), b(std::move(of_b)) {}
};
struct TensordotOptions {
  ASHLAR_OPTIONS;
  TensordotAxes axes = 2;
};
/// Example   al::tensordot(x, y, {.axes = 1})   al::tensordot(x, y, {.axes = {{0, 1}, {1, 0}}})
template <class A, class B>
detail::product_of<A, B> tensordot(const Array<A>& a, const Array<B>& b, const TensordotOptions& options = {}) {
  AxisSpec over_a = options.axes.a, over_b = options.axes.b;
  if (options.axes.count >= 0) {
    if (options.axes.count > a.ndim() || options.axes.count > b.ndim())
      throw ValueError("tensordot sums over more axes than the arrays have: " + std::to_string(options.axes.count) + " of " + std::to_string(a.ndim()) + " and " +
                       std::to_string(b.ndim()));
    std::vector<int> last, first;
    for (int i = 0; i < static_cast<int>(options.axes.count); ++i) {
      last.push_back(a.ndim() - static_cast<int>(options.axes.count) + i);
      first.push_back(i);
    }
    over_a = AxisSpec(last);
    over_b = AxisSpec(first);
  }
  over_a.every = over_b.every = false;
  return detail::product_of<A, B>(expression::tensordot(a.node(), b.node(), over_a, over_b));
}

/// Einstein's sums, with ellipses and repeated letters; several arrays are contracted from left to right.
/// Errors    ValueError for subscripts that do not fit the arrays.
/// Example   al::einsum("ij,jk->ik", a, b)   al::einsum("ii", a)   al::einsum("...ij->...ji", a)
template <class... A>
  requires(sizeof...(A) > 0 && (detail::array<A> && ...))
auto einsum(const std::string& subscripts, const A&... arrays) {
  return Array<detail::type_of<detail::promoted_type<A...>()>>(expression::einsum(subscripts, {arrays.node()...}));
}

struct DiagonalOptions {
  ASHLAR_OPTIONS;
  index_t offset = 0;
  int axis1 = 0;
  int axis2 = 1;
};
/// Elements whose positions on two axes differ by `offset`; their axis comes last. Only chunks that hold some are read.
template <class T>
Array<T> diagonal(const Array<T>& x, const DiagonalOptions& options = {}) {
  return Array<T>(expression::diagonal(x.node(), options.offset, options.axis1, options.axis2));
}
template <class T>
auto trace(const Array<T>& x, const DiagonalOptions& options = {}) {
  return sum(diagonal(x, options), {.axis = -1});
}

namespace linalg {

namespace detail {
template <class T>
using solved = ashlar::detail::quotient<T>;
template <class T>
Array<solved<T>> floating(const Array<T>& a) {
  return a.template astype<solved<T>>();
}
template <class T>
using magnitude = ashlar::detail::real_quotient<T>;
}  // namespace detail

/// a = q r with q's columns orthonormal and r upper triangular (NumPy's "reduced"). Tall matrices: a tree over row chunks; each keeps its chunk
/// and one of all columns in memory. Wide ones: the first columns give q.
template <class T>
auto qr(const Array<T>& a) {
  const auto f = expression::qr(detail::floating(a).node());
  return std::tuple{Array<detail::solved<T>>(f.q), Array<detail::solved<T>>(f.r)};
}
template <class T>
auto tsqr(const Array<T>& a) {
  const auto f = expression::tsqr(detail::floating(a).node());
  return std::tuple{Array<detail::solved<T>>(f.q), Array<detail::solved<T>>(f.r)};
}
template <class T>
auto sfqr(const Array<T>& a) {
  const auto f = expression::sfqr(detail::floating(a).node());
  return std::tuple{Array<detail::solved<T>>(f.q), Array<detail::solved<T>>(f.r)};
}
/// u, s, vh with a = u diag(s) vh, s descending (full_matrices = false). The short side fits into one chunk: its square is decomposed by one task.
template <class T>
auto svd(const Array<T>& a) {
  const auto f = expression::svd(detail::floating(a).node());
  return std::tuple{Array<detail::solved<T>>(f.u), Array<detail::magnitude<T>>(f.s), Array<detail::solved<T>>(f.v)};
}
/// p, l, u with a = p l u: a permutation, unit lower and upper triangles, by partial pivoting in all of a column, in chunks of whole columns.
/// Errors    from a task, ValueError for a singular matrix.
template <class T>
auto lu(const Array<T>& a) {
  const auto f = expression::lu(a.node());
  return std::tuple{Array<detail::solved<T>>(f.p), Array<detail::solved<T>>(f.l), Array<detail::solved<T>>(f.u)};
}
/// x with a x = b, by LU with partial pivoting on panels of whole columns.
template <class T, class U>
auto solve(const Array<T>& a, const Array<U>& b) {
  return Array<detail::solved<typename ashlar::detail::product_of<T, U>::value_type>>(expression::solve(a.node(), b.node()));
}
struct TriangularOptions {
  ASHLAR_OPTIONS;
  bool lower = false;
};
/// x with a x = b, where only one triangle of `a` is looked at.
template <class T, class U>
auto solve_triangular(const Array<T>& a, const Array<U>& b, const TriangularOptions& options = {}) {
  return Array<detail::solved<typename ashlar::detail::product_of<T, U>::value_type>>(expression::solve_triangular(a.node(), b.node(), options.lower));
}
/// The upper factor u with a = u' u, as Dask gives it, or with `.lower` its conjugate transpose. Only the lower triangle of `a` is looked at.
template <class T>
auto cholesky(const Array<T>& a, const TriangularOptions& options = {}) {
  return Array<detail::solved<T>>(expression::cholesky(detail::floating(a).node(), options.lower));
}
/// The x that makes |a x - b| smallest, for a tall `a` of full column rank, by QR; and NumPy's others: the sums of squares that are left, per column of b;
/// the rank, and the singular values of `a`.
/// Errors    ShapeError where `a` has fewer rows than columns or b does not fit; from a task, ValueError where the columns depend on one another exactly.
template <class T, class U>
auto lstsq(const Array<T>& a, const Array<U>& b) {
  using R = detail::solved<typename ashlar::detail::product_of<T, U>::value_type>;
  using M = detail::magnitude<R>;
  if (a.ndim() != 2 || a.shape()[0] < a.shape()[1]) throw ShapeError("lstsq needs a matrix with at least as many rows as columns, found shape " + to_string(a.shape()));
  const auto af = a.template astype<R>();
  const auto bf = b.template astype<R>();
  const auto [q, r] = qr(af);
  const Array<R> x = solve_triangular(r, matmul(Array<R>(expression::adjoint(q.node())), bf));
  const Array<M> left = sum(square(absolute(bf - matmul(af, x))), {.axis = 0, .keepdims = b.ndim() == 1});
  const Array<M> s = std::get<1>(svd(r));
  const auto least = max(s) * static_cast<M>(std::numeric_limits<M>::epsilon() * static_cast<M>(a.shape()[0]));
  return std::tuple{x, left, sum(s > least), s};
}
template <class T>
auto inv(const Array<T>& a) {
  if (a.ndim() != 2) throw ShapeError("inv needs a matrix, found shape " + to_string(a.shape()));
  return solve(a, Array<detail::solved<T>>(expression::eye(a.shape()[0], a.shape()[0], 0, dtype_of<detail::solved<T>>, {.chunks = Chunks{a.chunks()[1], a.chunks()[1]}})));
}

/// Which norm: a number, or "fro", "nuc", "inf", "-inf".
struct NormOrder {
  double number = 2;
  std::string name = "default";
  NormOrder() = default;
  template <class N>
    requires std::is_arithmetic_v<N>
  NormOrder(N n) : number(static_cast<double>(n)), name() {}
  template <ashlar::detail::text_like S>
  NormOrder(const S& s) : name(std::string_view(s)) {
    if (name == "inf" || name == "-inf") {
      number = name == "inf" ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
      name.clear();
    }
  }
};
struct NormOptions {
  ASHLAR_OPTIONS;
  NormOrder ord = {};
  AxisSpec axis = {};
  bool keepdims = false;
};
/// NumPy's norms of vectors (one axis) and matrices (two): by default the root of the sum of all squares.
/// Errors    ValueError for an order that does not exist.
template <class T>
Array<detail::magnitude<T>> norm(const Array<T>& x, const NormOptions& options = {}) {
  using R = detail::magnitude<T>;
  const auto values = absolute(detail::floating(x));
  const std::vector<int> axes = normalize_axes(options.axis, x.ndim());
  const ReduceOptions along{.axis = axes, .keepdims = options.keepdims};
  const std::string& name = options.ord.name;
  const double p = options.ord.number;
  if (name == "default" || (name == "fro" && axes.size() == 2)) return Array<R>(sqrt(sum(square(values), along)));
  if (axes.size() == 1 && name.empty()) {
    if (std::isinf(p)) return p > 0 ? max(values, along) : min(values, along);
    if (p == 0) return sum(values != 0, along).template astype<R>();
    if (p == 1) return sum(values, along);
    if (p == 2) return sqrt(sum(square(values), along));
    return power(sum(power(values, p), along), 1 / p);
  }
  if (axes.size() != 2) throw ValueError("a norm of this order is of one axis or two, found " + std::to_string(axes.size()));
  const auto of_sums = [&](int summed, int other, bool largest) {
    const auto sums = sum(values, ReduceOptions{.axis = axes[static_cast<std::size_t>(summed)], .keepdims = true});
    const ReduceOptions rest{.axis = axes[static_cast<std::size_t>(other)], .keepdims = true};
    const Array<R> result = largest ? max(sums, rest) : min(sums, rest);
    return options.keepdims ? result : result.squeeze(axes);
  };
  if (name.empty() && std::fabs(p) == 1) return of_sums(0, 1, p > 0);
  if (name.empty() && std::isinf(p)) return of_sums(1, 0, p > 0);
  if (x.ndim() == 2 && (name == "nuc" || (name.empty() && std::fabs(p) == 2))) {
    const Array<R> s = std::get<1>(svd(x));
    const Array<R> result = name == "nuc" ? sum(s, {.axis = 0}) : p > 0 ? max(s, {.axis = 0}) : min(s, {.axis = 0});
    return options.keepdims ? result.reshape({1, 1}) : result;
  }
  throw ValueError("no such norm of a matrix: " + (name.empty() ? std::to_string(p) : name));
}

}  // namespace linalg
}  // namespace ashlar
