#include "ashlar/ndarray/scan.hpp"

#include <algorithm>
#include <array>

#include "ashlar/ndarray/kernels_element_detail.hpp"
#include "ashlar/ndarray/program.hpp"

namespace ashlar {
namespace {

ScalarValue identity(Scan how, DType type) { return ScalarValue::of<std::int64_t>(how == Scan::sum ? 0 : 1).cast(type); }

template <class F, class T>
void run(T* data, index_t outer, index_t length, index_t inner, bool exclusive, T first) {
  std::vector<T> row(static_cast<std::size_t>(inner));
  for (index_t o = 0; o < outer; ++o, data += length * inner) {
    if (inner == 1) {
      T before = first;
      for (index_t i = 0; i < length; ++i) {
        const T next = F::template of<T>(before, data[i]);
        data[i] = exclusive ? before : next;
        before = next;
      }
      continue;
    }
    // Whole rows, so that memory is walked once and in order.
    std::fill(row.begin(), row.end(), first);
    for (index_t i = 0; i < length; ++i) {
      T* at = data + i * inner;
      for (index_t j = 0; j < inner; ++j) {
        const T before = row[static_cast<std::size_t>(j)];
        row[static_cast<std::size_t>(j)] = F::template of<T>(before, at[j]);
        at[j] = exclusive ? before : row[static_cast<std::size_t>(j)];
      }
    }
  }
}

}  // namespace

Block scan(Scan how, Block block, int axis, bool exclusive) {
  const auto along = static_cast<std::size_t>(axis);
  index_t outer = 1, inner = 1;
  for (std::size_t i = 0; i < along; ++i) outer *= block.shape()[i];
  for (std::size_t i = along + 1; i < block.shape().size(); ++i) inner *= block.shape()[i];
  const index_t length = block.shape()[along];
  if (block.size() == 0) return block;
  void* data = block.make_writable();
  visit_dtype(block.dtype(), [&]<class T>(std::type_identity<T>) {
    const T first = identity(how, block.dtype()).template as<T>();
    if (how == Scan::sum) run<kernels::element::add>(static_cast<T*>(data), outer, length, inner, exclusive, first);
    else run<kernels::element::multiply>(static_cast<T*>(data), outer, length, inner, exclusive, first);
  });
  return block;
}

Block scan_join(Scan how, Block values, const Block& before) {
  Program program;
  const auto a = program.input(values.dtype()), b = program.input(values.dtype());
  program.store(program.apply(how == Scan::sum ? Op::add : Op::multiply, values.dtype(), a, b));
  const std::array<Block, 2> inputs{before.broadcast_to(values.shape()), values};
  return program.run(values.shape(), std::vector<index_t>(values.shape().size(), 0), inputs).front();
}

Block scan_last(Scan how, const Block& block, int axis) {
  const auto along = static_cast<std::size_t>(axis);
  Shape shape = block.shape();
  const index_t length = shape[along];
  shape[along] = 1;
  if (length == 0) return Block::full(shape, identity(how, block.dtype())).contiguous();
  std::vector<index_t> start(shape.size(), 0);
  start[along] = length - 1;
  return block.slice(start, shape.v, std::vector<index_t>(shape.size(), 1)).contiguous();
}

}  // namespace ashlar
