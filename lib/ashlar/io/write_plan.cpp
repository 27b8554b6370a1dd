#include "ashlar/io/write_plan_detail.hpp"

#include <algorithm>
#include <filesystem>

#include "ashlar/base/error.hpp"
#include "ashlar/base/codec.hpp"
#include "ashlar/hdf5/final_name.hpp"
#include "ashlar/hdf5/parts.hpp"
#include "ashlar/hdf5/reader.hpp"
#include "ashlar/ndarray/slice.hpp"

namespace ashlar::io {

namespace {

void encode_attribute(Writer& out, const hdf5::Attribute& attribute) {
  out.text(attribute.name);
  detail::encode_value(out, attribute.value);
}

}  // namespace

namespace {

void encode_datasets(Writer& out, const std::vector<hdf5::DatasetSpec>& datasets) {
  out.put<std::uint64_t>(datasets.size());
  for (const hdf5::DatasetSpec& d : datasets) {
    out.text(d.name);
    out.put(d.dtype);
    out.put(d.half);
    out.array(d.shape.v);
    out.array(d.storage_chunks);
    out.put<std::uint64_t>(d.attributes.size());
    for (const hdf5::Attribute& a : d.attributes) encode_attribute(out, a);
    out.put(d.filters);
    out.array(d.max_shape);
    out.put(d.existing);
    out.put(d.append_axis);
    out.put(d.append_from);
    out.put<std::uint64_t>(d.dims.size());
    for (const std::string& name : d.dims) out.text(name);
  }
}

std::vector<hdf5::DatasetSpec> decode_datasets(Reader& in) {
  std::vector<hdf5::DatasetSpec> datasets(in.get<std::uint64_t>());
  for (hdf5::DatasetSpec& d : datasets) {
    d.name = in.text();
    d.dtype = in.get<DType>();
    d.half = in.get<bool>();
    d.shape = Shape(in.array<index_t>());
    d.storage_chunks = in.array<index_t>();
    d.attributes.resize(in.get<std::uint64_t>());
    for (hdf5::Attribute& a : d.attributes) {
      a.name = in.text();
      a.value = detail::decode_value<hdf5::AttributeValue>(in);
    }
    d.filters = in.get<hdf5::Filters>();
    d.max_shape = in.array<index_t>();
    d.existing = in.get<bool>();
    d.append_axis = in.get<int>();
    d.append_from = in.get<index_t>();
    d.dims.resize(in.get<std::uint64_t>());
    for (std::string& name : d.dims) name = in.text();
  }
  return datasets;
}

}  // namespace

void encode_plan(Writer& out, const FilePlan& plan) {
  out.text(plan.path);
  out.text(plan.final_path);
  out.put(plan.in_place);
  out.put(plan.writers);
  // Of virtual datasets the workers need not know: the client makes them.
  out.put<std::uint64_t>(plan.parts.size());
  for (const PartPlan& part : plan.parts) {
    out.text(part.path);
    encode_datasets(out, part.datasets);
  }
  if (plan.parts.empty()) encode_datasets(out, plan.datasets);
}

FilePlan decode_plan(Reader& in) {
  FilePlan plan;
  plan.path = in.text();
  plan.final_path = in.text();
  plan.in_place = in.get<bool>();
  plan.writers = in.get<hdf5::Writers>();
  plan.parts.resize(in.get<std::uint64_t>());
  for (PartPlan& part : plan.parts) {
    part.path = in.text();
    part.datasets = decode_datasets(in);
  }
  if (plan.parts.empty()) plan.datasets = decode_datasets(in);
  return plan;
}

namespace {

Region whole(const Shape& shape) {
  Region region{std::vector<index_t>(shape.size(), 0), std::vector<index_t>(shape.size(), 1), {}};
  for (int axis = 0; axis < shape.ndim(); ++axis) region.array_axis.push_back(axis);
  return region;
}

Region part(const ArrayStore& store, const hdf5::DatasetInfo& info) {
  const auto indices = parse_slices(store.region);
  const BasicSlice slice = normalize_slices(indices, info.shape);
  if (!slice.new_axes.empty()) throw ValueError("store: a region of a dataset cannot have new axes: " + store.region);
  if (slice.shape != store.array.shape)
    throw ShapeError("store: the region " + store.region + " of " + store.dataset + " " + to_string(info.shape) + " has shape " + to_string(slice.shape) +
                     ", the array has " + to_string(store.array.shape));
  Region region;
  int axis = 0;
  for (const AxisSlice& s : slice.axes) {
    region.start.push_back(s.start);
    region.step.push_back(s.step);
    region.array_axis.push_back(s.dropped ? -1 : axis++);
  }
  return region;
}

// Chunks of one size (the last may be shorter) are storage chunks as they are; others are stored contiguously unless asked for.
std::vector<index_t> storage_chunks(const ArrayStore& store) {
  const Shape& shape = store.array.shape;
  std::vector<index_t> sizes;
  if (!store.options.storage_chunks.axes.empty()) {
    const std::int64_t nbytes = store.half ? 2 : itemsize(store.array.dtype);
    for (const auto& axis : normalize_chunks(store.options.storage_chunks, shape, nbytes)) sizes.push_back(axis.empty() ? 1 : axis.front());
    return sizes;
  }
  // What is compressed or grows must have storage chunks: the largest of the array's, where they differ.
  const bool needed = shape.ndim() > 0 && (!store.options.compression.empty() || store.options.shuffle || store.options.fletcher32 || !store.options.maxshape.empty() || store.options.append_axis >= 0);
  std::int64_t chunks = 1;
  for (const auto& axis : store.array.chunks) {
    const index_t largest = axis.empty() ? 0 : *std::max_element(axis.begin(), axis.end());
    bool regular = largest > 0 && axis.front() == largest;
    for (std::size_t i = 1; i < axis.size(); ++i) regular &= axis[i] <= axis[0] && (axis[i] == axis[0] || i + 1 == axis.size());
    if (!regular && !needed) return {};
    sizes.push_back(std::max<index_t>(largest, 1));
    chunks *= static_cast<std::int64_t>(axis.size());
  }
  return chunks > 1 || needed ? sizes : std::vector<index_t>{};
}

hdf5::Filters filters_of(const ToHdf5Options& options) {
  hdf5::Filters filters{.shuffle = options.shuffle, .fletcher32 = options.fletcher32};
  if (options.compression.empty()) return filters;
  if (options.compression != "gzip") throw ValueError("to_hdf5: compression must be \"gzip\" or left out, found \"" + options.compression + "\"");
  if (options.compression_opts < 0 || options.compression_opts > 9)
    throw ValueError("to_hdf5: compression_opts of gzip must be 0 to 9, found " + std::to_string(options.compression_opts));
  filters.gzip_level = options.compression_opts;
  return filters;
}

hdf5::Attributes attributes_of(const ArrayStore& store) {
  hdf5::Attributes out;
  for (const Attribute& a : store.options.attributes.v) out.push_back({a.name.v, hdf5::AttributeValue(a.value.v)});
  return out;
}

hdf5::DatasetSpec spec_of(const ArrayStore& store) {
  hdf5::DatasetSpec spec;
  spec.name = store.dataset;
  spec.dtype = store.half ? DType::float32 : store.array.dtype;
  spec.half = store.half;
  spec.shape = store.array.shape;
  spec.storage_chunks = storage_chunks(store);
  if (spec.shape.ndim() > 0 && spec.shape.elements() > 0) spec.filters = filters_of(store.options);
  spec.max_shape = store.options.maxshape;
  spec.dims = store.options.dims;
  if (!spec.dims.empty() && spec.dims.size() != spec.shape.size())
    throw ValueError("to_hdf5: dims need one name for each axis: names " + std::to_string(spec.dims.size()) + ", axes " + std::to_string(spec.shape.ndim()));
  spec.attributes = attributes_of(store);
  return spec;
}

// A dataset that is there, or is to be made: what the workers are told of it, and what is known of its storage.
struct Wanted {
  hdf5::DatasetSpec spec;
  Region region;
  std::optional<hdf5::DatasetInfo> found;
};

Wanted append_to(const ArrayStore& store) {
  const int axis = store.options.append_axis;
  const Shape& shape = store.array.shape;
  if (store.options.mode != "a") throw ValueError("to_hdf5: append_axis needs .mode = \"a\"");
  if (axis >= shape.ndim() || axis < 0) throw ValueError("to_hdf5: append_axis " + std::to_string(axis) + " of an array of " + std::to_string(shape.ndim()) + " axes");
  const auto at = static_cast<std::size_t>(axis);
  Wanted wanted{spec_of(store), whole(shape), hdf5::find(store.file, store.dataset)};
  if (!wanted.found) {
    if (wanted.spec.max_shape.empty()) {
      wanted.spec.max_shape = shape.v;
      wanted.spec.max_shape[at] = hdf5::unlimited;
    }
    return wanted;
  }
  const hdf5::DatasetInfo& found = *wanted.found;
  Shape before = found.shape;
  if (found.incomplete && found.append_axis == axis) before[at] = found.append_from;
  for (std::size_t i = 0; i < std::max(shape.size(), before.size()); ++i)
    if (shape.size() != before.size() || (i != at && shape[i] != before[i]))
      throw ShapeError("to_hdf5: an array of shape " + to_string(shape) + " cannot be appended along axis " + std::to_string(axis) + " to " + store.dataset + " of " + store.file +
                       ", which has shape " + to_string(before));
  if (const std::string& type = store.options.dtype; !type.empty() && type != found.type)
    throw IoError("to_hdf5: cannot append to " + store.dataset + " of " + store.file + ": it holds " + found.type + ", .dtype is \"" + type +
                  "\"; leave it out to write as the dataset's own");
  hdf5::check_writable(found, store.array.dtype, store.file);
  wanted.spec.existing = true;
  wanted.spec.append_axis = axis;
  wanted.spec.append_from = before[at];
  wanted.spec.shape = before;
  wanted.spec.shape[at] += shape[at];
  wanted.region.start[at] = before[at];
  return wanted;
}

Wanted want(const ArrayStore& store) {
  if (store.options.append_axis >= 0) {
    if (!store.region.empty()) throw ValueError("store: append_axis and a region exclude each other: " + store.region);
    return append_to(store);
  }
  if (store.options.append_axis < -1) throw ValueError("to_hdf5: append_axis must not be negative, found " + std::to_string(store.options.append_axis));
  if (store.region.empty()) {
    Wanted wanted{spec_of(store), whole(store.array.shape), {}};
    if (store.options.mode == "a") wanted.found = hdf5::find(store.file, store.dataset);
    return wanted;
  }
  if (!store.options.dims.empty()) throw ValueError("store: dims name the axes of a whole dataset, not of a region: " + store.region);
  if (!store.options.dtype.empty())
    throw ValueError("store: dtype is that of a new dataset, a region of " + store.dataset + " of " + store.file +
                     " has that of its dataset: leave out .dtype = \"" + store.options.dtype + "\"");
  const hdf5::DatasetInfo info = hdf5::describe(store.file, store.dataset);
  Wanted wanted{{}, part(store, info), info};
  hdf5::check_writable(info, store.array.dtype, store.file);
  wanted.spec.name = store.dataset;
  wanted.spec.dtype = store.array.dtype;
  wanted.spec.shape = store.array.shape;
  wanted.spec.existing = true;
  wanted.spec.attributes = attributes_of(store);
  return wanted;
}

// Whether each chunk of the array is made of whole storage chunks of the dataset (cut at its end).
bool on_storage_grid(const ArrayStore& store, const Region& region, const std::vector<index_t>& chunk, const Shape& extent) {
  if (chunk.size() != region.start.size()) return false;
  for (std::size_t d = 0; d < chunk.size(); ++d) {
    const int axis = region.array_axis[d];
    if (axis < 0 || region.step[d] != 1) return false;
    index_t at = region.start[d];
    for (index_t n : store.array.chunks[static_cast<std::size_t>(axis)]) {
      if (at % chunk[d] != 0) return false;
      at += n;
    }
    if (at % chunk[d] != 0 && at != extent[d]) return false;
  }
  return true;
}

// ---------------------------------------------------------------- files made of parts

void check_split(const ArrayStore& store) {
  const int n = store.options.workers_per_file;
  if (n != per_node && n < 0) throw ValueError("to_hdf5: workers_per_file must be al::per_node, positive, or 0 for one file; found " + std::to_string(n));
  if (n == 0) return;
  const auto refuse = [&](const std::string& why) { throw ValueError("to_hdf5: workers_per_file makes " + store.file + " of several files, and " + why); };
  if (store.options.mode != "w" || !store.region.empty()) refuse("that is for new files: mode must be \"w\", and the target no region");
  if (!store.options.maxshape.empty()) refuse("those cannot grow: leave out maxshape");
  if (store.array.shape.ndim() == 0) refuse(store.dataset + " has no axis to cut: write it to a file of its own");
}

// Each group gets a run of chunks along the axis that has most of them, as long as the group is large.
void cut_dataset(const ArrayStore& store, const Groups& groups, Place& place, FilePlan& file) {
  const auto& chunks = store.array.chunks;
  std::size_t axis = 0;
  for (std::size_t a = 1; a < chunks.size(); ++a)
    if (chunks[a].size() > chunks[axis].size()) axis = a;
  place.split_axis = static_cast<int>(axis);
  std::size_t before = 0, chunk = 0;
  index_t at = 0;
  place.slab_starts = {0};
  place.slab_chunks = {0};
  for (std::size_t g = 0; g < file.parts.size(); ++g) {
    before += static_cast<std::size_t>(std::count(groups.begin(), groups.end(), static_cast<int>(g)));
    for (const std::size_t end = chunks[axis].size() * before / groups.size(); chunk < end; ++chunk) at += chunks[axis][chunk];
    place.slab_starts.push_back(at);
    place.slab_chunks.push_back(chunk);
  }
  hdf5::DatasetSpec& whole = file.datasets[static_cast<std::size_t>(place.dataset)];
  for (std::size_t g = 0; g < file.parts.size(); ++g) {
    const index_t start = place.slab_starts[g], length = place.slab_starts[g + 1] - start;
    hdf5::DatasetSpec part = whole;
    part.attributes.clear();
    part.dims.clear();
    part.shape[axis] = length;
    if (part.shape.elements() == 0) part.filters = {};
    // A slab shorter than a storage chunk has a whole one all the same: what is encoded is one.
    if (!part.storage_chunks.empty() && part.shape.elements() > 0) {
      part.max_shape = part.shape.v;
      for (std::size_t a = 0; a < part.max_shape.size(); ++a) {
        part.storage_chunks[a] = std::min(part.storage_chunks[a], whole.shape[a]);
        part.max_shape[a] = std::max(part.max_shape[a], part.storage_chunks[a]);
      }
      if (part.max_shape == part.shape.v) part.max_shape.clear();
    }
    file.parts[g].datasets.push_back(std::move(part));
    if (length > 0 && whole.shape.elements() > 0)
      whole.parts.push_back({std::filesystem::path(file.parts[g].final_path).filename().string(), hdf5::absolute_name(whole.name), start, length});
  }
  whole.virtual_axis = place.split_axis;
  whole.storage_chunks.clear();
  whole.filters = {};
}

void cut_files(const std::vector<ArrayStore>& stores, WritePlan& plan, const std::function<Groups(int)>& groups_of) {
  for (std::size_t i = 0; i < stores.size(); ++i) {
    const int n = stores[i].options.workers_per_file;
    FilePlan& file = plan.files[static_cast<std::size_t>(plan.places[i].file)];
    for (std::size_t j = 0; j < i; ++j)
      if ((plan.places[j].file == plan.places[i].file || n * stores[j].options.workers_per_file != 0) && stores[j].options.workers_per_file != n)
        throw ValueError("store: workers_per_file must be one number in a call: found " + std::to_string(stores[j].options.workers_per_file) + " and " + std::to_string(n));
    if (n == 0) continue;
    if (plan.groups.empty()) plan.groups = groups_of(n);
    if (file.parts.empty())
      for (std::string& name : hdf5::part_names(file.final_path, *std::max_element(plan.groups.begin(), plan.groups.end()) + 1)) file.parts.push_back({{}, std::move(name), {}});
    cut_dataset(stores[i], plan.groups, plan.places[i], file);
  }
}

}  // namespace

WritePlan plan_write(const std::vector<ArrayStore>& stores, const std::function<Groups(int)>& groups_of) {
  WritePlan result;
  for (const ArrayStore& store : stores) {
    for (index_t n : store.array.shape)
      if (n == unknown) throw ShapeError("to_hdf5: the array has unknown lengths " + to_string(store.array.shape) + ": call compute_chunk_sizes() first");
    if (store.options.mode != "w" && store.options.mode != "a") throw ValueError("to_hdf5: mode must be \"w\" or \"a\", found \"" + store.options.mode + "\"");
    check_split(store);
    Wanted wanted = want(store);
    const std::string path = hdf5::real_path(store.file);
    Place place;
    while (place.file < static_cast<int>(result.files.size()) && result.files[static_cast<std::size_t>(place.file)].final_path != path) ++place.file;
    if (place.file == static_cast<int>(result.files.size())) {
      result.files.emplace_back();
      result.files.back().final_path = path;
    }
    FilePlan& target = result.files[static_cast<std::size_t>(place.file)];
    target.in_place |= !store.region.empty() || store.options.mode == "a";
    const auto regions_of_it = [&](const hdf5::DatasetSpec& other) { return !store.region.empty() && other.existing && other.append_axis < 0 && other.name == store.dataset; };
    while (place.dataset < static_cast<int>(target.datasets.size()) && !regions_of_it(target.datasets[static_cast<std::size_t>(place.dataset)])) ++place.dataset;
    // Who writes follows from the filters, and where chunks are encoded from their grid.
    const auto filters = wanted.found ? wanted.found->codec : std::optional(wanted.spec.filters);
    const bool filtered = wanted.found ? !wanted.found->filters.empty() : wanted.spec.filters.any();
    if (filtered) target.writers = hdf5::Writers::rank_0;
    std::vector<index_t> chunk = wanted.found ? wanted.found->storage_chunks : wanted.spec.storage_chunks;
    Shape extent = wanted.found ? wanted.found->shape : wanted.spec.shape;
    if (wanted.spec.append_axis >= 0) extent = wanted.spec.shape;
    if (!wanted.found && wanted.spec.max_shape.empty())
      for (std::size_t d = 0; d < chunk.size(); ++d) chunk[d] = std::min(chunk[d], extent[d]);
    const bool half = wanted.found ? wanted.found->half : store.half;
    const bool same_type = !wanted.found || (wanted.found->native && (half ? is_floating(store.array.dtype) : wanted.found->dtype == store.array.dtype));
    if (filtered && filters && same_type && on_storage_grid(store, wanted.region, chunk, extent)) {
      place.encoded_chunk = chunk;
      place.filters = *filters;
      place.half = half;
    }
    if (place.dataset == static_cast<int>(target.datasets.size())) {
      for (const hdf5::DatasetSpec& other : target.datasets)
        if (other.name == store.dataset) throw ValueError("store: two arrays go into the dataset " + store.dataset + " of " + store.file);
      target.datasets.push_back(std::move(wanted.spec));
    } else {
      // Another region of it: attributes of all of them are the dataset's.
      hdf5::Attributes& all = target.datasets[static_cast<std::size_t>(place.dataset)].attributes;
      all.insert(all.end(), wanted.spec.attributes.begin(), wanted.spec.attributes.end());
    }
    place.region = std::move(wanted.region);
    result.places.push_back(std::move(place));
  }
  cut_files(stores, result, groups_of);
  return result;
}

}  // namespace ashlar::io
