#pragma once
// What Python's pickles of plain things hold: numbers, texts, lists, tuples, dictionaries, NumPy's arrays of objects. pandas and PyTables keep
// names of columns and columns of texts so. Nothing is called: a class is its name.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ashlar::io {

struct Pickled;
using PickledPtr = std::shared_ptr<Pickled>;

struct Pickled {
  enum class Kind { none, boolean, integer, real, text, bytes, list, tuple, dict, name, object, mark };
  Kind kind = Kind::none;
  std::int64_t integer = 0;  ///< also of a boolean
  double real = 0;
  std::string text;  ///< of texts, bytes and names ("module.name")
  /// Elements; of a dict keys and values in turn; of an object what made it (a name and the tuple it was called with), then its state where it has one.
  std::vector<PickledPtr> items;

  bool is(Kind k) const { return kind == k; }
};

/// Errors    IoError that names `source`: not a pickle, or one of things that are not known here.
PickledPtr unpickle(std::span<const std::byte> bytes, const std::string& source);
/// The texts of a list or tuple (or one text). Errors    IoError.
std::vector<std::string> texts_of(const Pickled& list, const std::string& source);
/// The elements of a NumPy array of objects, in C order, and its shape. Errors    IoError: it is something else.
struct PickledArray {
  std::vector<std::int64_t> shape;
  std::vector<PickledPtr> elements;
};
PickledArray array_of_objects(const Pickled& object, const std::string& source);

}  // namespace ashlar::io
