#include "ashlar/ndarray/blas.hpp"

#include <sched.h>

#include <algorithm>
#include <array>
#include <climits>
#include <complex>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/kernels_element_detail.hpp"
#include "ashlar/ndarray/program.hpp"
#include "ashlar/ndarray/shared_library.hpp"

namespace ashlar::blas {
namespace {

const char* core_for_targets() {
  const std::string name = simd_target_name();
  if (name.starts_with("AVX3")) return "SkylakeX";
  if (name == "AVX2") return "Haswell";
  return "Nehalem";
}

// The variable is put in place before main, when there are no other threads that read the environment; later only its value changes.
char core_variable[] = "OPENBLAS_CORETYPE=Nehalem.";
constexpr std::size_t core_value = sizeof "OPENBLAS_CORETYPE=" - 1;
bool ours = false;
void write_core(const char* core) {
  std::memset(core_variable + core_value, 0, sizeof core_variable - core_value);
  std::memcpy(core_variable + core_value, core, std::strlen(core));
}
[[gnu::constructor]] void place_core_variable() {
#if defined(__x86_64__)
  if (std::getenv("OPENBLAS_CORETYPE")) return;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    write_core("SkylakeX");
  else write_core(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? "Haswell" : "Nehalem");
  ours = putenv(core_variable) == 0;
#endif
}

const SharedLibrary& library() {
  static const SharedLibrary openblas({"libopenblas.so.0", "libopenblas.so"}, "libopenblas0");
  static std::once_flag once;
  std::call_once(once, [] {
    if (ours) write_core(core_for_targets());
    // OpenBLAS starts a thread per processor it may use as soon as it is loaded, and none where it sees a single one.
    cpu_set_t before, one;
    const bool narrowed = sched_getaffinity(0, sizeof before, &before) == 0;
    if (narrowed) {
      CPU_ZERO(&one);
      for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &before)) {
          CPU_SET(cpu, &one);
          break;
        }
      sched_setaffinity(0, sizeof one, &one);
    }
    const bool loaded = openblas.available();
    if (narrowed) sched_setaffinity(0, sizeof before, &before);
    if (loaded) reinterpret_cast<void (*)(int)>(openblas.symbol("openblas_set_num_threads"))(1);
  });
  return openblas;
}

int small(index_t n) {
  if (n > INT_MAX) throw NotImplementedError("a matrix of a chunk is limited to 2^31 - 1 rows and columns, found " + std::to_string(n) + "; use smaller chunks");
  return static_cast<int>(n);
}
int leading(index_t n) { return std::max(1, small(n)); }

// Fortran's calling convention: everything by address, lengths of texts at the end.
template <class T>
struct Fortran {
  static constexpr bool cplx = kernels::is_cplx<T>;
  static constexpr char letter = std::is_same_v<T, float> ? 's' : std::is_same_v<T, double> ? 'd' : std::is_same_v<T, std::complex<float>> ? 'c' : 'z';
  using Part = decltype(std::abs(T()));
  /// `name` without its first letter; "or" of real routines is "un" of complex ones.
  static void* find(std::string name) {
    if (cplx && name.starts_with("or")) name.replace(0, 2, "un");
    return library().symbol((letter + name + "_").c_str());
  }

