#pragma once
// What a Program consists of. Private to this floor.

#include "ashlar/ndarray/program.hpp"

namespace ashlar {

struct Program::Step {
  enum class Kind : std::uint8_t { input, constant, arange, random, apply, call };

  Kind kind = Kind::constant;
  DType type = DType::float64;        // of the result
  Op op = Op::cast;                   // apply
  DType compute = DType::float64;     // apply: type of the operands (of a cast: of the result)
  Value operands[map_operands_max] = {-1, -1, -1, -1, -1, -1};  // apply, call
  const MapFunction* function = nullptr;  // call
  Bytes closure;                          // call
  std::int32_t input = -1;            // input: its number
  ScalarValue start, step;            // constant: start; arange: both
  LinearIndex index;                  // arange, random
  Distribution distribution = Distribution::uniform;
  std::uint64_t seed = 0;
  double a = 0, b = 0;
};

struct Program::Output {
  Value value = -1;
  bool reduced = false;
  Reduction reduction = Reduction::sum;
  std::vector<int> axes;  // reduced: sorted
  LinearIndex position;   // argmin, argmax
};

}  // namespace ashlar
