#include "ashlar/hdf5/fields.hpp"

#include <algorithm>
#include <cstring>

#include "ashlar/hdf5/element_types_detail.hpp"
#include "ashlar/hdf5/open_files_detail.hpp"
#include "ashlar/hdf5/thread.hpp"

namespace ashlar::hdf5 {

namespace {

Field field_of(hid_t type, const Place& at) {
  Field field;
  field.type = type_text(type);
  const TypeHandle base(H5Tget_class(type) == H5T_ARRAY ? checked(H5Tget_super(type), "H5Tget_super", at) : checked(H5Tcopy(type), "H5Tcopy", at));
  if (H5Tget_class(type) == H5T_ARRAY) {
    std::vector<hsize_t> axes(static_cast<std::size_t>(checked(H5Tget_array_ndims(type), "H5Tget_array_ndims", at)));
    checked(H5Tget_array_dims2(type, axes.data()), "H5Tget_array_dims2", at);
    for (const hsize_t n : axes) field.width *= static_cast<index_t>(n);
  }
  field.itemsize = H5Tget_size(base.get());
  switch (H5Tget_class(base.get())) {
    case H5T_INTEGER:
      if (field.itemsize != 1 && field.itemsize != 2 && field.itemsize != 4 && field.itemsize != 8) break;
      field.kind = H5Tget_sign(base.get()) == H5T_SGN_NONE ? Field::Kind::unsigned_integer : Field::Kind::integer;
      break;
    case H5T_FLOAT:
      field.kind = field.itemsize <= 8 ? Field::Kind::real : Field::Kind::other;
      if (field.kind == Field::Kind::real) field.itemsize = field.itemsize <= 4 ? 4 : 8;
      break;
    case H5T_BITFIELD:
      field.kind = field.itemsize == 1 ? Field::Kind::boolean : Field::Kind::other;
      break;
    case H5T_ENUM:
      field.kind = dtype_of_hdf5(base.get()) == DType::bool_ ? Field::Kind::boolean : Field::Kind::other;
      break;
    case H5T_STRING:
      field.kind = H5Tis_variable_str(base.get()) > 0 ? Field::Kind::other : Field::Kind::text;
      break;
    case H5T_VLEN: {
      const TypeHandle element(checked(H5Tget_super(base.get()), "H5Tget_super", at));
      field.kind = H5Tget_size(element.get()) == 1 ? Field::Kind::byte_list : Field::Kind::other;
      break;
    }
    default:
      break;
  }
  return field;
}

// What the field is in memory.
TypeHandle memory_type(const Field& field, hid_t stored, const Place& at) {
  const auto copy = [&](hid_t type) { return TypeHandle(checked(H5Tcopy(type), "H5Tcopy", at)); };
  const auto by_size = [&](hid_t one, hid_t two, hid_t four, hid_t eight) {
    return copy(field.itemsize == 1 ? one : field.itemsize == 2 ? two : field.itemsize == 4 ? four : eight);
  };
  switch (field.kind) {
    case Field::Kind::integer:
      return by_size(H5T_NATIVE_INT8, H5T_NATIVE_INT16, H5T_NATIVE_INT32, H5T_NATIVE_INT64);
    case Field::Kind::unsigned_integer:
      return by_size(H5T_NATIVE_UINT8, H5T_NATIVE_UINT16, H5T_NATIVE_UINT32, H5T_NATIVE_UINT64);
    case Field::Kind::real:
      return copy(field.itemsize == 4 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE);
    case Field::Kind::boolean:
    case Field::Kind::text:
      return H5Tget_class(stored) == H5T_ARRAY ? TypeHandle(checked(H5Tget_super(stored), "H5Tget_super", at)) : copy(stored);
    default:
      throw TypeError("cannot read " + (field.name.empty() ? "the elements" : "the member \"" + field.name + "\"") + " of " + at.object + " of " + at.file +
                      ": it holds " + field.type);
  }
}

struct Opened {
  OpenDataset& dataset;
  Place at;
  TypeHandle type;
  std::vector<hsize_t> axes;
};

Opened opened(const std::string& path, const std::string& name) {
  OpenDataset& dataset = open_file(path).dataset(name);
  Place at{path, dataset.info.name};
  TypeHandle type(checked(H5Dget_type(dataset.handle.get()), "H5Dget_type", at));
  const SpaceHandle space(checked(H5Dget_space(dataset.handle.get()), "H5Dget_space", at));
  const int ndim = checked(H5Sget_simple_extent_ndims(space.get()), "H5Sget_simple_extent_ndims", at);
  if (ndim < 1 || ndim > 2)
    throw TypeError("rows are read from datasets of one or two axes, " + dataset.info.name + " of " + path + " has " + std::to_string(ndim));
  std::vector<hsize_t> axes(static_cast<std::size_t>(ndim));
  checked(H5Sget_simple_extent_dims(space.get(), axes.data(), nullptr), "H5Sget_simple_extent_dims", at);
  return {dataset, std::move(at), std::move(type), std::move(axes)};
}

Fields fields_of(const Opened& open) {
  Fields out;
  out.rows = static_cast<index_t>(open.axes[0]);
  if (H5Tget_class(open.type.get()) != H5T_COMPOUND || dtype_of_hdf5(open.type.get())) {
    out.fields.push_back(field_of(open.type.get(), open.at));
    if (open.axes.size() == 2) out.fields[0].width = static_cast<index_t>(open.axes[1]);
    return out;
  }
  const int members = H5Tget_nmembers(open.type.get());
  for (int i = 0; i < members; ++i) {
    const auto number = static_cast<unsigned>(i);
    const TypeHandle member(checked(H5Tget_member_type(open.type.get(), number), "H5Tget_member_type", open.at));
    out.fields.push_back(field_of(member.get(), open.at));
    char* const name = H5Tget_member_name(open.type.get(), number);
    out.fields.back().name = name ? name : "";
    H5free_memory(name);
  }
  return out;
}

// The selected rows of the file, and as many elements in memory.
SpaceHandle rows_in_file(const Opened& open, index_t start, index_t count) {
  if (start < 0 || count < 0 || start + count > static_cast<index_t>(open.axes[0]))
    throw IndexError("no such rows: [" + std::to_string(start) + ", " + std::to_string(start + count) + ") of " + std::to_string(open.axes[0]) + " in " + open.at.object);
  SpaceHandle space(checked(H5Dget_space(open.dataset.handle.get()), "H5Dget_space", open.at));
  std::vector<hsize_t> first(open.axes.size(), 0), many = open.axes;
  first[0] = static_cast<hsize_t>(start);
  many[0] = static_cast<hsize_t>(count);
  checked(H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, first.data(), nullptr, many.data(), nullptr), "H5Sselect_hyperslab", open.at);
  return space;
}

}  // namespace