  static void gemm(char ta, char tb, int m, int n, int k, T alpha, const T* a, int lda, const T* b, int ldb, T beta, T* c, int ldc) {
    using F = void (*)(const char*, const char*, const int*, const int*, const int*, const T*, const T*, const int*, const T*, const int*, const T*, T*, const int*,
                       std::size_t, std::size_t);
    static const auto f = reinterpret_cast<F>(find("gemm"));
    f(&ta, &tb, &m, &n, &k, &alpha, a, &lda, b, &ldb, &beta, c, &ldc, 1, 1);
  }
  static void trsm(char side, char uplo, char trans, char diag, int m, int n, const T* a, int lda, T* b, int ldb) {
    using F = void (*)(const char*, const char*, const char*, const char*, const int*, const int*, const T*, const T*, const int*, T*, const int*, std::size_t,
                       std::size_t, std::size_t, std::size_t);
    static const auto f = reinterpret_cast<F>(find("trsm"));
    const T one(1);
    f(&side, &uplo, &trans, &diag, &m, &n, &one, a, &lda, b, &ldb, 1, 1, 1, 1);
  }
  static int geqrf(int m, int n, T* a, int lda, T* tau) {
    using F = void (*)(const int*, const int*, T*, const int*, T*, T*, const int*, int*);
    static const auto f = reinterpret_cast<F>(find("geqrf"));
    return with_work([&](T* work, int size, int* info) { f(&m, &n, a, &lda, tau, work, &size, info); });
  }
  static int orgqr(int m, int n, int k, T* a, int lda, const T* tau) {
    using F = void (*)(const int*, const int*, const int*, T*, const int*, const T*, T*, const int*, int*);
    static const auto f = reinterpret_cast<F>(find("orgqr"));
    return with_work([&](T* work, int size, int* info) { f(&m, &n, &k, a, &lda, tau, work, &size, info); });
  }
  static int ormqr(int m, int n, int k, const T* a, int lda, const T* tau, T* c, int ldc) {
    using F = void (*)(const char*, const char*, const int*, const int*, const int*, const T*, const int*, const T*, T*, const int*, T*, const int*, int*, std::size_t,
                       std::size_t);
    static const auto f = reinterpret_cast<F>(find("ormqr"));
    const char side = 'L', trans = 'N';
    return with_work([&](T* work, int size, int* info) { f(&side, &trans, &m, &n, &k, a, &lda, tau, c, &ldc, work, &size, info, 1, 1); });
  }
  static int gesdd(int m, int n, T* a, Part* s, T* u, T* vt) {
    const int k = std::min(m, n), lda = std::max(1, m), ldvt = std::max(1, k);
    std::vector<int> integers(static_cast<std::size_t>(8 * std::max(k, 1)));
    const char job = 'S';
    if constexpr (cplx) {
      using F = void (*)(const char*, const int*, const int*, T*, const int*, Part*, T*, const int*, T*, const int*, T*, const int*, Part*, int*, int*, std::size_t);
      static const auto f = reinterpret_cast<F>(find("gesdd"));
      const auto most = static_cast<std::size_t>(std::max(m, n)), least = static_cast<std::size_t>(std::max(k, 1));
      std::vector<Part> reals(std::max(5 * least * least + 7 * least, 2 * most * least + 2 * least * least + least));
      return with_work([&](T* work, int size, int* info) { f(&job, &m, &n, a, &lda, s, u, &lda, vt, &ldvt, work, &size, reals.data(), integers.data(), info, 1); });
    } else {
      using F = void (*)(const char*, const int*, const int*, T*, const int*, Part*, T*, const int*, T*, const int*, T*, const int*, int*, int*, std::size_t);
      static const auto f = reinterpret_cast<F>(find("gesdd"));
      return with_work([&](T* work, int size, int* info) { f(&job, &m, &n, a, &lda, s, u, &lda, vt, &ldvt, work, &size, integers.data(), info, 1); });
    }
  }
  static int getrf(int m, int n, T* a, int lda, int* pivots) {
    using F = void (*)(const int*, const int*, T*, const int*, int*, int*);
    static const auto f = reinterpret_cast<F>(find("getrf"));
    int info = 0;
    f(&m, &n, a, &lda, pivots, &info);
    return info;
  }
  static int potrf(int n, T* a, int lda) {
    using F = void (*)(const char*, const int*, T*, const int*, int*, std::size_t);
    static const auto f = reinterpret_cast<F>(find("potrf"));
    const char uplo = 'L';
    int info = 0;
    f(&uplo, &n, a, &lda, &info, 1);
    return info;
  }

