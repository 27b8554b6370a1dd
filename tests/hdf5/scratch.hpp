#pragma once
// A folder of this test's own, and element values that any reader can compute again.

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "ashlar/ndarray/block.hpp"

namespace ashlar::scratch {

namespace fs = std::filesystem;

/// Made at construction, removed with all it holds. Every rank may name it; the owner makes and removes it.
class Folder {
 public:
  explicit Folder(const std::string& name, bool owner = true) : path_(fs::temp_directory_path() / ("ashlar-test-" + name)), owner_(owner) {
    if (!owner_) return;
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    if (owner_) fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(path_)) all.push_back(entry.path().filename().string());
    return all;
  }

 private:
  fs::path path_;
  bool owner_;
};

inline void write_text(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Element number i (C order) of every test array: 3, 10, 17… below 101; complex: v + (v + 1) i; bool: odd. As in check_file.py.
template <class T>
T element(index_t i) {
  const auto v = (i * 7 + 3) % 101;
  if constexpr (std::is_same_v<T, bool>)
    return v % 2 == 1;
  else if constexpr (detail::is_complex_type<T>)
    return T(static_cast<typename T::value_type>(v), static_cast<typename T::value_type>(v + 1));
  else
    return static_cast<T>(v);
}

/// The part [start, start + step * count) of the test array with that shape.
template <class T>
Block part(const Shape& shape, const std::vector<index_t>& start, const Shape& count, std::vector<index_t> step = {}) {
  if (step.empty()) step.assign(shape.size(), 1);
  Block block = Block::allocate(dtype_of<T>, count);
  T* const to = reinterpret_cast<T*>(block.make_writable());
  std::vector<index_t> at(shape.size(), 0);
  for (index_t n = 0; n < count.elements(); n++) {
    index_t flat = 0, rest = n;
    for (std::size_t axis = shape.size(); axis-- > 0; rest /= count[axis]) at[axis] = rest % count[axis];
    for (std::size_t axis = 0; axis < shape.size(); axis++) flat = flat * shape[axis] + start[axis] + at[axis] * step[axis];
    to[n] = element<T>(flat);
  }
  return block;
}

inline bool same_bytes(const Block& a, const Block& b) {
  const Block x = a.contiguous(), y = b.contiguous();
  return a.dtype() == b.dtype() && a.shape() == b.shape() && (a.size() == 0 || std::equal(x.data(), x.data() + x.nbytes(), y.data()));
}

}  // namespace ashlar::scratch