Fields describe_fields(const std::string& path, const std::string& dataset) {
  return Thread::instance().run([&] { return fields_of(opened(path, dataset)); });
}

Buffer read_field(const std::string& path, const std::string& dataset, const std::string& field, index_t start, index_t count) {
  return Thread::instance().run([&] {
    const Opened open = opened(path, dataset);
    const Fields all = fields_of(open);
    std::size_t number = 0;
    while (number < all.fields.size() && all.fields[number].name != field) ++number;
    if (number == all.fields.size()) throw KeyError("no member \"" + field + "\" in " + open.at.object + " of " + path);
    const Field& wanted = all.fields[number];
    const std::size_t row_bytes = wanted.itemsize * static_cast<std::size_t>(wanted.width);
    Buffer out = Buffer::allocate(std::max<std::size_t>(row_bytes * static_cast<std::size_t>(count), 1));
    const SpaceHandle file_space = rows_in_file(open, start, count);
    if (count == 0 || row_bytes == 0) return out;
    TypeHandle stored(field.empty() ? checked(H5Tcopy(open.type.get()), "H5Tcopy", open.at)
                                    : checked(H5Tget_member_type(open.type.get(), static_cast<unsigned>(number)), "H5Tget_member_type", open.at));
    TypeHandle memory = memory_type(wanted, stored.get(), open.at);
    if (H5Tget_class(stored.get()) == H5T_ARRAY) {
      std::vector<hsize_t> axes(static_cast<std::size_t>(H5Tget_array_ndims(stored.get())));
      checked(H5Tget_array_dims2(stored.get(), axes.data()), "H5Tget_array_dims2", open.at);
      memory = TypeHandle(checked(H5Tarray_create2(memory.get(), static_cast<unsigned>(axes.size()), axes.data()), "H5Tarray_create2", open.at));
    }
    if (!field.empty()) {
      TypeHandle one(checked(H5Tcreate(H5T_COMPOUND, H5Tget_size(memory.get())), "H5Tcreate", open.at));
      checked(H5Tinsert(one.get(), field.c_str(), 0, memory.get()), "H5Tinsert", open.at);
      memory = std::move(one);
    }
    std::vector<hsize_t> shape = open.axes;
    shape[0] = static_cast<hsize_t>(count);
    const SpaceHandle memory_space(checked(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr), "H5Screate_simple", open.at));
    checked(H5Dread(open.dataset.handle.get(), memory.get(), memory_space.get(), file_space.get(), H5P_DEFAULT, out.data()), "H5Dread", open.at);
    return out;
  });
}

Bytes read_byte_list(const std::string& path, const std::string& dataset, index_t row) {
  return Thread::instance().run([&] {
    const Opened open = opened(path, dataset);
    if (open.axes.size() != 1 || fields_of(open).fields[0].kind != Field::Kind::byte_list)
      throw TypeError("a list of bytes was wanted in " + open.at.object + " of " + path + ", it holds " + type_text(open.type.get()));
    const SpaceHandle file_space = rows_in_file(open, row, 1);
    const hsize_t one = 1;
    const SpaceHandle memory_space(checked(H5Screate_simple(1, &one, nullptr), "H5Screate_simple", open.at));
    const TypeHandle memory(checked(H5Tvlen_create(H5T_NATIVE_UINT8), "H5Tvlen_create", open.at));
    hvl_t list{};
    checked(H5Dread(open.dataset.handle.get(), memory.get(), memory_space.get(), file_space.get(), H5P_DEFAULT, &list), "H5Dread", open.at);
    Bytes out(list.len);
    if (list.len) std::memcpy(out.data(), list.p, list.len);
    H5Dvlen_reclaim(memory.get(), memory_space.get(), H5P_DEFAULT, &list);
    return out;
  });
}

}  // namespace ashlar::hdf5