 private:
  /// LAPACK's two calls: how much memory, then the work.
  template <class Call>
  static int with_work(Call&& call) {
    int info = 0;
    T size(0);
    call(&size, -1, &info);
    if (info != 0) return info;
    std::vector<T> work(static_cast<std::size_t>(std::max(1.0, static_cast<double>(std::real(size)) + 1)));
    call(work.data(), small(static_cast<index_t>(work.size())), &info);
    return info;
  }
};

template <class F>
auto visit(DType type, F&& f) {
  switch (type) {
    case DType::float32: return f(std::type_identity<float>{});
    case DType::float64: return f(std::type_identity<double>{});
    case DType::complex64: return f(std::type_identity<std::complex<float>>{});
    case DType::complex128: return f(std::type_identity<std::complex<double>>{});
    default: throw TypeError("linear algebra needs floating point or complex elements, found " + std::string(dtype_name(type)));
  }
}

/// Column-major memory of its own with the elements of a matrix.
template <class T>
struct Columns {
  Block block;  // (columns, rows)
  int rows, columns;
  T* data;
  explicit Columns(Block matrix) : rows(small(matrix.shape()[0])), columns(small(matrix.shape()[1])) {
    constexpr std::array<int, 2> turned{1, 0};
    Block view = matrix.transpose(turned);
    matrix = Block();  // so that a matrix nobody else holds is changed in place
    block = std::move(view);
    data = reinterpret_cast<T*>(block.make_writable());
  }
  Columns(DType type, index_t r, index_t c) : block(Block::allocate(type, Shape{c, r})), rows(small(r)), columns(small(c)) {
    data = reinterpret_cast<T*>(block.make_writable());
  }
  T& at(index_t row, index_t column) { return data[column * rows + row]; }
  Block matrix() const {
    constexpr std::array<int, 2> turned{1, 0};
    return block.transpose(turned);
  }
};
/// To read only: column-major memory of a matrix, copied where it has to be.
template <class T>
struct ReadColumns {
  Block block;
  int rows, columns;
  const T* data;
  explicit ReadColumns(const Block& matrix) : rows(small(matrix.shape()[0])), columns(small(matrix.shape()[1])) {
    constexpr std::array<int, 2> turned{1, 0};
    block = matrix.transpose(turned).contiguous();
    data = block.as<T>();
  }
};

template <class T>
void plain_product(const Matrix& a, const Matrix& b, T* c, index_t ldc) {
  const T *x = static_cast<const T*>(a.data), *y = static_cast<const T*>(b.data);
  for (index_t i = 0; i < a.rows; ++i)
    for (index_t k = 0; k < a.columns; ++k) {
      const T factor = x[i * a.row_stride + k * a.column_stride];
      const T* from = y + k * b.row_stride;
      T* to = c + i * ldc;
      for (index_t j = 0; j < b.columns; ++j)
        to[j] = kernels::element::add::of<T>(to[j], kernels::element::multiply::of<T>(factor, from[j * b.column_stride]));
    }
}

/// As Fortran sees the transposed of `m`: a letter and the distance of its columns.
struct Turned {
  char how;
  int leading;
};
Turned turned(const Matrix& m) {
  if (m.column_stride == 1 || m.columns <= 1) return {'N', leading(std::max(m.rows > 1 ? m.row_stride : m.columns, m.columns))};
  return {'T', leading(std::max(m.columns > 1 ? m.column_stride : m.rows, m.rows))};
}

/// Up to so many products OpenBLAS has kernels of their own for AVX-512, one for each combination of transposed operands, and each adds in an order of
/// its own. Whether an operand is transposed in memory depends on the way it came (a view here, packed when sent), so there are no transposed ones of
/// that size.
constexpr double own_kernels_max = 1e6;

