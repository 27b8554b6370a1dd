#pragma once
// Arrays that NumPy 2 wrote, as the generators beside this file write them: element type, number of axes, lengths, elements.

#include <cmath>
#include <complex>
#include <cstdlib>
#include <fstream>
#include <istream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "ashlar/array/array.hpp"
#include "ashlar/array/creation.hpp"

namespace ashlar::test {

struct Golden {
  DType dtype = DType::float64;
  Shape shape;
  std::vector<std::complex<double>> values;
};

inline Golden golden(std::istream& in) {
  Golden g;
  std::string word;
  in >> word;
  g.dtype = dtype_named(word);
  int ndim = 0;
  in >> ndim;
  for (int i = 0; i < ndim; ++i) {
    index_t n = 0;
    in >> n;
    g.shape.v.push_back(n);
  }
  const auto number = [&] {
    in >> word;
    return std::strtod(word.c_str(), nullptr);
  };
  for (index_t i = 0; i < g.shape.elements(); ++i) {
    const double re = number();
    g.values.emplace_back(re, is_complex(g.dtype) ? number() : 0.0);
  }
  return g;
}

/// Calls f(line, what stands before the arrow, what stands behind it) for each line of a file; how many there are.
template <class F>
int for_each_golden_line(const std::string& path, F&& f) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + " is missing");
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const std::size_t arrow = line.find(" -> ");
    std::istringstream left(line.substr(0, arrow)), right(line.substr(arrow + 4));
    f(line, left, right);
  }
  return lines;
}

inline bool near(double got, double want, bool single) {
  if (std::isnan(want)) return std::isnan(got);
  if (got == want) return true;
  return std::fabs(got - want) <= (single ? 4e-7 : 1e-15) * std::fabs(want) * 4;
}

template <class T>
Array<T> array_of(const Golden& g, index_t chunk) {
  NDArray<T> values(g.shape);
  T* to = values.data();
  for (std::size_t i = 0; i < g.values.size(); ++i) {
    if constexpr (detail::is_complex_type<T>) to[i] = T(g.values[i]);
    else to[i] = static_cast<T>(g.values[i].real());
  }
  return from_array(values, {.chunks = g.shape.ndim() == 0 ? ChunkSpec() : ChunkSpec(std::vector<index_t>(g.shape.size(), chunk))});
}

}  // namespace ashlar::test
