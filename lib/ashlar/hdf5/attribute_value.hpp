#pragma once
// Attributes of files, groups and datasets.

#include <cstdint>
#include <iosfwd>
#include <string>
#include <variant>
#include <vector>

namespace ashlar::hdf5 {

/// What an attribute holds. In the file: a variable-length UTF-8 string, one number, or a list of doubles, strings or integers.
/// A boolean is read as 0 or 1.
using AttributeValue = std::variant<std::string, double, std::int64_t, std::vector<double>, std::vector<std::string>, std::vector<std::int64_t>>;

struct Attribute {
  std::string name;
  AttributeValue value;
  friend bool operator==(const Attribute&, const Attribute&) = default;
};
/// In the order of writing; read from a file: by name.
using Attributes = std::vector<Attribute>;

/// "K" with its quotes, 3.5, 7, [1, 2.5].
std::string to_string(const AttributeValue& value);

/// units = "K"
std::ostream& operator<<(std::ostream& out, const Attribute& attribute);

/// Stands on a dataset while a write into it has not ended; such a dataset is not read.
inline constexpr char incomplete_attribute[] = "ashlar_incomplete";
/// Beside it while an append is under way: the axis, and the length before.
inline constexpr char append_attribute[] = "ashlar_appending";

}  // namespace ashlar::hdf5
