#pragma once
// Random shapes, and arrays kept the slowest obvious way: a function from an index to a value.

#include <functional>
#include <random>
#include <vector>

#include "ashlar/ndarray/block.hpp"

namespace slow {

using ashlar::Block;
using ashlar::index_t;
using ashlar::Shape;
using Index = std::vector<index_t>;

/// Calls f for every index of a shape in C order.
inline void for_each_index(const Shape& shape, const std::function<void(const Index&)>& f) {
  if (shape.elements() == 0) return;
  Index index(shape.size(), 0);
  for (;;) {
    f(index);
    std::size_t axis = shape.size();
    while (axis > 0 && ++index[axis - 1] == shape[axis - 1]) index[--axis] = 0;
    if (axis == 0) return;
  }
}

inline Shape random_shape(std::mt19937& rng, int ndim_max, index_t length_max) {
  Shape shape;
  const int ndim = std::uniform_int_distribution<int>(0, ndim_max)(rng);
  for (int i = 0; i < ndim; ++i) shape.v.push_back(std::uniform_int_distribution<index_t>(rng() % 8 == 0 ? 0 : 1, length_max)(rng));
  return shape;
}

/// 0, 1, 2, … in C order, cast to the type.
inline Block counting(ashlar::DType type, const Shape& shape) {
  Block block = Block::allocate(type, shape);
  std::byte* memory = block.make_writable();
  const auto nbytes = static_cast<std::size_t>(ashlar::itemsize(type));
  for (index_t i = 0; i < shape.elements(); ++i) {
    const auto value = ashlar::ScalarValue::of<std::int64_t>(i).cast(type);
    __builtin_memcpy(memory + static_cast<std::size_t>(i) * nbytes, value.bytes, nbytes);
  }
  return block;
}

/// The elements in C order, each fetched by its index.
inline std::vector<std::complex<double>> elements(const Block& block) {
  std::vector<std::complex<double>> values;
  for_each_index(block.shape(), [&](const Index& index) { values.push_back(block.item(index).as<std::complex<double>>()); });
  return values;
}

/// A block together with what it must hold.
struct Tracked {
  Block block;
  std::function<std::complex<double>(const Index&)> value;
};

/// A few random views of views of a counting block: slices with any step, transposes, broadcasts.
inline Tracked random_view(std::mt19937& rng, ashlar::DType type) {
  const auto pick = [&](index_t low, index_t high) { return std::uniform_int_distribution<index_t>(low, high)(rng); };
  const Shape shape = random_shape(rng, 4, 9);
  Tracked t{counting(type, shape), [shape, type](const Index& index) {
              index_t at = 0;
              for (std::size_t i = 0; i < shape.size(); ++i) at = at * shape[i] + index[i];
              return ashlar::ScalarValue::of<std::int64_t>(at).cast(type).as<std::complex<double>>();
            }};
  for (int round = static_cast<int>(pick(0, 4)); round > 0; --round) {
    const Shape now = t.block.shape();
    const auto before = t.value;
    switch (pick(0, 2)) {
      case 0: {
        Index start, count, step;
        for (index_t length : now) {
          step.push_back(pick(0, 1) ? pick(1, 3) : -pick(1, 3));
          start.push_back(length ? pick(0, length - 1) : 0);
          const index_t room = length == 0 ? 0 : step.back() > 0 ? (length - 1 - start.back()) / step.back() + 1 : start.back() / -step.back() + 1;
          count.push_back(pick(room ? 1 : 0, room));
        }
        t.block = t.block.slice(start, count, step);
        t.value = [=](const Index& index) {
          Index old;
          for (std::size_t i = 0; i < index.size(); ++i) old.push_back(start[i] + step[i] * index[i]);
          return before(old);
        };
        break;
      }
      case 1: {
        std::vector<int> axes;
        for (int i = 0; i < t.block.ndim(); ++i) axes.push_back(i);
        std::shuffle(axes.begin(), axes.end(), rng);
        t.block = t.block.transpose(axes);
        t.value = [=](const Index& index) {
          Index old(index.size());
          for (std::size_t i = 0; i < index.size(); ++i) old[static_cast<std::size_t>(axes[i])] = index[i];
          return before(old);
        };
        break;
      }
      default: {
        Shape wide = now;
        for (index_t& length : wide.v)
          if (length == 1) length = pick(0, 4) ? pick(1, 4) : 0;
        const bool lead = wide.size() < 4 && pick(0, 1);
        if (lead) wide.v.insert(wide.v.begin(), pick(1, 3));
        t.block = t.block.broadcast_to(wide);
        t.value = [=](const Index& index) {
          Index old(index.begin() + lead, index.end());
          for (std::size_t i = 0; i < old.size(); ++i)
            if (now[i] == 1) old[i] = 0;
          return before(old);
        };
      }
    }
  }
  return t;
}

inline std::vector<std::complex<double>> wanted(const Tracked& t) {
  std::vector<std::complex<double>> values;
  for_each_index(t.block.shape(), [&](const Index& index) { values.push_back(t.value(index)); });
  return values;
}

}  // namespace slow
