#include "ashlar/hdf5/reader.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>

#include "ashlar/hdf5/attributes_detail.hpp"
#include "ashlar/hdf5/element_types_detail.hpp"
#include "ashlar/hdf5/half_floats.hpp"
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

std::optional<DatasetInfo> find(const std::string& path, const std::string& dataset) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  return Thread::instance().run([&]() -> std::optional<DatasetInfo> {
    OpenFile& file = open_file(path);
    if (!has_dataset(file.file.get(), dataset_name(dataset), path)) return std::nullopt;
    return file.dataset(dataset).info;
  });
}

Attributes attributes(const std::string& path, const std::string& object) {
  return Thread::instance().run([&] {
    OpenFile& file = open_file(path);
    const bool root = object.find_first_not_of('/') == std::string::npos;
    const std::string name = root ? "/" : dataset_name(object);
    const Place at{path, root ? "" : name};
    if (root) return read_attributes(file.file.get(), at);
    try {
      return file.dataset(object).info.attributes;
    } catch (const TypeError&) {
      const ObjectHandle group(checked(H5Oopen(file.file.get(), name.c_str(), H5P_DEFAULT), "H5Oopen", at));
      return read_attributes(group.get(), at);
    }
  });
}

namespace {

// Storage chunks that a part covers wholly are unpacked in the caller's thread: on HDF5's they would be unpacked one by one.
bool whole_chunks(const DatasetInfo& info, const Rectangle& part, DType type) {
  if (!info.codec || !info.codec->any() || !info.native || (info.dtype != type && !info.half) || info.storage_chunks.empty()) return false;
  for (std::size_t a = 0; a < part.count.size(); ++a) {
    if (part.step[a] != 1 && part.count[a] != 1) return false;
    const index_t end = part.start[a] + part.count[a];
    if (part.start[a] % info.storage_chunks[a] != 0 || (end % info.storage_chunks[a] != 0 && end != info.shape[a])) return false;
  }
  return true;
}

// False when a chunk has no place in the file: HDF5 knows what it is filled with.
bool read_encoded(hid_t dataset, const std::vector<index_t>& corner, EncodedChunk& chunk, const Place& at) {
  const std::vector<hsize_t> offset(corner.begin(), corner.end());
  hsize_t nbytes = 0;
  if (H5Dget_chunk_storage_size(dataset, offset.data(), &nbytes) < 0) {
    H5Eclear2(H5E_DEFAULT);
    return false;
  }
  if (nbytes == 0) return false;
  chunk.bytes = Block::allocate(DType::uint8, Shape{static_cast<index_t>(nbytes)});
  checked(H5Dread_chunk(dataset, H5P_DEFAULT, offset.data(), &chunk.mask, chunk.bytes.make_writable()), "H5Dread_chunk", at);
  return true;
}

// Calls `one(corner, first element in the part, lengths)` for each storage chunk of a part on the grid.
void each_chunk(const DatasetInfo& info, const Rectangle& part,
                const std::function<void(const std::vector<index_t>&, const std::vector<index_t>&, const std::vector<index_t>&)>& one) {
  const std::size_t ndim = part.count.size();
  std::vector<index_t> at(ndim, 0), corner(ndim), count(ndim);
  while (true) {
    for (std::size_t a = 0; a < ndim; ++a) {
      corner[a] = part.start[a] + at[a];
      count[a] = std::min(info.storage_chunks[a], part.count[a] - at[a]);
    }
    one(corner, at, count);
    std::size_t a = ndim;
    while (a > 0) {
      --a;
      if ((at[a] += info.storage_chunks[a]) < part.count[a]) break;
      at[a] = 0;
      if (a == 0) return;
    }
  }
}

}  // namespace

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
  struct Encoded {
    EncodedChunk chunk;
    std::vector<index_t> first, count;
  };
  std::vector<Encoded> encoded;
  DatasetInfo info;
  bool done = true, half = false;
  Thread::instance().run([&] {
    OpenDataset& open = open_file(path).dataset(dataset);
    const Place at = dataset_of(path, open.info.name);
    check_readable(open.info, type, path);
    check_inside(part, open.info.shape, at);
    if (block.size() > 0 && whole_chunks(open.info, part, type)) {
      info = open.info;
      done = false;
      each_chunk(info, part, [&](const std::vector<index_t>& corner, const std::vector<index_t>& first_of_it, const std::vector<index_t>& lengths) {
        if (done) return;
        Encoded one{{}, first_of_it, lengths};
        done = !read_encoded(open.handle.get(), corner, one.chunk, at);
        encoded.push_back(std::move(one));
      });
      if (!done) return;
    }
    if (open.info.is_virtual) forget_other_open_files(path);
    half = open.info.half;
    if (half)  // where they are not in the way of the numbers that they become
      read_rectangle(open.handle.get(), part, DType::uint16, memory + block.nbytes() - 2 * block.size(), at, call_nbytes_max, Elements::half_bits);
    else
      read_rectangle(open.handle.get(), part, type, memory, at);
  });
  if (half) widen_half(type, memory, block.size());
  if (!done) {
    const std::vector<index_t> ones(ndim, 1), zeros(ndim, 0);
    for (Encoded& one : encoded) {
      const DType stored = info.half ? DType::uint16 : type;
      const Block chunk = decode_chunk(one.chunk, *info.codec, stored, Shape(info.storage_chunks), "dataset " + info.name + " of " + path);
      const Block part_of_it = chunk.slice(zeros, one.count, ones);
      block.slice(one.first, one.count, ones).assign(info.half ? from_half(part_of_it, type) : part_of_it);
      one.chunk = {};
    }
  }
  return reversed ? block.slice(first, count.v, backwards) : block;
}

void forget(const std::string& path) {
  Thread::instance().run([&] { forget_open_file(path); });
}

}  // namespace ashlar::hdf5
