#include <algorithm>

#include "ashlar/hdf5/attributes_detail.hpp"
#include "ashlar/hdf5/dataset_detail.hpp"
#include "ashlar/hdf5/dimensions_detail.hpp"
#include "ashlar/hdf5/element_types_detail.hpp"

namespace ashlar::hdf5 {

namespace {

std::vector<hsize_t> sizes(const std::vector<index_t>& v) { return {v.begin(), v.end()}; }

std::string tuple(const std::vector<index_t>& v) { return to_string(Shape(v)); }

/// Every group a name passes through: "/a/b/x" -> "/a", "/a/b".
std::vector<std::string> parents(const std::string& name) {
  std::vector<std::string> all;
  for (auto at = name.find('/', 1); at != std::string::npos; at = name.find('/', at + 1)) all.push_back(name.substr(0, at));
  return all;
}

H5O_type_t object_type(hid_t file, const std::string& name, const Place& at) {
  H5O_info_t info;
  checked(H5Oget_info_by_name2(file, name.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT), "H5Oget_info_by_name", at);
  return info.type;
}

/// A link may be there and lead nowhere.
bool resolves(hid_t file, const std::string& name, const Place& at) {
  return checked(H5Lexists(file, name.c_str(), H5P_DEFAULT), "H5Lexists", at) > 0 &&
         checked(H5Oexists_by_name(file, name.c_str(), H5P_DEFAULT), "H5Oexists_by_name", at) > 0;
}

const char* filter_name(H5Z_filter_t filter) {
  switch (filter) {
    case H5Z_FILTER_DEFLATE:
      return "gzip";
    case H5Z_FILTER_SHUFFLE:
      return "shuffle";
    case H5Z_FILTER_FLETCHER32:
      return "fletcher32";
    case H5Z_FILTER_SZIP:
      return "szip";
    case H5Z_FILTER_NBIT:
      return "nbit";
    case H5Z_FILTER_SCALEOFFSET:
      return "scaleoffset";
    case 32000:
      return "lzf";
    default:
      return nullptr;
  }
}

// None when there is a filter that `chunk_codec` does not know, or they stand in another order.
std::optional<Filters> codec_of(const std::vector<std::string>& names, const std::vector<int>& levels) {
  Filters filters;
  std::size_t next = 0;
  const auto is = [&](const char* name) { return next < names.size() && names[next] == name; };
  if (is("shuffle")) filters.shuffle = true, ++next;
  if (is("gzip")) filters.gzip_level = levels[next], ++next;
  if (is("fletcher32")) filters.fletcher32 = true, ++next;
  if (next != names.size()) return std::nullopt;
  return filters;
}

void map_parts(hid_t creation, hid_t space, const DatasetSpec& spec, const Place& at) {
  for (const VirtualPart& part : spec.parts) {
    auto count = sizes(spec.shape.v);
    std::vector<hsize_t> start(count.size(), 0);
    if (!count.empty()) {
      start.at(static_cast<std::size_t>(spec.virtual_axis)) = static_cast<hsize_t>(part.start);
      count[static_cast<std::size_t>(spec.virtual_axis)] = static_cast<hsize_t>(part.length);
    }
    const SpaceHandle source(count.empty() ? checked(H5Screate(H5S_SCALAR), "H5Screate", at)
                                           : checked(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), "H5Screate_simple", at));
    if (!count.empty()) checked(H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), "H5Sselect_hyperslab", at);
    checked(H5Pset_virtual(creation, space, part.file.c_str(), part.dataset.c_str(), source.get()), "H5Pset_virtual", at);
  }
  checked(H5Sselect_all(space), "H5Sselect_all", at);
}

}  // namespace

