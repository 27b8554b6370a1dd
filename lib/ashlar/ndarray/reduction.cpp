#include "ashlar/ndarray/reduction.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "ashlar/base/error.hpp"
#include "ashlar/ndarray/kernels_detail.hpp"
#include "ashlar/ndarray/kernels_element_detail.hpp"

namespace ashlar {
namespace {

index_t count_of(const Partial& partial) { return *partial.back().as<std::int64_t>(); }
Block count_block(std::int64_t n) { return Block::full(Shape(), ScalarValue::of(n)); }

bool has_count(Reduction reduction) {
  switch (reduction) {
    case Reduction::min:
    case Reduction::max:
    case Reduction::mean:
    case Reduction::var:
    case Reduction::std: return true;
    default: return false;
  }
}

/// The operation that joins two values, for the reductions that are nothing more than it.
Op joining_op(Reduction reduction) {
  switch (reduction) {
    case Reduction::prod: return Op::multiply;
    case Reduction::min: return Op::minimum;
    case Reduction::max: return Op::maximum;
    case Reduction::any: return Op::add;  // of bool: logical or
    case Reduction::all: return Op::multiply;
    default: return Op::add;
  }
}

Block joined(Reduction reduction, const Block& a, const Block& b) {
  Block result = Block::allocate(a.dtype(), a.shape());
  kernels::elementwise(joining_op(reduction), a.dtype())(a.size(), result.make_writable(), a.contiguous().data(), b.contiguous().data(), nullptr);
  return result;
}

/// Chan's formula for means and sums of squared deviations.
template <class M>
void join_moments(Partial& into, const Partial& from) {
  const double n = static_cast<double>(count_of(into)), k = static_cast<double>(count_of(from));
  const Block from_means = from[0].contiguous(), from_squares = from[1].contiguous();
  M* mean = reinterpret_cast<M*>(into[0].make_writable());
  double* squares = reinterpret_cast<double*>(into[1].make_writable());
  for (index_t i = 0, size = from_means.size(); i < size; ++i) {
    const M distance = from_means.as<M>()[i] - mean[i];
    mean[i] += distance * (k / (n + k));
    squares[i] += from_squares.as<double>()[i] + std::norm(distance) * (n * k / (n + k));
  }
  into[2] = count_block(count_of(into) + count_of(from));
}

/// Whether (value, position) is reported rather than (best, best_position).
template <class T>
bool wins(Reduction reduction, T value, index_t position, T best, index_t best_position) {
  if (position < 0 || best_position < 0) return best_position < 0 && position >= 0;
  const bool nan = kernels::element::nan(value), best_nan = kernels::element::nan(best);
  if (nan || best_nan) return nan && (!best_nan || position < best_position);
  if (value == best) return position < best_position;
  return reduction == Reduction::argmin ? kernels::element::below(value, best) : kernels::element::below(best, value);
}

void join_positions(Reduction reduction, Partial& into, const Partial& from) {
  const Block values = from[0].contiguous(), positions = from[1].contiguous();
  visit_dtype(values.dtype(), [&]<class T>(std::type_identity<T>) {
    T* best = reinterpret_cast<T*>(into[0].make_writable());
    index_t* best_position = reinterpret_cast<index_t*>(into[1].make_writable());
    for (index_t i = 0, size = values.size(); i < size; ++i)
      if (wins(reduction, values.as<T>()[i], positions.as<index_t>()[i], best[i], best_position[i])) {
        best[i] = values.as<T>()[i];
        best_position[i] = positions.as<index_t>()[i];
      }
  });
}

bool is_empty(Reduction reduction, const Partial& partial) { return has_count(reduction) && count_of(partial) == 0; }

/// The quotient of every element by a real number.
Block divided(const Block& values, double divisor) {
  Block result = Block::allocate(values.dtype(), values.shape());
  std::byte* to = result.make_writable();
  const Block from = values.contiguous();
  // A complex number is divided as two reals.
  const index_t n = is_complex(values.dtype()) ? 2 * from.size() : from.size();
  for (index_t i = 0; i < n; ++i) reinterpret_cast<double*>(to)[i] = from.as<double>()[i] / divisor;
  return result;
}

DType real_part_type(DType type) {
  return type == DType::complex64 ? DType::float32 : type == DType::complex128 ? DType::float64 : type;
}

}  // namespace

std::string_view reduction_name(Reduction reduction) {
  switch (reduction) {
    case Reduction::sum: return "sum";
    case Reduction::prod: return "prod";
    case Reduction::min: return "min";
    case Reduction::max: return "max";
    case Reduction::any: return "any";
    case Reduction::all: return "all";
    case Reduction::mean: return "mean";
    case Reduction::var: return "var";
    case Reduction::std: return "std";
    case Reduction::argmin: return "argmin";
    case Reduction::argmax: break;
  }
  return "argmax";
}

int partial_blocks(Reduction reduction) {
  switch (reduction) {
    case Reduction::sum:
    case Reduction::prod:
    case Reduction::any:
    case Reduction::all: return 1;
    case Reduction::var:
    case Reduction::std: return 3;
    default: return 2;
  }
}

DType reduction_accumulator_type(Reduction reduction, DType elements) {
  switch (reduction) {
    case Reduction::sum:
    case Reduction::prod:
      if (elements == DType::float32) return DType::float64;
      if (elements == DType::complex64) return DType::complex128;
      return sum_type(elements);
    case Reduction::mean:
    case Reduction::var:
    case Reduction::std: return is_complex(elements) ? DType::complex128 : DType::float64;
    case Reduction::any:
    case Reduction::all: return DType::bool_;
    default: return elements;
  }
}

DType reduction_result_type(Reduction reduction, DType elements) {
  switch (reduction) {
    case Reduction::sum:
    case Reduction::prod: return sum_type(elements);
    case Reduction::mean: return true_divide_type(elements);
    case Reduction::var:
    case Reduction::std: return real_part_type(true_divide_type(elements));
    case Reduction::any:
    case Reduction::all: return DType::bool_;
    case Reduction::argmin:
    case Reduction::argmax: return DType::int64;
    default: return elements;
  }
}

Partial combine_partials(Reduction reduction, std::span<const Partial> partials) {
  if (partials.empty()) throw InternalError("combine_partials needs at least one partial, found none");
  Partial result = partials.front();
  for (const Partial& next : partials.subspan(1)) {
    if (is_empty(reduction, next)) continue;
    if (is_empty(reduction, result)) {
      result = next;
      continue;
    }
    switch (reduction) {
      case Reduction::var:
      case Reduction::std:
        if (is_complex(result[0].dtype())) join_moments<std::complex<double>>(result, next);
        else join_moments<double>(result, next);
        break;
      case Reduction::argmin:
      case Reduction::argmax: join_positions(reduction, result, next); break;
      default:
        result[0] = joined(reduction, result[0], next[0]);
        if (has_count(reduction)) result[1] = count_block(count_of(result) + count_of(next));
    }
  }
  return result;
}

Block finish_partial(Reduction reduction, const Partial& partial, DType elements, int ddof) {
  const DType type = reduction_result_type(reduction, elements);
  const Block& value = partial.front();
  switch (reduction) {
    case Reduction::min:
    case Reduction::max:
      if (count_of(partial) == 0 && value.size() > 0)
        throw ValueError(std::string(reduction_name(reduction)) + " of no elements has no value: result shape " + to_string(value.shape()));
      return value;
    case Reduction::argmin:
    case Reduction::argmax: {
      const Block positions = partial[1].contiguous();
      for (index_t i = 0; i < positions.size(); ++i)
        if (positions.as<index_t>()[i] < 0)
          throw ValueError(std::string(reduction_name(reduction)) + " of no elements has no value: result shape " + to_string(value.shape()));
      return positions;
    }
    case Reduction::mean: return divided(value, static_cast<double>(count_of(partial))).astype(type);
    case Reduction::var:
    case Reduction::std: {
      Block result = divided(partial[1], static_cast<double>(std::max<index_t>(count_of(partial) - ddof, 0)));
      if (reduction == Reduction::std) {
        double* x = reinterpret_cast<double*>(result.make_writable());
        for (index_t i = 0; i < result.size(); ++i) x[i] = std::sqrt(x[i]);
      }
      return result.astype(type);
    }
    default: return value.astype(type);
  }
}

}  // namespace ashlar