/// `m` with rows that are dense, copied to `memory` where they are not.
template <class T>
Matrix dense_rows(const Matrix& m, std::vector<T>& memory) {
  if (m.column_stride == 1 || m.columns <= 1) return m;
  memory.resize(static_cast<std::size_t>(m.rows * m.columns));
  const T* from = static_cast<const T*>(m.data);
  for (index_t i = 0; i < m.rows; ++i)
    for (index_t j = 0; j < m.columns; ++j) memory[static_cast<std::size_t>(i * m.columns + j)] = from[i * m.row_stride + j * m.column_stride];
  return {memory.data(), m.rows, m.columns, m.columns, 1};
}

}  // namespace

bool fits(const Matrix& m) {
  const auto dense = [](index_t inner_stride, index_t inner, index_t outer_stride, index_t outer) {
    return (inner_stride == 1 || inner <= 1) && (outer <= 1 || outer_stride >= std::max<index_t>(inner, 1));
  };
  return dense(m.column_stride, m.columns, m.row_stride, m.rows) || (m.columns > 1 && dense(m.row_stride, m.rows, m.column_stride, m.columns));
}

void multiply_add(DType type, const Matrix& a, const Matrix& b, void* c, index_t ldc) {
  if (a.rows == 0 || b.columns == 0 || a.columns == 0) return;
  if (!is_floating(type) && !is_complex(type)) {
    visit_dtype(type, [&]<class T>(std::type_identity<T>) {
      if constexpr (std::is_integral_v<T>) plain_product<T>(a, b, static_cast<T*>(c), ldc);
    });
    return;
  }
  visit(type, [&]<class T>(std::type_identity<T>) {
    // Our matrices are in C order: their transposed are Fortran's, and (a b)' = b' a'.
    const bool few = static_cast<double>(a.rows) * static_cast<double>(a.columns) * static_cast<double>(b.columns) <= own_kernels_max;
    std::vector<T> rows_of_a, rows_of_b;
    const Matrix x = few ? dense_rows(a, rows_of_a) : a, y = few ? dense_rows(b, rows_of_b) : b;
    const Turned left = turned(y), right = turned(x);
    Fortran<T>::gemm(left.how, right.how, small(b.columns), small(a.rows), small(a.columns), T(1), static_cast<const T*>(y.data), left.leading,
                     static_cast<const T*>(x.data), right.leading, T(1), static_cast<T*>(c), leading(std::max(ldc, b.columns)));
  });
}

std::string core_name() { return reinterpret_cast<const char* (*)()>(library().symbol("openblas_get_corename"))(); }
bool available() { return library().available(); }

Block qr_r(const Block& a) {
  return visit(a.dtype(), [&]<class T>(std::type_identity<T>) {
    Columns<T> m(a);
    const int k = std::min(m.rows, m.columns);
    std::vector<T> tau(static_cast<std::size_t>(std::max(k, 1)));
    if (k > 0) Fortran<T>::geqrf(m.rows, m.columns, m.data, leading(m.rows), tau.data());
    Block r = Block::zeros(a.dtype(), Shape{k, m.columns});
    T* to = reinterpret_cast<T*>(r.make_writable());
    for (index_t i = 0; i < k; ++i)
      for (index_t j = i; j < m.columns; ++j) to[i * m.columns + j] = m.at(i, j);
    return r;
  });
}