std::string dataset_name(const std::string& name) {
  std::string clean;
  for (char c : "/" + name)
    if (c != '/' || clean.empty() || clean.back() != '/') clean += c;
  if (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  if (clean == "/") throw ValueError("the name of a dataset is missing: \"" + name + "\"");
  return clean;
}

Place dataset_of(const std::string& file, const std::string& name) { return {file, "dataset " + name}; }

void check_spec(const DatasetSpec& spec) {
  dataset_name(spec.name);
  if (spec.existing) return;
  if (spec.half && spec.dtype != DType::float32)
    throw InternalError("half floats of dataset " + spec.name + " are float32 in memory, not " + std::string(dtype_name(spec.dtype)));
  if (spec.filters.gzip_level > 9 || spec.filters.gzip_level < -1)
    throw ValueError("the level of gzip of dataset " + spec.name + " must be 0 to 9, found " + std::to_string(spec.filters.gzip_level));
  if (spec.storage_chunks.empty() && spec.shape.ndim() > 0 && (spec.filters.any() || !spec.max_shape.empty()))
    throw ValueError("dataset " + spec.name + " needs storage_chunks: only storage in chunks can be " + (spec.filters.any() ? "compressed or summed" : "extended"));
  if (spec.shape.ndim() == 0 && (spec.filters.any() || !spec.max_shape.empty()))
    throw ValueError("dataset " + spec.name + " has no axes: one number can be neither compressed nor extended");
  if (!spec.max_shape.empty() && spec.max_shape.size() != spec.shape.size())
    throw ShapeError("maxshape of dataset " + spec.name + " does not fit its shape: maxshape " + tuple(spec.max_shape) + ", shape " + to_string(spec.shape));
  for (std::size_t i = 0; i < spec.max_shape.size(); i++)
    if (spec.max_shape[i] != unlimited && spec.max_shape[i] < spec.shape[i])
      throw ShapeError("maxshape of dataset " + spec.name + " is less than its shape: axis " + std::to_string(i) + ", maxshape " + std::to_string(spec.max_shape[i]) +
                       ", length " + std::to_string(spec.shape[i]));
  for (index_t n : spec.shape)
    if (n < 0) throw ShapeError("dataset " + spec.name + " needs known lengths: shape " + to_string(spec.shape));
  if (spec.shape.ndim() > H5S_MAX_RANK)
    throw ShapeError("dataset " + spec.name + " has " + std::to_string(spec.shape.ndim()) + " axes, HDF5 takes 32");
  if (spec.storage_chunks.empty()) return;
  if (spec.storage_chunks.size() != spec.shape.size())
    throw ShapeError("storage_chunks of dataset " + spec.name + " do not fit its shape: storage_chunks " + tuple(spec.storage_chunks) +
                     ", shape " + to_string(spec.shape));
  double nbytes = spec.half ? 2 : static_cast<double>(itemsize(spec.dtype));
  for (std::size_t i = 0; i < spec.shape.size(); i++) {
    if (spec.storage_chunks[i] < 1)
      throw ShapeError("storage_chunks of dataset " + spec.name + " must be positive: " + tuple(spec.storage_chunks));
    nbytes *= static_cast<double>(spec.max_shape.empty() ? std::min(spec.storage_chunks[i], spec.shape[i]) : spec.storage_chunks[i]);
  }
  if (nbytes >= 4294967296.0)
    throw ValueError("storage_chunks of dataset " + spec.name + " are too large: one has " +
                     format_bytes(static_cast<std::int64_t>(nbytes)) + ", HDF5 takes less than 4 GiB");
}

void check_writable(const DatasetInfo& into, DType type, const std::string& path) {
  if (!into.dtype) throw TypeError("cannot write into dataset " + into.name + " of " + path + ": it holds " + into.type + ", not numbers");
  const bool fits = readable_as(type, *into.dtype) && !(into.half && is_integer(type) && itemsize(type) > 1);
  if (!fits)
    throw TypeError("cannot write " + std::string(dtype_name(type)) + " into dataset " + into.name + " of " + path + ", which holds " + into.type +
                    ": values might not fit; convert them with astype first");
}

bool has_dataset(hid_t file, const std::string& name, const std::string& path) {
  const Place at = dataset_of(path, name);
  for (const auto& group : parents(name)) {
    if (!resolves(file, group, at)) return false;
    if (object_type(file, group, at) != H5O_TYPE_GROUP)
      throw TypeError(group + " of " + path + " is not a group, so there cannot be a dataset " + name);
  }
  if (!resolves(file, name, at)) return false;
  if (object_type(file, name, at) != H5O_TYPE_DATASET) throw TypeError(name + " of " + path + " is not a dataset");
  return true;
}

DatasetHandle create_dataset(hid_t file, const DatasetSpec& spec, const std::string& path) {
  const std::string name = dataset_name(spec.name);
  const Place at = dataset_of(path, name);
  const int ndim = spec.shape.ndim();
  const auto dims = sizes(spec.shape.v);
  std::vector<hsize_t> most;
  for (index_t n : spec.max_shape) most.push_back(n == unlimited ? H5S_UNLIMITED : static_cast<hsize_t>(n));
  SpaceHandle space(ndim ? checked(H5Screate_simple(ndim, dims.data(), most.empty() ? nullptr : most.data()), "H5Screate_simple", at)
                         : checked(H5Screate(H5S_SCALAR), "H5Screate", at));
  PropertyHandle creation = property_list(H5P_DATASET_CREATE, at), link = property_list(H5P_LINK_CREATE, at);
  checked(H5Pset_create_intermediate_group(link.get(), 1), "H5Pset_create_intermediate_group", at);
  // Ranks that write independently cannot allocate, and a fill would write everything twice. What is compressed has one writer, and no size yet.
  checked(H5Pset_alloc_time(creation.get(), spec.filters.any() || !spec.parts.empty() ? H5D_ALLOC_TIME_INCR : H5D_ALLOC_TIME_EARLY), "H5Pset_alloc_time", at);
  checked(H5Pset_fill_time(creation.get(), H5D_FILL_TIME_NEVER), "H5Pset_fill_time", at);
  if (!spec.parts.empty()) {
    map_parts(creation.get(), space.get(), spec, at);
  } else if (ndim && (spec.shape.elements() || !most.empty()) && !spec.storage_chunks.empty()) {
    auto chunk = sizes(spec.storage_chunks);
    if (most.empty())
      for (std::size_t i = 0; i < chunk.size(); i++) chunk[i] = std::min(chunk[i], dims[i]);
    checked(H5Pset_chunk(creation.get(), ndim, chunk.data()), "H5Pset_chunk", at);
  }
  if (H5Pget_layout(creation.get()) == H5D_CHUNKED) {
    if (spec.filters.shuffle) checked(H5Pset_shuffle(creation.get()), "H5Pset_shuffle", at);
    if (spec.filters.gzip_level >= 0) checked(H5Pset_deflate(creation.get(), static_cast<unsigned>(spec.filters.gzip_level)), "H5Pset_deflate", at);
    if (spec.filters.fletcher32) checked(H5Pset_fletcher32(creation.get()), "H5Pset_fletcher32", at);
  }
  const TypeHandle type = spec.half ? half_type(at) : hdf5_type(spec.dtype, at);
  DatasetHandle dataset(
      checked(H5Dcreate2(file, name.c_str(), type.get(), space.get(), link.get(), creation.get(), H5P_DEFAULT), "H5Dcreate2", at));
  for (const auto& attribute : spec.attributes) write_attribute(dataset.get(), attribute, at);
  return dataset;
}

DatasetHandle open_dataset(hid_t file, const std::string& name, const std::string& path) {
  const Place at = dataset_of(path, name);
  return DatasetHandle(checked(H5Dopen2(file, name.c_str(), H5P_DEFAULT), "H5Dopen2", at));
}

DatasetInfo dataset_info(hid_t dataset, const std::string& name, const std::string& path) {
  const Place at = dataset_of(path, name);
  DatasetInfo info;
  info.name = name;
  const TypeHandle type(checked(H5Dget_type(dataset), "H5Dget_type", at));
  info.dtype = dtype_of_hdf5(type.get());
  info.type = type_text(type.get());
  info.half = is_half(type.get());
  const SpaceHandle space(checked(H5Dget_space(dataset), "H5Dget_space", at));
  info.empty = H5Sget_simple_extent_type(space.get()) == H5S_NULL;
  const int ndim = checked(H5Sget_simple_extent_ndims(space.get()), "H5Sget_simple_extent_ndims", at);
  std::vector<hsize_t> dims(static_cast<std::size_t>(ndim));
  std::vector<hsize_t> most(dims.size());
  if (ndim) checked(H5Sget_simple_extent_dims(space.get(), dims.data(), most.data()), "H5Sget_simple_extent_dims", at);
  info.shape.v.assign(dims.begin(), dims.end());
  if (most != dims)
    for (hsize_t n : most) info.max_shape.push_back(n == H5S_UNLIMITED ? unlimited : static_cast<index_t>(n));
  if (info.dtype) {
    const TypeHandle memory = info.half ? half_type(at) : hdf5_type(*info.dtype, at);
    info.native = H5Tequal(type.get(), memory.get()) > 0;
  }
  const PropertyHandle creation(checked(H5Dget_create_plist(dataset), "H5Dget_create_plist", at));
  info.is_virtual = H5Pget_layout(creation.get()) == H5D_VIRTUAL;
  if (H5Pget_layout(creation.get()) == H5D_CHUNKED) {
    checked(H5Pget_chunk(creation.get(), ndim, dims.data()), "H5Pget_chunk", at);
    info.storage_chunks.assign(dims.begin(), dims.end());
  }
  const int filters = H5Pget_nfilters(creation.get());
  std::vector<int> levels;
  for (int i = 0; i < filters; i++) {
    unsigned flags = 0, config = 0;
    unsigned value = 0;  // of gzip its level
    std::size_t values = 1;
    const auto filter = H5Pget_filter2(creation.get(), static_cast<unsigned>(i), &flags, &values, &value, 0, nullptr, &config);
    const char* known = filter_name(filter);
    info.filters.push_back(known ? known : "filter " + std::to_string(filter));
    levels.push_back(values ? static_cast<int>(value) : 6);
  }
  info.codec = codec_of(info.filters, levels);
  info.storage_nbytes = static_cast<std::int64_t>(H5Dget_storage_size(dataset));
  info.attributes = read_attributes(dataset, at);
  const std::size_t all = info.attributes.size();
  remove_dimension_attributes(info.attributes);
  if (info.attributes.size() < all) info.dims = read_dimensions(dataset, info, at);
  const auto mark =
      std::find_if(info.attributes.begin(), info.attributes.end(), [](const Attribute& a) { return a.name == incomplete_attribute; });
  if (mark != info.attributes.end()) {
    info.incomplete = true;
    info.attributes.erase(mark);
  }
  const auto appending = std::find_if(info.attributes.begin(), info.attributes.end(), [](const Attribute& a) { return a.name == append_attribute; });
  if (appending != info.attributes.end()) {
    const auto* values = std::get_if<std::vector<std::int64_t>>(&appending->value);
    if (info.incomplete && values && values->size() == 2) {
      info.append_axis = static_cast<int>(values->at(0));
      info.append_from = values->at(1);
    }
    info.attributes.erase(appending);
  }
  return info;
}

}  // namespace ashlar::hdf5
