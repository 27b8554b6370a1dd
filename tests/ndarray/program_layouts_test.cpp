// Programs over inputs that lie in memory in other ways than the strips that read them, against each element by itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "ashlar/ndarray/program.hpp"
#include "ndarray/interpreter.hpp"

namespace interpreter {
namespace {

TEST(Program, reads_inputs_whose_lines_of_memory_fall_into_few_cache_sets) {
  // Distances of 8192 bytes along the rows: rows that are whole strips, rows cut into strips, an axis before the transposed ones.
  Block memory = Block::allocate(DType::float64, Shape{3100, 1024});
  double* to = reinterpret_cast<double*>(memory.make_writable());
  for (index_t i = 0; i < memory.size(); ++i) to[i] = static_cast<double>(i);
  const auto columns = [&](index_t rows, index_t first, index_t count, index_t step) {
    return memory.slice(std::vector<index_t>{0, first}, std::vector<index_t>{rows, count}, std::vector<index_t>{1, step}).transpose(std::vector<int>{1, 0});
  };
  const std::vector<Block> views{columns(900, 3, 150, 1), columns(3100, 0, 70, 1), columns(3000, 900, 33, -2),
                                 memory.view(Shape{2, 100, 700}, {1024 * 1024, 1, 1024}, 5)};
  for (const Block& view : views) {
    Program p;
    const Value x = p.input(DType::float64);
    p.store(p.apply(Op::negative, DType::float64, x));
    p.reduce(Reduction::sum, x, {0});
    const std::vector<index_t> origin(view.shape().size(), 0);
    const std::vector<Block> results = p.run(view.shape(), origin, std::span(&view, 1));
    for (const auto& index : indices(view.shape())) ASSERT_EQ(element(results[0], index).as<double>(), -element(view, index).as<double>()) << to_string(view.shape());
    const Block packed = view.contiguous();
    const Block again = p.run(view.shape(), origin, std::span(&packed, 1))[1];
    ASSERT_EQ(std::memcmp(again.data(), results[1].data(), static_cast<std::size_t>(again.nbytes())), 0);
  }
}

TEST(Program, reads_transposed_inputs_of_every_element_size) {
  // Axes that become the strips' rows, or lie one or two before; lengths that are no multiples of tiles, panels or strips; one strip only.
  struct Case {
    Shape memory;
    std::vector<int> axes;
  };
  const std::vector<Case> cases{{{1030, 67}, {1, 0}}, {{33, 1500}, {1, 0}}, {{70, 3, 130}, {2, 1, 0}}, {{20, 50, 70}, {2, 0, 1}}, {{90, 3, 150}, {0, 2, 1}},
                                {{5, 9, 7, 75}, {3, 2, 1, 0}}, {{300, 3}, {1, 0}}, {{4000, 3}, {1, 0}}, {{20, 30}, {1, 0}}, {{256, 3, 67}, {2, 1, 0}}};
  for (const Case& c : cases) {
    for (DType type : {DType::uint8, DType::int16, DType::int32, DType::float64, DType::complex128}) {
      Block memory = Block::allocate(type, c.memory);
      std::byte* to = memory.make_writable();
      for (index_t i = 0; i < memory.nbytes(); ++i) to[i] = static_cast<std::byte>(i * 7 % 61 + i / 997 % 31);
      Block view = memory.transpose(c.axes);
      for (int round = 0; round < 3; ++round) {
        if (round == 1) {  // backwards along the axis that is dense in memory
          const std::vector<index_t> zeros(view.shape().size(), 0);
          std::vector<index_t> start = zeros, step(view.shape().size(), 1);
          const auto axis = static_cast<std::size_t>(std::find(c.axes.begin(), c.axes.end(), static_cast<int>(c.axes.size()) - 1) - c.axes.begin());
          start[axis] = view.shape()[axis] - 1, step[axis] = -1;
          view = view.slice(start, view.shape().v, step);
        } else if (round == 2) {  // repeated along a new first axis
          Shape wide = view.shape();
          wide.v.insert(wide.v.begin(), 2);
          view = view.broadcast_to(wide);
        }
        Program p;
        const Value x = p.input(type);
        p.store(x);
        p.reduce(Reduction::sum, x, {view.ndim() - 1});
        const std::vector<index_t> origin(view.shape().size(), 0);
        const Block packed = view.contiguous();
        const std::vector<Block> found = p.run(view.shape(), origin, std::span(&view, 1)), wanted = p.run(view.shape(), origin, std::span(&packed, 1));
        for (index_t n = 0; n < view.size(); ++n) {
          index_t at = 0, rest = n;
          for (std::size_t d = view.shape().size(); d-- > 0; rest /= view.shape()[d]) at += rest % view.shape()[d] * view.strides()[d];
          const auto size = static_cast<std::size_t>(itemsize(type));
          if (std::memcmp(found[0].data() + n * itemsize(type), view.data() + at * itemsize(type), size) != 0)
            FAIL() << dtype_name(type) << " " << to_string(view.shape()) << " round " << round << " element " << n;
        }
        for (std::size_t k = 1; k < found.size(); ++k)
          ASSERT_EQ(std::memcmp(found[k].data(), wanted[k].data(), static_cast<std::size_t>(found[k].nbytes())), 0)
              << dtype_name(type) << " " << to_string(view.shape());
      }
    }
  }
}

}  // namespace
}  // namespace interpreter