Block qr_q(const Block& a, const Block* right) {
  return visit(a.dtype(), [&]<class T>(std::type_identity<T>) {
    Columns<T> m(a);
    const int k = std::min(m.rows, m.columns);
    std::vector<T> tau(static_cast<std::size_t>(std::max(k, 1)));
    if (k > 0) Fortran<T>::geqrf(m.rows, m.columns, m.data, leading(m.rows), tau.data());
    if (!right) {
      Columns<T> q(a.dtype(), m.rows, k);
      std::copy_n(m.data, static_cast<std::size_t>(m.rows) * static_cast<std::size_t>(k), q.data);
      if (k > 0) Fortran<T>::orgqr(m.rows, k, k, q.data, leading(m.rows), tau.data());
      return q.matrix();
    }
    const ReadColumns<T> factor(*right);
    Columns<T> q(a.dtype(), m.rows, factor.columns);
    std::fill_n(q.data, static_cast<std::size_t>(q.rows) * static_cast<std::size_t>(q.columns), T(0));
    for (int j = 0; j < q.columns; ++j) std::copy_n(factor.data + static_cast<std::ptrdiff_t>(j) * factor.rows, factor.rows, q.data + static_cast<std::ptrdiff_t>(j) * q.rows);
    if (k > 0 && q.columns > 0) Fortran<T>::ormqr(q.rows, q.columns, k, m.data, leading(m.rows), tau.data(), q.data, leading(q.rows));
    return q.matrix();
  });
}

Svd svd(const Block& a) {
  return visit(a.dtype(), [&]<class T>(std::type_identity<T>) {
    using Part = typename Fortran<T>::Part;
    Columns<T> m(a);
    const int k = std::min(m.rows, m.columns);
    Columns<T> u(a.dtype(), m.rows, k), vh(a.dtype(), k, m.columns);
    Block s = Block::allocate(dtype_of<Part>, Shape{k});
    Part* values = reinterpret_cast<Part*>(s.make_writable());
    const int info = k == 0 ? 0 : Fortran<T>::gesdd(m.rows, m.columns, m.data, values, u.data, vh.data);
    if (info != 0) throw ValueError("the singular value decomposition did not converge: matrix of shape " + to_string(a.shape()));
    return Svd{u.matrix(), s, vh.matrix()};
  });
}

namespace {
[[noreturn]] void refuse_singular(index_t row) { throw ValueError("singular matrix: the pivot of row " + std::to_string(row) + " is zero"); }
}  // namespace

Block lu_panel(const Block& panel, index_t first) {
  return visit(panel.dtype(), [&]<class T>(std::type_identity<T>) {
    const ReadColumns<T> from(panel);
    Columns<T> packed(panel.dtype(), from.rows + index_t{1}, from.columns);
    for (int j = 0; j < from.columns; ++j) std::copy_n(from.data + static_cast<std::ptrdiff_t>(j) * from.rows, from.rows, &packed.at(0, j));
    std::vector<int> pivots(static_cast<std::size_t>(std::max(from.columns, 1)));
    if (from.columns > 0) {
      const int info = Fortran<T>::getrf(small(from.rows - first), from.columns, &packed.at(first, 0), leading(packed.rows), pivots.data());
      if (info > 0) refuse_singular(first + info - 1);
    }
    // Counted from `first`; a whole number that is exact in single precision up to 16 million rows.
    for (int j = 0; j < from.columns; ++j) packed.at(from.rows, j) = T(static_cast<typename Fortran<T>::Part>(pivots[static_cast<std::size_t>(j)] - 1));
    return packed.matrix();
  });
}

Block lu_update(Block columns, const Block& packed, index_t first) {
  return visit(packed.dtype(), [&]<class T>(std::type_identity<T>) {
    Columns<T> c(std::move(columns));
    const ReadColumns<T> l(packed);
    if (c.columns == 0) return c.matrix();
    for (int k = 0; k < l.columns; ++k) {
      const auto from = first + static_cast<index_t>(std::real(l.data[static_cast<std::ptrdiff_t>(k) * l.rows + l.rows - 1]));
      if (from != first + k)
        for (int j = 0; j < c.columns; ++j) std::swap(c.at(first + k, j), c.at(from, j));
    }
    Fortran<T>::trsm('L', 'L', 'N', 'U', l.columns, c.columns, l.data + first, leading(l.rows), &c.at(first, 0), leading(c.rows));
    const index_t below = first + l.columns;
    if (below < c.rows)
      Fortran<T>::gemm('N', 'N', small(c.rows - below), c.columns, l.columns, T(-1), l.data + below, leading(l.rows), &c.at(first, 0), leading(c.rows), T(1), &c.at(below, 0),
                       leading(c.rows));
    return c.matrix();
  });
}

