#include "ashlar/hdf5/reader.hpp"

#include "ashlar/hdf5/element_types_detail.hpp"
#include "ashlar/hdf5/hyperslab_detail.hpp"
#include "ashlar/hdf5/open_files_detail.hpp"
#include "ashlar/hdf5/thread.hpp"

namespace ashlar::hdf5 {

namespace {

void check_readable(const DatasetInfo& info, DType type, const std::string& path) {
  const std::string what = "dataset " + info.name + " of " + path;
  if (info.incomplete)
    throw IoError("cannot read " + what + ": a write into it did not end (it carries the attribute " + incomplete_attribute +
                  "); write it again");
  if (info.empty) throw TypeError("cannot read " + what + ": it holds nothing (a null dataspace)");
  if (!info.dtype) throw TypeError("cannot read " + what + " as " + std::string(dtype_name(type)) + ": it holds " + info.type);
  if (!readable_as(*info.dtype, type))
    throw TypeError("cannot read " + what + " as " + std::string(dtype_name(type)) + ": it holds " + info.type +
                    ", whose values might not fit; read it as " + std::string(dtype_name(*info.dtype)) + " and convert with astype");
}

}  // namespace

DatasetInfo describe(const std::string& path, const std::string& dataset) {
  return Thread::instance().run([&] { return open_file(path).dataset(dataset).info; });
}

Block read(const std::string& path, const std::string& dataset, std::span<const index_t> start, const Shape& count, DType type,
           std::span<const index_t> step) {
  Rectangle part{{start.begin(), start.end()}, {step.begin(), step.end()}, count.v};
  if (step.empty()) part.step.assign(count.size(), 1);
  const std::size_t ndim = count.size();
  // HDF5 knows no negative steps: read upwards, look at it backwards.
  std::vector<index_t> first(ndim, 0), backwards(ndim, 1);
  bool reversed = false;
  if (part.start.size() == ndim && part.step.size() == ndim)
    for (std::size_t i = 0; i < ndim; i++) {
      if (part.step[i] >= 0 || part.count[i] == 0) continue;
      part.start[i] += (part.count[i] - 1) * part.step[i];
      part.step[i] = -part.step[i];
      first[i] = part.count[i] - 1;
      backwards[i] = -1;
      reversed = true;
    }
  Block block = Block::allocate(type, count);
  std::byte* const memory = block.make_writable();
  Thread::instance().run([&] {
    OpenDataset& open = open_file(path).dataset(dataset);
    const Place at = dataset_of(path, open.info.name);
    check_readable(open.info, type, path);
    check_inside(part, open.info.shape, at);
    read_rectangle(open.handle.get(), part, type, memory, at);
  });
  return reversed ? block.slice(first, count.v, backwards) : block;
}

void forget(const std::string& path) {
  Thread::instance().run([&] { forget_open_file(path); });
}

}  // namespace ashlar::hdf5
