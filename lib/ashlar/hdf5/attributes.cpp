#include <cmath>
#include <cstring>
#include <ostream>

#include "ashlar/hdf5/attributes_detail.hpp"
#include "ashlar/hdf5/element_types_detail.hpp"

namespace ashlar::hdf5 {

namespace {

TypeHandle utf8_string(const Place& at) {
  TypeHandle type(checked(H5Tcopy(H5T_C_S1), "H5Tcopy", at));
  checked(H5Tset_size(type.get(), H5T_VARIABLE), "H5Tset_size", at);
  checked(H5Tset_cset(type.get(), H5T_CSET_UTF8), "H5Tset_cset", at);
  return type;
}

void create(hid_t object, const std::string& name, hid_t file_type, hid_t memory_type, hid_t space, const void* data, const Place& at) {
  AttributeHandle attribute(checked(H5Acreate2(object, name.c_str(), file_type, space, H5P_DEFAULT, H5P_DEFAULT), "H5Acreate2", at));
  checked(H5Awrite(attribute.get(), memory_type, data), "H5Awrite", at);
}

Place attribute_of(const Place& at, const std::string& name) {
  return {at.file, "attribute " + name + (at.object.empty() ? "" : " of " + at.object)};
}

std::string number(double value) {
  char text[32];
  for (int digits : {6, 15, 17}) {
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    if (std::strtod(text, nullptr) == value || std::isnan(value)) break;
  }
  return text;
}

std::string unpadded(std::string text, hid_t type) {
  if (H5Tget_strpad(type) == H5T_STR_SPACEPAD)
    text.erase(text.find_last_not_of(' ') + 1);
  else
    text.resize(std::strlen(text.c_str()));
  return text;
}

std::string read_string(hid_t attribute, hid_t type, const Place& at) {
  const htri_t variable = checked(H5Tis_variable_str(type), "H5Tis_variable_str", at);
  if (variable) {
    char* text = nullptr;
    TypeHandle memory(checked(H5Tcopy(type), "H5Tcopy", at));
    checked(H5Aread(attribute, memory.get(), &text), "H5Aread", at);
    std::string copy = text ? text : "";
    H5free_memory(text);
    return copy;
  }
  std::string text(H5Tget_size(type), '\0');
  checked(H5Aread(attribute, type, text.data()), "H5Aread", at);
  return unpadded(std::move(text), type);
}

std::vector<std::string> read_strings(hid_t attribute, hid_t type, std::size_t count, const Place& at) {
  std::vector<std::string> all;
  if (count == 0) return all;
  if (checked(H5Tis_variable_str(type), "H5Tis_variable_str", at)) {
    std::vector<char*> texts(count, nullptr);
    TypeHandle memory(checked(H5Tcopy(type), "H5Tcopy", at));
    checked(H5Aread(attribute, memory.get(), texts.data()), "H5Aread", at);
    for (char* text : texts) {
      all.emplace_back(text ? text : "");
      H5free_memory(text);
    }
    return all;
  }
  const std::size_t size = H5Tget_size(type);
  std::string bytes(count * size, '\0');
  checked(H5Aread(attribute, type, bytes.data()), "H5Aread", at);
  for (std::size_t i = 0; i < count; i++) all.push_back(unpadded(bytes.substr(i * size, size), type));
  return all;
}

AttributeValue read_one(hid_t object, const std::string& name, const Place& at) {
  AttributeHandle attribute(checked(H5Aopen(object, name.c_str(), H5P_DEFAULT), "H5Aopen", at));
  TypeHandle type(checked(H5Aget_type(attribute.get()), "H5Aget_type", at));
  SpaceHandle space(checked(H5Aget_space(attribute.get()), "H5Aget_space", at));
  const auto kind = H5Tget_class(type.get());
  const auto elements = checked(H5Sget_simple_extent_npoints(space.get()), "H5Sget_simple_extent_npoints", at);
  const bool single = H5Sget_simple_extent_type(space.get()) == H5S_SCALAR || (elements == 1 && kind == H5T_STRING);
  const bool numeric = kind == H5T_INTEGER || kind == H5T_FLOAT;
  if (kind == H5T_STRING && single) return read_string(attribute.get(), type.get(), at);
  const bool truth = kind == H5T_ENUM && dtype_of_hdf5(type.get()) == DType::bool_;
  if (truth && single) {
    signed char value = 0;
    checked(H5Aread(attribute.get(), type.get(), &value), "H5Aread", at);
    return std::int64_t(value);
  }
  if (kind == H5T_INTEGER && single && !(H5Tget_sign(type.get()) == H5T_SGN_NONE && H5Tget_size(type.get()) == 8)) {
    std::int64_t value = 0;
    checked(H5Aread(attribute.get(), H5T_NATIVE_INT64, &value), "H5Aread", at);
    return value;
  }
  if (numeric && single) {
    double value = 0;
    checked(H5Aread(attribute.get(), H5T_NATIVE_DOUBLE, &value), "H5Aread", at);
    return value;
  }
  if (kind == H5T_STRING && H5Sget_simple_extent_type(space.get()) == H5S_SIMPLE) return read_strings(attribute.get(), type.get(), static_cast<std::size_t>(elements), at);
  if (kind == H5T_INTEGER && H5Sget_simple_extent_type(space.get()) == H5S_SIMPLE && !(H5Tget_sign(type.get()) == H5T_SGN_NONE && H5Tget_size(type.get()) == 8)) {
    std::vector<std::int64_t> values(static_cast<std::size_t>(elements));
    if (elements) checked(H5Aread(attribute.get(), H5T_NATIVE_INT64, values.data()), "H5Aread", at);
    return values;
  }
  if (numeric && H5Sget_simple_extent_type(space.get()) == H5S_SIMPLE) {
    std::vector<double> values(static_cast<std::size_t>(elements));
    if (elements) checked(H5Aread(attribute.get(), H5T_NATIVE_DOUBLE, values.data()), "H5Aread", at);
    return values;
  }
  return "<" + type_text(type.get()) + ">";
}

struct Text {
  std::string operator()(const std::string& text) const { return '"' + text + '"'; }
  std::string operator()(double v) const { return number(v); }
  std::string operator()(std::int64_t v) const { return std::to_string(v); }
  template <class T>
  std::string operator()(const std::vector<T>& list) const {
    std::string text = "[";
    for (std::size_t i = 0; i < list.size(); i++) text += (i ? ", " : "") + one(list[i]);
    return text + "]";
  }
  static std::string one(double v) { return number(v); }
  static std::string one(std::int64_t v) { return std::to_string(v); }
  static std::string one(const std::string& v) { return '"' + v + '"'; }
};

}  // namespace

std::string to_string(const AttributeValue& value) {
  return std::visit(Text{}, value);
}

std::ostream& operator<<(std::ostream& out, const Attribute& attribute) {
  return out << attribute.name << " = " << to_string(attribute.value);
}

bool has_attribute(hid_t object, const char* name, const Place& at) { return checked(H5Aexists(object, name), "H5Aexists", at) > 0; }

void remove_attribute(hid_t object, const char* name, const Place& at) {
  if (has_attribute(object, name, at)) checked(H5Adelete(object, name), "H5Adelete", at);
}

void write_attribute(hid_t object, const Attribute& attribute, const Place& where) {
  const Place at = attribute_of(where, attribute.name);
  if (attribute.name.empty()) throw ValueError("an attribute of " + where.object + " of " + where.file + " has no name");
  remove_attribute(object, attribute.name.c_str(), at);
  SpaceHandle scalar(checked(H5Screate(H5S_SCALAR), "H5Screate", at));
  struct Write {
    hid_t object, scalar;
    const std::string& name;
    const Place& at;
    void operator()(const std::string& text) const {
      const TypeHandle type = utf8_string(at);
      const char* bytes = text.c_str();
      create(object, name, type.get(), type.get(), scalar, &bytes, at);
    }
    void operator()(double v) const { create(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, scalar, &v, at); }
    void operator()(std::int64_t v) const { create(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, scalar, &v, at); }
    void operator()(const std::vector<double>& list) const { create(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, simple(list.size()).get(), list.data(), at); }
    void operator()(const std::vector<std::int64_t>& list) const { create(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, simple(list.size()).get(), list.data(), at); }
    void operator()(const std::vector<std::string>& list) const {
      std::vector<const char*> texts;
      for (const std::string& text : list) texts.push_back(text.c_str());
      const TypeHandle type = utf8_string(at);
      create(object, name, type.get(), type.get(), simple(list.size()).get(), texts.data(), at);
    }
    SpaceHandle simple(hsize_t count) const { return SpaceHandle(checked(H5Screate_simple(1, &count, nullptr), "H5Screate_simple", at)); }
  };
  std::visit(Write{object, scalar.get(), attribute.name, at}, attribute.value);
}

Attributes read_attributes(hid_t object, const Place& where) {
  std::vector<std::string> names;
  hsize_t from = 0;
  const auto note = [](hid_t, const char* name, const H5A_info_t*, void* into) -> herr_t {
    static_cast<std::vector<std::string>*>(into)->push_back(name);
    return 0;
  };
  checked(H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, &from, note, &names), "H5Aiterate2", where);
  Attributes attributes;
  for (const auto& name : names) attributes.push_back({name, read_one(object, name, attribute_of(where, name))});
  return attributes;
}

}  // namespace ashlar::hdf5
