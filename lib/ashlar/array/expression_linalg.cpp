// QR and SVD of tall matrices by a tree over the row chunks (TSQR); LU with partial pivoting and Cholesky by panels of whole columns.
//
// A panel is as tall as the matrix, so that pivots are searched in all of it and residuals are LAPACK's; panels are worked on at the same
// time. The factor Q of a chunk is made twice (once for R, once with the tree's answer) and never stored between.

#include "ashlar/array/expression_linalg.hpp"

#include <algorithm>
#include <numeric>

#include "ashlar/array/chunk_grid_detail.hpp"
#include "ashlar/array/contract_detail.hpp"
#include "ashlar/array/expression.hpp"
#include "ashlar/array/index.hpp"
#include "ashlar/array/nodes_detail.hpp"
#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/blas.hpp"

namespace ashlar::expression {

using namespace lowering;

namespace {

/// R factors stacked per task of the tree.
constexpr std::size_t kStacked = 8;

struct Step {
  index_t first, at;
  std::int64_t kind;
};
Bytes closure_of(const Step& step) {
  Writer out;
  out.put(step);
  return out.head();
}
Step step_of(std::span<const std::byte> closure) { return Reader(closure).get<Step>(); }

Block run_r(std::span<const std::byte>, std::vector<Block>& blocks, const BlockInfo&) { return blas::qr_r(blocks[0]); }
Block run_q(std::span<const std::byte>, std::vector<Block>& blocks, const BlockInfo&) { return blas::qr_q(blocks[0], blocks.size() > 1 ? &blocks[1] : nullptr); }
/// U, the singular values as one column, and V' side by side.
Block run_svd(std::span<const std::byte>, std::vector<Block>& blocks, const BlockInfo&) {
  const blas::Svd parts = blas::svd(blocks[0]);
  const index_t n = blocks[0].shape()[0];
  Block packed = Block::allocate(blocks[0].dtype(), Shape{n, 2 * n + 1});
  packed.make_writable();
  const std::vector<index_t> one{1, 1};
  packed.slice(std::vector<index_t>{0, 0}, std::vector<index_t>{n, n}, one).assign(parts.u);
  packed.slice(std::vector<index_t>{0, n}, std::vector<index_t>{n, 1}, one).assign(parts.s.astype(packed.dtype()).reshape(Shape{n, 1}));
  packed.slice(std::vector<index_t>{0, n + 1}, std::vector<index_t>{n, n}, one).assign(parts.vh);
  return packed;
}
Block run_lu_panel(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) { return blas::lu_panel(blocks[0], step_of(closure).first); }
Block run_lu_update(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  return blas::lu_update(std::move(blocks[0]), blocks[1], step_of(closure).first);
}
Block run_triangular(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  const Step step = step_of(closure);
  return blas::triangular_step(std::move(blocks[0]), blocks[1], step.first, static_cast<blas::Triangle>(step.kind));
}
Block run_cholesky_panel(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) {
  return blas::cholesky_panel(blocks[0], step_of(closure).first);
}
Block run_cholesky_update(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo& info) {
  return blas::cholesky_update(std::move(blocks[0]), step_of(closure).at + info.array_location()[1].first, blocks[1]);
}
constinit BlockFunction r_function{"ashlar qr r", &run_r};
constinit BlockFunction q_function{"ashlar qr q", &run_q};
constinit BlockFunction svd_function{"ashlar svd", &run_svd};
constinit BlockFunction lu_panel_function{"ashlar lu panel", &run_lu_panel};
constinit BlockFunction lu_update_function{"ashlar lu update", &run_lu_update};
constinit BlockFunction triangular_function{"ashlar triangular step", &run_triangular};
constinit BlockFunction cholesky_panel_function{"ashlar cholesky panel", &run_cholesky_panel};
constinit BlockFunction cholesky_update_function{"ashlar cholesky update", &run_cholesky_update};

void check_matrix(const ArrayNode& a, const char* what) {
  if (a.ndim() != 2) throw ShapeError(std::string(what) + " needs a matrix, found shape " + to_string(a.shape()));
  if (!a.lengths_known()) throw ShapeError(std::string(what) + " needs known lengths (compute_chunk_sizes() settles them): shape " + to_string(a.shape()));
}
void check_square(const ArrayNode& a, const char* what) {
  check_matrix(a, what);
  if (a.shape()[0] != a.shape()[1]) throw ShapeError(std::string(what) + " needs a square matrix, found shape " + to_string(a.shape()));
}

ArrayPtr columns_of(const ArrayPtr& a, index_t begin, index_t end) { return slice(a, std::vector<Index>{Index(_), Index(range(begin, end))}); }

/// Q = (Q of each chunk) times its rows of `right`.
ArrayPtr q_of(const ArrayPtr& a, const Chunks& chunks, const std::vector<index_t>& ranks, const ArrayPtr& right) {
  const View same = View::identity(2);
  if (!right) return call_blocks({"qr-q", q_function, {}, a->dtype(), chunks, {chunks[0], {ranks.front()}}, {{a, same}}});
  const std::vector<index_t> width{right->shape()[1]};
  return call_blocks({"qr-q", q_function, {}, a->dtype(), chunks, {chunks[0], width}, {{a, same}, {right, same, {ranks, width}}}});
}

}  // namespace

ArrayPtr adjoint(const ArrayPtr& a) {
  const ArrayPtr turned = transpose(a, {});
  return is_complex(a->dtype()) ? elementwise(Op::conjugate, std::vector<Operand>{turned}) : turned;
}

Qr tsqr(const ArrayPtr& a) {
  check_matrix(*a, "tsqr");
  const index_t n = a->shape()[1];
  const Chunks chunks{a->chunks()[0], {n}};
  std::vector<index_t> ranks;
  for (index_t rows : chunks[0]) ranks.push_back(std::min(rows, n));
  const ArrayPtr parts = call_blocks({"qr-r", r_function, {}, a->dtype(), chunks, {ranks, {n}}, {{a, View::identity(2)}}});
  if (ranks.size() == 1) return {q_of(a, chunks, ranks, nullptr), parts};
  std::vector<index_t> stacked;
  for (std::size_t i = 0; i < ranks.size(); i += kStacked)
    stacked.push_back(std::accumulate(ranks.begin() + static_cast<std::ptrdiff_t>(i), ranks.begin() + static_cast<std::ptrdiff_t>(std::min(ranks.size(), i + kStacked)), index_t{0}));
  const Qr rest = tsqr(rechunk(parts, ChunkSpec(Chunks{stacked, {n}}), {}));
  return {q_of(a, chunks, ranks, rest.q), rest.r};
}

Qr sfqr(const ArrayPtr& a) {
  check_matrix(*a, "sfqr");
  const index_t m = a->shape()[0], n = a->shape()[1];
  if (m >= n) return tsqr(rechunk(a, ChunkSpec(Chunks{{m}, {n}}), {}));
  // The first m columns give Q; it turns the others.
  const Qr first = tsqr(rechunk(columns_of(a, 0, m), ChunkSpec(Chunks{{m}, {m}}), {}));
  return {first.q, concatenate({first.r, matmul(adjoint(first.q), columns_of(a, m, n))}, 1)};
}

Qr qr(const ArrayPtr& a) {
  check_matrix(*a, "qr");
  if (a->chunks()[1].size() == 1 || a->shape()[0] >= a->shape()[1]) return tsqr(a);
  return sfqr(rechunk(a, ChunkSpec(Chunks{{a->shape()[0]}, a->chunks()[1]}), {}));
}

SvdArrays svd(const ArrayPtr& a) {
  check_matrix(*a, "svd");
  const index_t n = a->shape()[1];
  if (a->shape()[0] < n) {
    const SvdArrays turned = svd(adjoint(a));
    return {adjoint(turned.v), turned.s, adjoint(turned.u)};
  }
  const Qr factors = tsqr(a);
  const Chunks whole{{n}, {n}};
  const ArrayPtr packed = call_blocks({"svd", svd_function, {}, a->dtype(), whole, {{n}, {2 * n + 1}}, {{factors.r, View::identity(2)}}});
  const DType real = a->dtype() == DType::complex64 ? DType::float32 : a->dtype() == DType::complex128 ? DType::float64 : a->dtype();
  const ArrayPtr values = cast(slice(packed, std::vector<Index>{Index(_), Index(n)}), real);
  return {matmul(factors.q, columns_of(packed, 0, n)), values, columns_of(packed, n + 1, 2 * n + 1)};
}

namespace {

/// A matrix as panels of whole columns, and what is done to panels and to right sides with one of them.
struct Panels {
  index_t n;
  std::vector<index_t> widths, starts;
  explicit Panels(const ArrayNode& a) : n(a.shape()[0]), widths(a.chunks()[1]) {
    index_t at = 0;
    for (index_t w : widths) {
      starts.push_back(at);
      at += w;
    }
  }
  std::size_t count() const { return widths.size(); }