Block triangular_step(Block right, const Block& panel, index_t first, Triangle kind) {
  return visit(panel.dtype(), [&]<class T>(std::type_identity<T>) {
    Columns<T> x(std::move(right));
    const ReadColumns<T> p(panel);
    const int w = p.columns;
    if (w == 0 || x.columns == 0) return x.matrix();
    if (kind != Triangle::unit_lower)
      for (int k = 0; k < w; ++k)
        if (p.data[static_cast<std::ptrdiff_t>(k) * p.rows + first + k] == T(0)) refuse_singular(first + k);
    const T* diagonal = p.data + first;
    const index_t below = first + w;
    const int rows_below = small(x.rows - below), lead = leading(x.rows), panel_lead = leading(p.rows);
    switch (kind) {
      case Triangle::lower:
      case Triangle::unit_lower:
        Fortran<T>::trsm('L', 'L', 'N', kind == Triangle::lower ? 'N' : 'U', w, x.columns, diagonal, panel_lead, &x.at(first, 0), lead);
        if (rows_below > 0) Fortran<T>::gemm('N', 'N', rows_below, x.columns, w, T(-1), p.data + below, panel_lead, &x.at(first, 0), lead, T(1), &x.at(below, 0), lead);
        break;
      case Triangle::upper:
        Fortran<T>::trsm('L', 'U', 'N', 'N', w, x.columns, diagonal, panel_lead, &x.at(first, 0), lead);
        if (first > 0) Fortran<T>::gemm('N', 'N', small(first), x.columns, w, T(-1), p.data, panel_lead, &x.at(first, 0), lead, T(1), &x.at(0, 0), lead);
        break;
      case Triangle::lower_conjugated:
        if (rows_below > 0) Fortran<T>::gemm('C', 'N', w, x.columns, rows_below, T(-1), p.data + below, panel_lead, &x.at(below, 0), lead, T(1), &x.at(first, 0), lead);
        Fortran<T>::trsm('L', 'L', 'C', 'N', w, x.columns, diagonal, panel_lead, &x.at(first, 0), lead);
    }
    return x.matrix();
  });
}

Block cholesky_panel(const Block& panel, index_t first) {
  return visit(panel.dtype(), [&]<class T>(std::type_identity<T>) {
    Columns<T> p(panel);
    const int w = p.columns;
    if (w == 0) return p.matrix();
    const int info = Fortran<T>::potrf(w, &p.at(first, 0), leading(p.rows));
    if (info != 0) throw ValueError("the matrix is not positive definite: its leading minor of order " + std::to_string(first + std::abs(info)) + " is not");
    const index_t below = first + w;
    if (below < p.rows) Fortran<T>::trsm('R', 'L', 'C', 'N', small(p.rows - below), w, &p.at(first, 0), leading(p.rows), &p.at(below, 0), leading(p.rows));
    for (int j = 0; j < w; ++j) std::fill_n(&p.at(0, j), first + j, T(0));
    return p.matrix();
  });
}

Block cholesky_update(Block columns, index_t at, const Block& panel) {
  return visit(panel.dtype(), [&]<class T>(std::type_identity<T>) {
    Columns<T> c(std::move(columns));
    const ReadColumns<T> l(panel);
    if (c.columns > 0 && l.columns > 0)
      Fortran<T>::gemm('N', 'C', small(c.rows - at), c.columns, l.columns, T(-1), l.data + at, leading(l.rows), l.data + at, leading(l.rows), T(1), &c.at(at, 0),
                       leading(c.rows));
    return c.matrix();
  });
}

}  // namespace ashlar::blas
