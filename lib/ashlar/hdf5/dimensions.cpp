#include <hdf5_hl.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "ashlar/hdf5/dataset_detail.hpp"
#include "ashlar/hdf5/dimensions_detail.hpp"

namespace ashlar::hdf5 {

namespace {

std::string last_part(const std::string& name) { return name.substr(name.rfind('/') + 1); }

/// The names that a dimension may have a scale under, from the dataset's own group outwards.
std::vector<std::string> candidates(const std::string& dataset, const std::string& dimension) {
  std::vector<std::string> all;
  for (std::size_t end = dataset.rfind('/'); end != std::string::npos; end = end ? dataset.rfind('/', end - 1) : std::string::npos) all.push_back(dataset.substr(0, end) + "/" + dimension);
  return all;
}

/// Of a dataset with one axis; else none.
std::optional<index_t> length_in_file(hid_t file, const std::string& name, const std::string& path) {
  const Place at = dataset_of(path, name);
  for (std::size_t end = name.find('/', 1);; end = name.find('/', end + 1)) {
    if (checked(H5Lexists(file, name.substr(0, end).c_str(), H5P_DEFAULT), "H5Lexists", at) == 0) return std::nullopt;
    if (end == std::string::npos) break;
  }
  const ObjectHandle object(checked(H5Oopen(file, name.c_str(), H5P_DEFAULT), "H5Oopen", at));
  if (H5Iget_type(object.get()) != H5I_DATASET) return std::nullopt;
  const SpaceHandle space(checked(H5Dget_space(object.get()), "H5Dget_space", at));
  if (H5Sget_simple_extent_ndims(space.get()) != 1) return std::nullopt;
  return static_cast<index_t>(checked(H5Sget_simple_extent_npoints(space.get()), "H5Sget_simple_extent_npoints", at));
}

std::string scale_named(hid_t file, const std::string& dataset, const std::string& dimension, const std::string& path) {
  for (const std::string& name : candidates(dataset, dimension))
    if (length_in_file(file, name, path)) return name;
  return {};
}

void check_length(const std::string& name, const std::string& path, std::size_t axis, const std::string& dimension, index_t length, const std::string& scale, index_t found) {
  if (found != length)
    throw ShapeError("dims of dataset " + name + " of " + path + ": axis " + std::to_string(axis) + ", \"" + dimension + "\", has length " + std::to_string(length) + ", its scale " + scale +
                     " has " + std::to_string(found));
}

void attach(hid_t file, hid_t dataset, const DatasetSpec& spec, const std::string& name, std::size_t axis, index_t length, const std::string& path) {
  const Place at = dataset_of(path, name);
  const std::string& dimension = spec.dims[axis];
  checked(H5DSset_label(dataset, static_cast<unsigned>(axis), dimension.c_str()), "H5DSset_label", at);
  const std::string scale_name = scale_named(file, name, dimension, path);
  if (scale_name.empty()) return;
  const Place scale_at = dataset_of(path, scale_name);
  const DatasetHandle scale = open_dataset(file, scale_name, path);
  if (checked(H5DSis_scale(scale.get()), "H5DSis_scale", scale_at) == 0) checked(H5DSset_scale(scale.get(), dimension.c_str()), "H5DSset_scale", scale_at);
  if (scale_name == name) return;  // a scale has no scales
  check_length(name, path, axis, dimension, length, scale_name, *length_in_file(file, scale_name, path));
  if (checked(H5DSis_attached(dataset, scale.get(), static_cast<unsigned>(axis)), "H5DSis_attached", at) == 0)
    checked(H5DSattach_scale(dataset, scale.get(), static_cast<unsigned>(axis)), "H5DSattach_scale", at);
}

struct Scales {
  std::vector<std::string> with_values;
  std::string name;  ///< of the first
};

// NetCDF's dimensions that have no variable: scales of that name, whose elements mean nothing.
constexpr std::string_view no_variable = "This is a netCDF dimension but not a netCDF variable";

std::string scale_name(hid_t scale) {
  const ssize_t length = H5DSget_scale_name(scale, nullptr, 0);
  if (length <= 0) return {};
  std::string name(static_cast<std::size_t>(length) + 1, '\0');
  H5DSget_scale_name(scale, name.data(), name.size());
  name.resize(static_cast<std::size_t>(length));
  return name;
}

herr_t note_scale(hid_t, unsigned, hid_t scale, void* into) {
  auto& scales = *static_cast<Scales*>(into);
  std::string path(static_cast<std::size_t>(std::max<ssize_t>(H5Iget_name(scale, nullptr, 0), 0)) + 1, '\0');
  H5Iget_name(scale, path.data(), path.size());
  path.pop_back();
  if (scales.name.empty()) scales.name = last_part(path);
  if (!scale_name(scale).starts_with(no_variable)) scales.with_values.push_back(std::move(path));
  return 0;
}

}  // namespace

void check_dimensions(hid_t file, const std::vector<DatasetSpec>& datasets, const std::string& path) {
  const auto length_of = [&](const std::string& name) -> std::optional<index_t> {
    for (const DatasetSpec& spec : datasets)
      if ((!spec.existing || spec.append_axis >= 0) && spec.shape.ndim() == 1 && dataset_name(spec.name) == name) return spec.shape[0];
    return length_in_file(file, name, path);
  };
  for (const DatasetSpec& spec : datasets) {
    const std::string name = dataset_name(spec.name);
    for (std::size_t axis = 0; axis < std::min(spec.dims.size(), spec.shape.size()); ++axis) {
      if (spec.dims[axis].empty()) continue;
      for (const std::string& scale : candidates(name, spec.dims[axis])) {
        const auto found = length_of(scale);
        if (!found) continue;
        if (scale != name) check_length(name, path, axis, spec.dims[axis], spec.shape[axis], scale, *found);
        break;
      }
    }
  }
}

void write_dimensions(hid_t file, const std::vector<DatasetSpec>& datasets, const std::string& path) {
  // Scales first: what is attached must be one.
  for (const bool scales : {true, false})
    for (const DatasetSpec& spec : datasets) {
      if (spec.dims.empty()) continue;
      const std::string name = dataset_name(spec.name);
      const Place at = dataset_of(path, name);
      const DatasetHandle dataset = open_dataset(file, name, path);
      const SpaceHandle space(checked(H5Dget_space(dataset.get()), "H5Dget_space", at));
      const int ndim = checked(H5Sget_simple_extent_ndims(space.get()), "H5Sget_simple_extent_ndims", at);
      if (std::cmp_not_equal(spec.dims.size(), ndim))
        throw ValueError("dims of dataset " + name + " of " + path + " need one name for each axis: names " + std::to_string(spec.dims.size()) + ", axes " + std::to_string(ndim));
      if (scales != (ndim == 1 && spec.dims[0] == last_part(name))) continue;
      std::vector<hsize_t> lengths(spec.dims.size());
      if (ndim) checked(H5Sget_simple_extent_dims(space.get(), lengths.data(), nullptr), "H5Sget_simple_extent_dims", at);
      for (std::size_t axis = 0; axis < spec.dims.size(); ++axis)
        if (!spec.dims[axis].empty()) attach(file, dataset.get(), spec, name, axis, static_cast<index_t>(lengths[axis]), path);
    }
}

std::vector<Dimension> read_dimensions(hid_t dataset, const DatasetInfo& info, const Place& at) {
  std::vector<Dimension> dimensions(info.shape.size());
  const bool is_scale = checked(H5DSis_scale(dataset), "H5DSis_scale", at) > 0;
  for (std::size_t axis = 0; axis < dimensions.size(); ++axis) {
    const auto number = static_cast<unsigned>(axis);
    Scales scales;
    if (!is_scale && checked(H5DSget_num_scales(dataset, number), "H5DSget_num_scales", at) > 0)
      checked(H5DSiterate_scales(dataset, number, nullptr, note_scale, &scales), "H5DSiterate_scales", at);
    char label[512] = {};
    if (H5DSget_label(dataset, number, label, sizeof label) < 0) H5Eclear2(H5E_DEFAULT);
    Dimension& dimension = dimensions[axis];
    dimension.name = label[0] ? label : scales.name;
    if (dimension.name.empty() && is_scale && info.shape.size() == 1) dimension.name = last_part(info.name);
    dimension.scales = std::move(scales.with_values);
  }
  return dimensions;
}

void remove_dimension_attributes(Attributes& attributes) {
  const bool scale = std::any_of(attributes.begin(), attributes.end(), [](const Attribute& a) {
    const auto* text = std::get_if<std::string>(&a.value);
    return a.name == "CLASS" && text && *text == "DIMENSION_SCALE";
  });
  std::erase_if(attributes, [&](const Attribute& a) {
    return a.name == "DIMENSION_LIST" || a.name == "DIMENSION_LABELS" || a.name == "REFERENCE_LIST" || (scale && (a.name == "CLASS" || a.name == "NAME"));
  });
}

}  // namespace ashlar::hdf5
