#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <variant>

#include "ashlar/array/expression.hpp"
#include "ashlar/base/error.hpp"
#include "ashlar/io/netcdf_detail.hpp"

namespace ashlar::io {

namespace {

using expression::Operand;
using Number = std::variant<std::int64_t, double>;

const hdf5::AttributeValue* value_of(const hdf5::DatasetInfo& info, const char* name) {
  const auto found = std::find_if(info.attributes.begin(), info.attributes.end(), [&](const hdf5::Attribute& a) { return a.name == name; });
  return found == info.attributes.end() ? nullptr : &found->value;
}

// NetCDF's attributes are lists, most of them of one number.
std::vector<Number> numbers_of(const hdf5::DatasetInfo& info, const char* name, const std::string& file) {
  const hdf5::AttributeValue* value = value_of(info, name);
  if (!value) return {};
  std::vector<Number> all;
  if (const auto* integer = std::get_if<std::int64_t>(value)) all.emplace_back(*integer);
  else if (const auto* real = std::get_if<double>(value)) all.emplace_back(*real);
  else if (const auto* integers = std::get_if<std::vector<std::int64_t>>(value)) all.assign(integers->begin(), integers->end());
  else if (const auto* reals = std::get_if<std::vector<double>>(value)) all.assign(reals->begin(), reals->end());
  if (all.empty()) throw ValueError("mask_and_scale: attribute " + std::string(name) + " of " + info.name + " of " + file + " is to be a number, found " + hdf5::to_string(*value));
  return all;
}

ScalarValue one_number(const hdf5::DatasetInfo& info, const char* name, const std::string& file, double otherwise) {
  const auto all = numbers_of(info, name, file);
  if (all.size() > 1) throw ValueError("mask_and_scale: attribute " + std::string(name) + " of " + info.name + " of " + file + " is to be one number, found " + std::to_string(all.size()));
  return ScalarValue::of(all.empty() ? otherwise : std::visit([](auto v) { return static_cast<double>(v); }, all.front()));
}

DType with_sign(DType type, bool is_signed) {
  switch (type) {
    case DType::int8: case DType::uint8: return is_signed ? DType::int8 : DType::uint8;
    case DType::int16: case DType::uint16: return is_signed ? DType::int16 : DType::uint16;
    case DType::int32: case DType::uint32: return is_signed ? DType::int32 : DType::uint32;
    case DType::int64: case DType::uint64: return is_signed ? DType::int64 : DType::uint64;
    default: return type;
  }
}

// What `_Unsigned` makes of the integers of the file: those of equal bits.
DType meant_type(const hdf5::DatasetInfo& info, DType stored) {
  const hdf5::AttributeValue* value = value_of(info, "_Unsigned");
  const auto* text = value ? std::get_if<std::string>(value) : nullptr;
  if (!text || (*text != "true" && *text != "false")) return stored;
  return with_sign(stored, *text == "false");
}

// The number in an integer type; none when the type does not hold it. Where `_Unsigned` changed the type, bits are kept: -1 is 255 of uint8.
std::optional<ScalarValue> in_integers(std::int64_t number, DType type, bool sign_changed) {
  const int bits = 8 * static_cast<int>(itemsize(type));
  const bool low = number < (is_signed(type) || sign_changed ? -(std::int64_t{1} << (std::min(bits, 63) - 1)) : 0);
  const bool high = bits < 64 && number >= std::int64_t{1} << (is_signed(type) && !sign_changed ? bits - 1 : bits);
  if ((bits < 64 && low) || high || (bits == 64 && !is_signed(type) && !sign_changed && number < 0)) return std::nullopt;
  return ScalarValue::of(number).cast(type);
}

ArrayPtr equal_to(const ArrayPtr& stored, const Number& number, bool sign_changed) {
  const DType type = stored->dtype();
  const auto* integer = std::get_if<std::int64_t>(&number);
  if (integer && is_integer(type)) {
    const auto fill = in_integers(*integer, type, sign_changed);
    return fill ? expression::elementwise(Op::equal, std::vector<Operand>{stored, expression::constant(*fill)}) : nullptr;
  }
  const double real = std::visit([](auto v) { return static_cast<double>(v); }, number);
  if (std::isnan(real)) return nullptr;  // these are NaN already
  return expression::elementwise(Op::equal, std::vector<Operand>{expression::cast(stored, DType::float64), expression::constant(ScalarValue::of(real))});
}

}  // namespace

DType type_to_decode(const hdf5::DatasetInfo& info, const std::string& file, DType wanted) {
  const std::string what = "mask_and_scale: " + info.name + " of " + file;
  if (wanted != DType::float32 && wanted != DType::float64)
    throw TypeError(what + " is read as float or double, for missing elements are NaN; found " + std::string(dtype_name(wanted)));
  if (!info.dtype || is_complex(*info.dtype) || *info.dtype == DType::bool_) throw TypeError(what + " holds " + info.type + ", which are no real numbers");
  return *info.dtype;
}

ArrayPtr decoded(ArrayPtr stored, const hdf5::DatasetInfo& info, const std::string& file, DType wanted) {
  const DType meant = meant_type(info, stored->dtype());
  const bool sign_changed = meant != stored->dtype();
  if (sign_changed) stored = expression::cast(stored, meant);
  ArrayPtr missing;
  for (const char* name : {"_FillValue", "missing_value"})
    for (const Number& number : numbers_of(info, name, file)) {
      ArrayPtr one = equal_to(stored, number, sign_changed);
      if (!one) continue;
      missing = missing ? expression::elementwise(Op::logical_or, std::vector<Operand>{missing, one}) : one;
    }
  ArrayPtr values = expression::cast(stored, wanted);
  const auto constant = [&](double v) { return Operand(expression::constant(ScalarValue::of(v).cast(wanted))); };
  if (missing) values = expression::elementwise(Op::where, std::vector<Operand>{missing, constant(std::numeric_limits<double>::quiet_NaN()), values});
  if (value_of(info, "scale_factor")) values = expression::elementwise(Op::multiply, std::vector<Operand>{values, constant(one_number(info, "scale_factor", file, 1).as<double>())});
  if (value_of(info, "add_offset")) values = expression::elementwise(Op::add, std::vector<Operand>{values, constant(one_number(info, "add_offset", file, 0).as<double>())});
  return values;
}

}  // namespace ashlar::io