  /// Panel number k of `from`, which begins with panel number `offset`.
  ArrayPtr factor(const BlockFunction& function, const char* name, const ArrayPtr& from, std::size_t offset, std::size_t k, index_t rows) const {
    View view = View::identity(2);
    view.axes[1].start = starts[k] - starts[offset];
    return call_blocks({name, function, closure_of({starts[k], 0, 0}), from->dtype(), {{n}, {widths[k]}}, {{rows}, {widths[k]}}, {{from, view}}});
  }
  /// `function` on the column chunks of `from` from `skip` on, each with the whole of panel `k`.
  ArrayPtr apply(const BlockFunction& function, const char* name, const ArrayPtr& from, const std::vector<index_t>& columns, index_t skip, const ArrayPtr& panel, std::size_t k,
                 std::int64_t kind = 0) const {
    View rest = View::identity(2);
    rest.axes[1].start = skip;
    // Axes 2 and 3 of the tasks are the panel's columns and rows.
    const View whole{{AxisMap{3, 0, 1, nullptr}, AxisMap{2, 0, 1, nullptr}}};
    return call_blocks({name,
                        function,
                        closure_of({starts[k], k + 1 < count() ? starts[k + 1] : n, kind}),
                        from->dtype(),
                        {{n}, columns, {widths[k]}, {panel->shape()[0]}},
                        {{n}, columns},
                        {{from, rest, {}, {0, 1}, true}, {panel, whole, {}, {3, 2}, true}}});
  }
};

struct RightSide {
  ArrayPtr node;
  bool vector;
  RightSide(const ArrayNode& a, const ArrayPtr& b, DType type, const char* what) : node(cast(b, type)), vector(b->ndim() == 1) {
    if (b->ndim() != 1 && b->ndim() != 2) throw ShapeError(std::string(what) + " needs a right side of one or two axes, found shape " + to_string(b->shape()));
    if (!b->lengths_known() || b->shape()[0] != a.shape()[0])
      throw ShapeError(std::string(what) + ": the matrix has shape " + to_string(a.shape()) + ", the right side " + to_string(b->shape()));
    if (vector) node = expand_dims(node, AxisSpec(1));
  }
  ArrayPtr result() const { return vector ? squeeze(node, AxisSpec(1)) : node; }
};

DType solving_type(const ArrayNode& a, const ArrayNode& b) { return true_divide_type(promote(a.dtype(), b.dtype())); }

}  // namespace

namespace {

/// Where the panels of a matrix begin, and which of them is meant.
struct PanelCall {
  std::vector<index_t> starts, widths;
  std::size_t number = 0;
  Bytes encode() const {
    Writer out;
    out.array(starts);
    out.array(widths);
    out.put<std::uint64_t>(number);
    return out.head();
  }
  static PanelCall decode(std::span<const std::byte> closure) {
    Reader in(closure);
    PanelCall call;
    call.starts = in.array<index_t>();
    call.widths = in.array<index_t>();
    call.number = in.get<std::uint64_t>();
    return call;
  }
  /// swap(row, with) for the interchanges of the panels from `panel` on, in order. `rows`: where each pivot came from, counted from its panel's start.
  template <class Swap>
  void interchange(const Block& rows, std::size_t panel, Swap&& swap) const {
    const Block from = (is_complex(rows.dtype()) ? elementwise_now(Op::absolute, std::vector<Operand>{rows}) : rows).astype(DType::int64).contiguous();
    for (; panel < starts.size(); ++panel)
      for (index_t row = starts[panel], end = row + widths[panel]; row < end; ++row)
        if (const index_t with = starts[panel] + from.as<std::int64_t>()[row]; with != row) swap(row, with);
  }
};

/// A panel's part of L (with the interchanges of later panels) or of U.
Block triangle_of_panel(std::span<const std::byte> closure, const Block& panel, const Block* pivots) {
  const PanelCall call = PanelCall::decode(closure);
  const index_t rows = panel.shape()[0], columns = panel.shape()[1], first = call.starts[call.number];
  Block result = Block::allocate(panel.dtype(), panel.shape());
  result.make_writable();
  result.assign(panel);
  visit_dtype(panel.dtype(), [&]<class T>(std::type_identity<T>) {
    T* x = reinterpret_cast<T*>(result.make_writable());
    for (index_t i = 0; i < rows; ++i)
      for (index_t j = 0; j < columns; ++j) {
        T& element = x[i * columns + j];
        if (!pivots) element = i > first + j ? T(0) : element;
        else if (i <= first + j) element = i == first + j ? T(1) : T(0);
      }
    if (pivots) call.interchange(*pivots, call.number + 1, [&](index_t a, index_t b) { std::swap_ranges(x + a * columns, x + (a + 1) * columns, x + b * columns); });
  });
  return result;
}
Block run_lu_lower(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) { return triangle_of_panel(closure, blocks[0], &blocks[1]); }
Block run_lu_upper(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo&) { return triangle_of_panel(closure, blocks[0], nullptr); }
/// Columns of P: row i of P' a is row order[i] of a.
Block run_lu_permutation(std::span<const std::byte> closure, std::vector<Block>& blocks, const BlockInfo& info) {
  std::vector<index_t> order(static_cast<std::size_t>(info.array_location()[0].second));
  std::iota(order.begin(), order.end(), index_t{0});
  PanelCall::decode(closure).interchange(blocks[0], 0, [&](index_t a, index_t b) { std::swap(order[static_cast<std::size_t>(a)], order[static_cast<std::size_t>(b)]); });
  const auto [begin, end] = info.array_location()[1];
  Block result = Block::zeros(blocks[0].dtype(), Shape{static_cast<index_t>(order.size()), end - begin});
  visit_dtype(result.dtype(), [&]<class T>(std::type_identity<T>) {
    T* x = reinterpret_cast<T*>(result.make_writable());
    for (index_t column = begin; column < end; ++column) x[order[static_cast<std::size_t>(column)] * (end - begin) + column - begin] = T(1);
  });
  return result;
}
constinit BlockFunction lu_lower_function{"ashlar lu lower", &run_lu_lower};
constinit BlockFunction lu_upper_function{"ashlar lu upper", &run_lu_upper};
constinit BlockFunction lu_permutation_function{"ashlar lu permutation", &run_lu_permutation};

}  // namespace

LuArrays lu(const ArrayPtr& matrix) {
  check_square(*matrix, "lu");
  ArrayPtr rest = cast(matrix, true_divide_type(matrix->dtype()));
  const DType type = rest->dtype();
  const Panels panels(*rest);
  const index_t n = panels.n;
  std::vector<ArrayPtr> factors, pivot_rows;
  std::size_t begins = 0;
  for (std::size_t k = 0; k < panels.count(); ++k) {
    factors.push_back(panels.factor(lu_panel_function, "lu-panel", rest, begins, k, n + 1));
    pivot_rows.push_back(slice(factors.back(), std::vector<Index>{Index(range(n, n + 1)), Index(_)}));
    if (k + 1 == panels.count()) break;
    const std::vector<index_t> later(panels.widths.begin() + static_cast<std::ptrdiff_t>(k) + 1, panels.widths.end());
    rest = panels.apply(lu_update_function, "lu-update", rest, later, panels.starts[k + 1] - panels.starts[begins], factors.back(), k);
    begins = k + 1;
  }
  const ArrayPtr pivots = concatenate(pivot_rows, 1);
  const View whole{{AxisMap{2, 0, 1, nullptr}, AxisMap{3, 0, 1, nullptr}}};
  std::vector<ArrayPtr> lower, upper;
  for (std::size_t k = 0; k < panels.count(); ++k) {
    const Bytes closure = PanelCall{panels.starts, panels.widths, k}.encode();
    const Chunks chunks{{n}, {panels.widths[k]}};
    const ArrayPtr panel = slice(factors[k], std::vector<Index>{Index(range(0, n)), Index(_)});
    lower.push_back(call_blocks({"lu-lower", lu_lower_function, closure, type, {{n}, {panels.widths[k]}, {1}, {n}}, chunks,
                                 {{panel, View::identity(2), {}, {0, 1}, true}, {pivots, whole, {}, {2, 3}, true}}}));
    upper.push_back(call_blocks({"lu-upper", lu_upper_function, closure, type, chunks, chunks, {{panel, View::identity(2)}}}));
  }
  const ArrayPtr permutation = call_blocks({"lu-permutation", lu_permutation_function, PanelCall{panels.starts, panels.widths, 0}.encode(), type,
                                            {{n}, panels.widths, {1}, {n}}, {{n}, panels.widths}, {{pivots, whole, {}, {2, 3}, true}}});
  return {permutation, concatenate(lower, 1), concatenate(upper, 1)};
}

ArrayPtr solve(const ArrayPtr& matrix, const ArrayPtr& b) {
  check_square(*matrix, "solve");
  const DType type = solving_type(*matrix, *b);
  RightSide right(*matrix, b, type, "solve");
  ArrayPtr rest = cast(matrix, type);
  const Panels panels(*rest);
  const std::vector<index_t> columns = right.node->chunks()[1];
  std::vector<ArrayPtr> factors;
  std::size_t begins = 0;  // the panel that `rest` begins with
  for (std::size_t k = 0; k < panels.count(); ++k) {
    factors.push_back(panels.factor(lu_panel_function, "lu-panel", rest, begins, k, panels.n + 1));
    if (k + 1 < panels.count()) {
      const std::vector<index_t> later(panels.widths.begin() + static_cast<std::ptrdiff_t>(k) + 1, panels.widths.end());
      rest = panels.apply(lu_update_function, "lu-update", rest, later, panels.starts[k + 1] - panels.starts[begins], factors.back(), k);
      begins = k + 1;
    }
    right.node = panels.apply(lu_update_function, "solve-forward", right.node, columns, 0, factors.back(), k);
  }
  for (std::size_t k = panels.count(); k-- > 0;)
    right.node = panels.apply(triangular_function, "solve-back", right.node, columns, 0, factors[k], k, static_cast<std::int64_t>(blas::Triangle::upper));
  return right.result();
}

ArrayPtr solve_triangular(const ArrayPtr& matrix, const ArrayPtr& b, bool lower) {
  check_square(*matrix, "solve_triangular");
  const DType type = solving_type(*matrix, *b);
  RightSide right(*matrix, b, type, "solve_triangular");
  const ArrayPtr a = cast(matrix, type);
  const Panels panels(*a);
  const std::vector<index_t> columns = right.node->chunks()[1];
  for (std::size_t i = 0; i < panels.count(); ++i) {
    const std::size_t k = lower ? i : panels.count() - 1 - i;
    const ArrayPtr panel = rechunk(columns_of(a, panels.starts[k], panels.starts[k] + panels.widths[k]), ChunkSpec(Chunks{{panels.n}, {panels.widths[k]}}), {});
    right.node = panels.apply(triangular_function, "solve-triangular", right.node, columns, 0, panel, k,
                              static_cast<std::int64_t>(lower ? blas::Triangle::lower : blas::Triangle::upper));
  }
  return right.result();
}

ArrayPtr cholesky(const ArrayPtr& matrix, bool lower) {
  check_square(*matrix, "cholesky");
  ArrayPtr rest = cast(matrix, true_divide_type(matrix->dtype()));
  const Panels panels(*rest);
  std::vector<ArrayPtr> factors;
  std::size_t begins = 0;
  for (std::size_t k = 0; k < panels.count(); ++k) {
    factors.push_back(panels.factor(cholesky_panel_function, "cholesky-panel", rest, begins, k, panels.n));
    if (k + 1 == panels.count()) break;
    const std::vector<index_t> later(panels.widths.begin() + static_cast<std::ptrdiff_t>(k) + 1, panels.widths.end());
    rest = panels.apply(cholesky_update_function, "cholesky-update", rest, later, panels.starts[k + 1] - panels.starts[begins], factors.back(), k);
    begins = k + 1;
  }
  const ArrayPtr result = concatenate(factors, 1);
  return lower ? result : adjoint(result);
}

}  // namespace ashlar::expression
