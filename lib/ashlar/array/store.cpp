#include "ashlar/array/store.hpp"

#include <algorithm>

#include "ashlar/base/error.hpp"

namespace ashlar {

ArrayOutline outline(const ArrayPtr& node) {
  return {node->dtype(), node->shape(), node->chunks(), [node](GraphBuilder& builder) { return detail::lower_array(node, builder); }};
}

namespace {

/// What is compressed is compressed by whole storage chunks: an array whose chunks begin elsewhere is cut anew. The storage chunks that follow
/// from the array's own are the largest of them. `nbytes`: of an element in the file.
ArrayPtr on_storage_grid(const ArrayPtr& node, const ToHdf5Options& options, std::int64_t nbytes) {
  if (options.append_axis >= 0 || node->shape().ndim() == 0 || node->shape().elements() == 0) return node;
  const Chunks& chunks = node->chunks();
  const bool chosen = !options.storage_chunks.axes.empty();
  const Chunks storage = chosen ? normalize_chunks(options.storage_chunks, node->shape(), nbytes) : chunks;
  std::vector<index_t> sizes;
  bool fits = true;
  for (std::size_t axis = 0; axis < chunks.size(); ++axis) {
    const index_t size = chosen ? storage[axis].front() : *std::max_element(storage[axis].begin(), storage[axis].end());
    index_t at = 0;
    for (index_t n : chunks[axis]) {
      fits &= at % size == 0;
      at += n;
    }
    sizes.push_back(size);
  }
  return fits ? node : expression::rechunk(node, ChunkSpec(sizes), {});
}

/// The array in the type that the file is to hold; for half floats, which arrays do not hold, one whose elements become them by one rounding.
ArrayPtr in_type_of_file(const ArrayPtr& node, const ToHdf5Options& options, const std::string& file, const std::string& dataset) {
  const std::string& name = options.dtype;
  if (name.empty()) return node;
  // Of integers a float rounds those only that are infinity in half precision.
  DType type = is_floating(node->dtype()) ? node->dtype() : DType::float32;
  if (name != "float16") {
    try {
      type = dtype_named(name);
    } catch (const TypeError& error) {
      throw TypeError("to_hdf5: .dtype of dataset " + dataset + " of " + file + ": " + error.what() + ", and in files float16");
    }
  }
  if (is_complex(node->dtype()) && (name == "float16" || !is_complex(type)))
    throw TypeError("to_hdf5: .dtype of dataset " + dataset + " of " + file + " is \"" + name + "\", the array is " + std::string(dtype_name(node->dtype())) +
                    ": imaginary parts would be lost; write al::real(x), or x.astype<…>() of what is meant");
  return type == node->dtype() ? node : expression::cast(node, type);
}

/// Unknown lengths are settled first: files and regions have fixed shapes.
ArrayStore array_store(const ArrayPtr& unsettled, const ToHdf5Options& options, const std::string& file, const std::string& dataset) {
  ArrayStore one;
  one.file = file;
  one.dataset = dataset;
  one.options = options;
  one.half = options.dtype == "float16";
  const ArrayPtr node = expression::compute_chunk_sizes(in_type_of_file(unsettled, options, file, dataset));
  const bool encoded = !options.compression.empty() || options.shuffle || options.fletcher32;
  one.array = outline(encoded ? on_storage_grid(node, options, one.half ? 2 : itemsize(node->dtype())) : node);
  return one;
}

void store_in_files(std::vector<ArrayStore> arrays) {
  if (!services().store_arrays) throw NotImplementedError("this program has no writer of HDF5 files: it was linked without the io floor");
  services().store_arrays(std::move(arrays));
}

}  // namespace

void detail::to_hdf5(const ArrayPtr& node, const std::string& file, const std::string& dataset, const ToHdf5Options& options) {
  store_in_files({array_store(node, options, file, dataset)});
}

Target::Target(Hdf5Target target) : file_(std::move(target.file)), dataset_(std::move(target.dataset)), region_(expression::slices_text(target.region.v)), options_(std::move(target.options)) {
  // An ellipsis alone means the whole dataset, which is created.
  if (region_ == "...") region_.clear();
}

void store(std::initializer_list<AnyArray> arrays, std::initializer_list<Target> targets, const StoreOptions& options) {
  if (!options.compute) throw NotImplementedError("store serves .compute = true only");
  if (arrays.size() != targets.size())
    throw ValueError("store needs one target per array: arrays " + std::to_string(arrays.size()) + ", targets " + std::to_string(targets.size()));
  std::vector<ArrayStore> files;
  std::vector<std::pair<ArrayPtr, const Target*>> local;
  const auto* target = targets.begin();
  for (const AnyArray& array : arrays) {
    if (target->memory_) {
      local.emplace_back(expression::cast(array.node(), target->type_), target);
    } else {
      ArrayStore one = array_store(array.node(), target->options_, target->file_, target->dataset_);
      one.region = target->region_;
      files.push_back(std::move(one));
    }
    ++target;
  }
  if (!files.empty()) store_in_files(std::move(files));
  if (local.empty()) return;
  GraphBuilder builder;
  std::vector<TaskRef> wanted;
  std::vector<std::size_t> ends;
  {
    auto lock = detail::lowering_lock();
    for (const auto& [node, to] : local) {
      const auto refs = detail::lower_array(node, builder);
      wanted.insert(wanted.end(), refs.begin(), refs.end());
      ends.push_back(wanted.size());
    }
  }
  const auto objects = detail::evaluate(std::move(builder), wanted);
  std::size_t begin = 0;
  for (std::size_t i = 0; i < local.size(); ++i) {
    const auto& [node, to] = local[i];
    to->assign_(to->memory_, detail::assemble_array(*node, std::span(objects).subspan(begin, ends[i] - begin)));
    begin = ends[i];
  }
}

void store(const AnyArray& array, const Target& target, const StoreOptions& options) { store({array}, {target}, options); }

}  // namespace ashlar
